defmodule Outrigger.TelemetryTest do
  # Replaces a module of the VM.
  use ExUnit.Case, async: false

  alias Outrigger.Telemetry

  test "does nothing without the library" do
    unless Code.ensure_loaded?(:telemetry) do
      assert Telemetry.execute([:outrigger, :node, :up], %{duration: 1}, %{}) == :ok
    end
  end

  test "calls the library when it is loaded" do
    unless Code.ensure_loaded?(:telemetry) do
      on_exit(fn ->
        :code.purge(:telemetry)
        :code.delete(:telemetry)
      end)

      Code.eval_string("""
      defmodule :telemetry do
        def execute(event, measurements, metadata), do: send(metadata.to, {event, measurements})
      end
      """)

      assert Telemetry.execute([:a, :b], %{n: 1}, %{to: self()}) == :ok
      assert_received {[:a, :b], %{n: 1}}
    end
  end
end
