defmodule Outrigger.PubSub.SmallCluster do
  @moduledoc """
  Whether broadcasts take a router although few nodes are there. Pure.

  To one or two nodes a send each is as cheap as the send to a router, and a hop shorter. So with `path: :auto` routers carry
  broadcasts while there are more than `direct_up_to` other nodes. With `:relay` they carry them whenever they can, with `:direct` never.

  ## Invariants

    * One node too many takes the routers at once. The way back is open when the cluster has been small for `direct_after_ms` without
      a break: a rolling restart does not change the way back and forth.
    * A cluster that has never been large is small.

  ## Example

      iex> small = Outrigger.PubSub.SmallCluster.new(path: :auto, direct_up_to: 2, direct_after_ms: 1_000)
      iex> {small, nil} = Outrigger.PubSub.SmallCluster.count(small, 3, 0)
      iex> {small, 1_000} = Outrigger.PubSub.SmallCluster.count(small, 2, 5)
      iex> Outrigger.PubSub.SmallCluster.prefers(small)
      {:relay, :large_cluster}
      iex> {small, nil} = Outrigger.PubSub.SmallCluster.count(small, 2, 1_000_005)
      iex> Outrigger.PubSub.SmallCluster.prefers(small)
      {:direct, :small_cluster}

  ## Limits

  It counts nodes. How far they are is the matter of `Outrigger.PubSub.Distance`.
  """

  @enforce_keys [:path, :up_to, :after_us]
  defstruct [:path, :up_to, :after_us, small?: true, since: nil]

  @type t :: %__MODULE__{}
  @type reason :: :option | :small_cluster | :large_cluster

  @doc "Nothing is known yet. Options: `:path`, `:direct_up_to`, `:direct_after_ms`, as of `Outrigger.PubSub`."
  @spec new(keyword) :: t
  def new(options \\ []) do
    path = Keyword.get(options, :path, :auto)
    true = path in [:auto, :relay, :direct]

    %__MODULE__{
      path: path,
      up_to: Keyword.get(options, :direct_up_to, 2),
      after_us: Keyword.get(options, :direct_after_ms, 10_000) * 1_000
    }
  end

  @doc """
  There are `count` other nodes at `clock` (microseconds). Also returns in how many milliseconds to count again, if that is needed.
  """
  @spec count(t, non_neg_integer, integer) :: {t, non_neg_integer | nil}
  def count(%{up_to: up_to} = state, count, _clock) when count > up_to,
    do: {%{state | small?: false, since: nil}, nil}

  def count(%{small?: true} = state, _count, _clock), do: {state, nil}

  def count(%{since: nil, after_us: after_us} = state, _count, clock),
    do: {%{state | since: clock}, div(after_us, 1_000)}

  def count(%{since: since, after_us: after_us} = state, _count, clock),
    do: {%{state | small?: clock - since >= after_us}, nil}

  @doc "The way that broadcasts should take, and why."
  @spec prefers(t) :: {:relay | :direct, reason}
  def prefers(%{path: :auto, small?: true}), do: {:direct, :small_cluster}
  def prefers(%{path: :auto}), do: {:relay, :large_cluster}
  def prefers(%{path: path}), do: {path, :option}
end
