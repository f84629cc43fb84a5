defmodule Outrigger.Test.Latencies do
  @moduledoc """
  Durations of a known distribution, for nodes of the tests to execute as events; called on them.
  """

  @doc "Starts `Outrigger.Watch` under a supervisor of the application."
  @spec start_watch(keyword) :: :ok
  def start_watch(options) do
    Outrigger.Test.Telemetry.install()
    {:ok, _} = Supervisor.start_child(Outrigger.Supervisor, {Outrigger.Watch, options})
    :ok
  end

  @doc "Ends it, and starts it anew if asked to."
  @spec stop_watch() :: :ok
  def stop_watch do
    :ok = Supervisor.terminate_child(Outrigger.Supervisor, Outrigger.Watch)
    :ok = Supervisor.delete_child(Outrigger.Supervisor, Outrigger.Watch)
  end

  @doc "How many handlers of ours there are."
  @spec handlers() :: non_neg_integer
  def handlers,
    do:
      Enum.count(apply(:telemetry, :list_handlers, [[]]), &match?({Outrigger.Watch, _, _}, &1.id))

  @doc "Executes requests that took so many nanoseconds."
  @spec requests([pos_integer]) :: :ok
  def requests(durations) do
    for nanos <- durations do
      time = System.convert_time_unit(nanos, :nanosecond, :native)
      conn = %{conn: %{method: "GET", status: 200}}
      apply(:telemetry, :execute, [[:phoenix, :endpoint, :stop], %{duration: time}, conn])
    end

    :ok
  end

  @doc "A long tail, as latencies have it: log-normal around a millisecond, from a seed."
  @spec tail(integer, pos_integer) :: [pos_integer]
  def tail(seed, count) do
    state = :rand.seed_s(:exsss, {seed, seed, seed})

    {durations, _state} =
      Enum.map_reduce(1..count, state, fn _, state ->
        {normal, state} = :rand.normal_s(state)
        {round(1_000_000 * :math.exp(1.2 * normal)), state}
      end)

    durations
  end
end
