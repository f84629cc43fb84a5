defmodule Outrigger.PubSub.Distance do
  @moduledoc """
  Whether routers are further away than the nodes that they would send to. Pure.

  A router is *far* when the way to it and back takes more than three times as long as to the farthest of the other nodes, and 5 ms more: then every
  message would take longer through it than directly, to any of them. Where one of them is as far, the router stays.

      iex> alias Outrigger.PubSub.Distance
      iex> samples = [{:router, 80_000}, {:a, 400}, {:b, 900}]
      iex> distance = for _ <- 1..3, {node, us} <- samples, reduce: Distance.new() do
      ...>   distance -> Distance.sample(distance, node, us, 0)
      ...> end
      iex> Distance.far(distance, [:router], [:a, :b], 0).far
      MapSet.new([:router])
      iex> Distance.far(distance, [:router], [:a, :router], 0).far
      MapSet.new()

  ## Invariants

    * The shortest of the samples of a minute counts. Load makes some longer, and none shorter.
    * Nothing is far of which, or beside a node of which, fewer than three samples are there.
    * What is far stays so until it is nearer than twice as far as the farthest node and 2.5 ms: no way changes back and forth.

  ## Limits

  Times are those to a node and back, measured from here. What lies between a router and the other nodes is not known here.
  """

  defstruct samples: %{}, far: MapSet.new()

  @type t :: %__MODULE__{far: MapSet.t(node)}

  @window_ms 60_000
  @enough 3
  @most 60

  @doc "Nothing is known yet."
  @spec new() :: t
  def new, do: %__MODULE__{}

  @doc "The way to a node and back took `us` microseconds, `now` in milliseconds."
  @spec sample(t, node, non_neg_integer, integer) :: t
  def sample(state, node, us, now) do
    samples = Enum.take([{now, us} | Map.get(state.samples, node, [])], @most)
    put_in(state.samples[node], samples)
  end

  @doc "Finds out which of the routers are far, beside these other nodes. What is known of anybody else is forgotten."
  @spec far(t, [node], [node], integer) :: t
  def far(state, routers, others, now) do
    samples = state.samples |> Map.take(routers ++ others) |> recent(now)
    farthest = Enum.reduce(others, 0, &max(shortest(samples, &1), &2))

    far =
      for router <- routers,
          us = shortest(samples, router),
          is_integer(us) and is_integer(farthest) and others != [],
          us > bound(farthest, router in state.far),
          into: MapSet.new(),
          do: router

    %{state | samples: samples, far: far}
  end

  defp bound(farthest, false), do: 3 * farthest + 5_000
  defp bound(farthest, true), do: 2 * farthest + 2_500

  defp recent(samples, now) do
    Map.new(samples, fn {node, all} ->
      {node, Enum.take_while(all, fn {at, _us} -> now - at < @window_ms end)}
    end)
  end

  # An atom is above all numbers: what is not known is as far as can be.
  defp shortest(samples, node) do
    case Map.get(samples, node, []) do
      enough when length(enough) >= @enough -> enough |> Enum.map(&elem(&1, 1)) |> Enum.min()
      _too_few -> :unknown
    end
  end
end
