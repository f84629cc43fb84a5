defmodule Bench.Watch.Contenders do
  @moduledoc """
  Events, and who handles them.
  """

  @compile {:no_warn_undefined, :telemetry}

  @doc "What is executed."
  @spec cases() :: [String.t()]
  def cases, do: ["endpoint", "request", "query", "query in a request"]

  @doc "Who counts."
  @spec all() :: [String.t()]
  def all, do: ["ours", "nobody", "no-op", "ETS"]

  @doc "The events of one case."
  @spec events(String.t()) :: [{[atom], map, map}]
  def events("endpoint") do
    conn = %{conn: %{method: "GET", status: 200, assigns: %{}}}
    [{[:phoenix, :endpoint, :stop], %{duration: 1_234_567}, conn}]
  end

  def events("request"),
    do: [{[:phoenix, :endpoint, :start], %{system_time: 1}, %{}} | events("endpoint")]

  def events("query" <> _in_a_request) do
    times = %{total_time: 1_300_000, queue_time: 10_000, query_time: 1_200_000}
    times = Map.merge(times, %{decode_time: 90_000, idle_time: 4_000_000})

    text = ~s(SELECT u0."id", u0."name", u0."email" FROM "users" AS u0 WHERE \(u0."id" = $1\))

    about = %{repo: Bench.Repo, source: "users", query: text, params: [1], result: {:ok, %{}}}
    [{[:bench, :repo, :query], times, about}]
  end

  @doc "Attaches a contender to the events of a case; how to take it away."
  @spec attach(String.t(), String.t()) :: (() -> term)
  def attach("nobody", _one), do: fn -> :ok end

  def attach("no-op", one), do: handler(one, &__MODULE__.nothing/4, nil)

  def attach("ETS", one) do
    options = [:public, read_concurrency: true, write_concurrency: true]
    table = :ets.new(__MODULE__, options)
    handler(one, &__MODULE__.ets/4, table)
  end

  def attach("ours", one) do
    {:ok, pid} = Outrigger.Watch.start_link(ecto: [Bench.Repo])
    # The series is there and published, as after the first seconds of a node.
    for {event, measurements, metadata} <- events(one), do: execute(event, measurements, metadata)
    published()
    # Of the process that runs the loop, which is a task of this one.
    if one == "query in a request", do: execute([:phoenix, :endpoint, :start], %{}, %{})
    fn -> GenServer.stop(pid) end
  end

  defp published do
    unless map_size(Outrigger.Watch.Handler.store().arrays) > 0 do
      Process.sleep(10)
      published()
    end
  end

  defp execute(event, measurements, metadata),
    do: :telemetry.execute(event, measurements, metadata)

  defp handler(one, function, config) do
    ids = for {event, _, _} <- events(one), do: {__MODULE__, event}
    for {_, event} = id <- ids, do: :ok = :telemetry.attach(id, event, function, config)
    fn -> Enum.each(ids, &:telemetry.detach/1) end
  end

  @doc false
  def nothing(_event, _measurements, _metadata, _config), do: :ok

  @doc false
  def ets(event, measurements, metadata, table) do
    time = measurements[:duration] || measurements[:total_time] || 0
    key = {event, metadata[:source], bucket(time)}
    :ets.update_counter(table, key, 1, {key, 0})
    sum = {event, metadata[:source], :sum}
    :ets.update_counter(table, sum, time, {sum, 0})
  end

  for {limit, n} <- Enum.with_index([10, 50, 100, 250, 500, 1_000, 2_500, 5_000]) do
    defp bucket(time) when time < unquote(limit * 1_000_000), do: unquote(n)
  end

  defp bucket(_time), do: :infinity
end
