defmodule Outrigger.Test.Telemetry do
  @moduledoc """
  The telemetry library for tests: the real one where it is there, else a stand-in that behaves alike in what this package uses.

  Like the real one it detaches a handler that raises.
  """

  @doc "Makes sure that `:telemetry` is there, for this VM."
  @spec install() :: :real | :stand_in
  def install do
    cond do
      not Code.ensure_loaded?(:telemetry) -> stand_in()
      function_exported?(:telemetry, :stand_in, 0) -> :stand_in
      true -> real()
    end
  end

  @doc "Takes a stand-in away again."
  @spec remove() :: :ok
  def remove do
    if function_exported?(:telemetry, :stand_in, 0) do
      # Its name and its table are free again only when it has ended.
      ref = Process.monitor(:telemetry_stand_in)
      send(:telemetry_stand_in, :stop)
      receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
      :code.purge(:telemetry)
      :code.delete(:telemetry)
    end

    :ok
  end

  defp real do
    {:ok, _} = Application.ensure_all_started(:telemetry)
    :real
  end

  defp stand_in do
    caller = self()

    spawn(fn ->
      Process.register(self(), :telemetry_stand_in)
      :ets.new(:telemetry_stand_in, [:named_table, :public, :bag, read_concurrency: true])
      send(caller, :telemetry_is_there)
      receive do: (:stop -> :ok)
    end)

    receive do: (:telemetry_is_there -> :ok)

    Code.eval_string("""
    defmodule :telemetry do
      @table :telemetry_stand_in
      def stand_in, do: :ok

      def attach(id, event, handler, config) do
        if :ets.match(@table, {:_, id, :_, :_}) == [] do
          :ets.insert(@table, {event, id, handler, config})
          :ok
        else
          {:error, :already_exists}
        end
      end

      def detach(id) do
        if :ets.select_delete(@table, [{{:_, id, :_, :_}, [], [true]}]) == 0, do: {:error, :not_found}, else: :ok
      end

      def list_handlers(prefix) do
        for {event, id, handler, config} <- :ets.tab2list(@table), List.starts_with?(event, prefix),
          do: %{id: id, event_name: event, function: handler, config: config}
      end

      def execute(event, measurements, metadata) do
        for {_event, id, handler, config} <- :ets.lookup(@table, event) do
          try do
            handler.(event, measurements, metadata, config)
          catch
            _kind, _reason -> detach(id)
          end
        end

        :ok
      end
    end
    """)

    :stand_in
  end
end
