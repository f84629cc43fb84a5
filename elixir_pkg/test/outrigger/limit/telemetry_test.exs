defmodule Outrigger.Limit.TelemetryTest do
  @moduledoc "The events of the table in `Outrigger.Limit`, as an application with the telemetry library would get them."
  # Replaces a module of the VM.
  use ExUnit.Case, async: false

  alias Outrigger.Limit

  if Code.ensure_loaded?(:telemetry), do: @moduletag(skip: "the real library is there")

  setup_all do
    Code.eval_string("""
    defmodule :telemetry do
      def execute([:outrigger, :limit, event], measurements, metadata), do: send(self(), {event, measurements, metadata})
      def execute(_event, _measurements, _metadata), do: :ok
    end
    """)

    on_exit(fn ->
      :code.purge(:telemetry)
      :code.delete(:telemetry)
    end)
  end

  defp limiter(options) do
    {:ok, limiter} = Limit.new(Keyword.merge([limit: 1, period: 1_000, clock: :manual], options))

    limiter
  end

  defp told(event),
    do:
      receive(
        do: ({^event, measurements, metadata} -> {measurements, metadata}),
        after: (0 -> nil)
      )

  test "of hits, if it is asked for" do
    all = limiter(telemetry: :all)
    Limit.hit(all, :ada)
    assert told(:allow) == {%{cost: 1, remaining: 0}, %{limiter: all, key: :ada}}
    Limit.hit(all, :ada)
    assert {%{cost: 1, remaining: 0, retry_after: 1_000}, about} = told(:deny)
    assert about == %{limiter: all, key: :ada, banned: false}

    denied = limiter(telemetry: :deny)
    Limit.hit(denied, %{a: "map"})
    Limit.hit(denied, %{a: "map"})
    assert told(:allow) == nil
    assert {_, %{key: %{a: "map"}}} = told(:deny)

    rare = limiter([])
    Limit.hit(rare, :ada)
    Limit.hit(rare, :ada)
    Limit.peek(all, :ada)
    assert {told(:allow), told(:deny)} == {nil, nil}
  end

  test "of a ban, once, and by name" do
    start_supervised!(
      {Limit,
       name: LimitTelemetry.Banning,
       limit: 1,
       period: 60_000,
       clock: :manual,
       ban: [denials: 2, within: 10_000, for: 60_000]}
    )

    for _ <- 1..5, do: Limit.hit(LimitTelemetry.Banning, :ada)
    assert {%{for: 60_000}, %{limiter: LimitTelemetry.Banning, key: :ada}} = told(:ban)
    assert told(:ban) == nil
    assert told(:deny) == nil
  end

  test "of a full table" do
    for policy <- [:deny, :allow] do
      full = limiter(memory: 1_024, when_full: policy)
      for n <- 1..200, do: Limit.hit(full, n)
      assert {%{cost: 1}, %{limiter: ^full, policy: ^policy}} = told(:shed)
      flush()
    end
  end

  defp flush, do: receive(do: (_ -> flush()), after: (0 -> :ok))
end
