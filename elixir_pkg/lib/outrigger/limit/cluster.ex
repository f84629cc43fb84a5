defmodule Outrigger.Limit.Cluster do
  @moduledoc """
  A limit that holds over all nodes of a cluster: tokens are leased from a Rust node, and spent here at the speed of a NIF call.

      defmodule MyApp.ApiLimit do
        use Outrigger.Limit, limit: 10_000, period: :timer.seconds(1), cluster: true
      end

      case MyApp.ApiLimit.hit({:user, 7}) do
        {:allow, info} -> …
        {:deny, info} -> …
      end

  Start it under the same name on each node. The Rust nodes that this node is connected to own the keys, each its part
  (`Outrigger.Node` starts one). `docs/design/limits.md` has the protocol, and why what is spent never exceeds the limit.

  ## What holds

    * **Never too much.** Over every interval, what all nodes together spend of a key is at most `burst + limit * length / period`. Nodes and
      Rust nodes may be killed, and links may break. What is lost on the way costs tokens and makes none.
    * **A hit of a bucket or a fixed window sends no message** while tokens are leased: a few hundred at a time where there is demand, none in advance where
      there is little. Then one hit waits for the owner, and others of that key with it.
    * **Nobody waits for long.** Without an answer within `:patience` the policy `:on_lost` holds.

  ## Options

  #{Outrigger.Options.docs(Outrigger.Limit.Cluster.Options.schema())}

  ## Without a Rust node

  Until a Rust node has been seen for the first time the limit is counted on each node for itself, and the log says so. From then on
  it is a cluster limit, also while no Rust node is there.

  ## Telemetry

  | event | measurements | metadata |
  | --- | --- | --- |
  | `[:outrigger, :limit, :leases]`: what was done since the last one, once a second at most | `asks`, `wants`, `granted`, `returned`, `lost_hits`, `shed`, and now `keys`, `waiting` | `limiter` |
  | `[:outrigger, :limit, :lease]`: the Rust nodes in force have come, or gone | `owners` | `limiter`, `state` (`:found`, `:lost` or `:local`) |

  ## Limits

  All nodes of the cluster have the same cookie and start the limiter with the same name: both go into the hash of keys. A node whose own cookie
  (`Node.get_cookie/0`) is another one, and that is connected by `Node.set_cookie/2`, counts its keys apart. With different rules, as during a deploy, the
  smallest holds. The exactness rests on monotonic clocks that drift apart by less than 1 %, and, unless `:nodes` says how many nodes
  there are, on a cluster that was whole once: two halves that have never met both count from full.
  """

  alias Outrigger.Limit.{Answer, Info, Problem}
  alias Outrigger.Limit.Cluster.{Options, Server}
  alias Outrigger.{Error, Native}

  # What a hit that is denied since the owner is lost is told to wait.
  @again_ms 100

  @enforce_keys [:ref, :name, :server, :state, :local, :on_lost]
  defstruct [:ref, :name, :server, :state, :local, :on_lost, telemetry: :rare]

  @opaque t :: %__MODULE__{}

  @doc "A child specification. Options: see above."
  @spec child_spec(keyword) :: Supervisor.child_spec()
  def child_spec(options) do
    %{id: {__MODULE__, options[:name]}, start: {__MODULE__, :start_link, [options]}}
  end

  @doc "Starts a cluster limit on this node."
  @spec start_link(keyword) :: GenServer.on_start() | {:error, Error.t()}
  def start_link(options) do
    with {:ok, options} <- Options.validate(options),
         # What the engine of one node cannot count, a cluster cannot either.
         {:ok, _limiter} <-
           options |> Keyword.take([:limit, :period, :burst, :algorithm]) |> Outrigger.Limit.new(),
         do: GenServer.start_link(Server, options, name: options[:name])
  end

  @doc "The cluster limit that runs under a name."
  @spec running(term) :: t | nil
  def running(%__MODULE__{} = limiter), do: limiter

  def running(name) do
    with %module{} = limiter when module == __MODULE__ <- :persistent_term.get(name, nil),
         do: limiter,
         else: (_none -> nil)
  end

  @doc "Asks for `cost`, and takes it if it is there. See `Outrigger.Limit.hit/3`."
  @spec hit(atom | t, term, non_neg_integer) ::
          {:allow, Info.t()} | {:deny, Info.t()} | {:error, Error.t()}
  def hit(limiter, key, cost \\ 1)

  def hit(%__MODULE__{ref: ref} = limiter, key, cost) do
    case Native.limit_take(ref, key, cost) do
      {:allow, limit, remaining, reset, retry} ->
        {:allow, %Info{limit: limit, remaining: remaining, reset: reset, retry_after: retry}}

      {:deny, limit, remaining, reset, retry} ->
        {:deny, %Info{limit: limit, remaining: remaining, reset: reset, retry_after: retry}}

      other ->
        other |> settle(limiter, key, cost) |> Answer.quiet(key, cost)
    end
  end

  def hit(name, key, cost) do
    case :persistent_term.get(name, nil) do
      %__MODULE__{} = limiter -> hit(limiter, key, cost)
      _none -> Outrigger.Limit.Problem.not_running(name)
    end
  end

  # What the hot path could not say.
  defp settle(answer, limiter, key, cost) do
    {answer, _from} = sort_out(answer, limiter, key, cost)
    answer
  end

  @doc """
  As `hit/3`, and where it was counted: `:lease`, `:local` while no Rust node has ever been seen, or `:nowhere`, which is nothing to give back.

  Returns what the NIF answers to a hit.
  """
  @spec take(t, term, term) :: {tuple | atom, :lease | :local | :nowhere}
  def take(%__MODULE__{ref: ref} = limiter, key, cost),
    do: ref |> Native.limit_take(key, cost) |> sort_out(limiter, key, cost)

  defp sort_out(:encode, limiter, key, cost) do
    key = encoded(limiter.ref, key)

    case Native.limit_take(limiter.ref, key, cost) do
      :encode -> {:encode, :nowhere}
      other -> sort_out(other, limiter, key, cost)
    end
  end

  defp sort_out(:ask, limiter, key, cost) do
    if alone?(limiter),
      do: {here(limiter, key, &Native.limit_hit(&1, &2, cost)), :local},
      else: limiter |> call(key, &{:ask, &1, cost}) |> sort_out(limiter, key, cost)
  end

  defp sort_out(:lost, limiter, key, cost) do
    if alone?(limiter),
      do: {here(limiter, key, &Native.limit_hit(&1, &2, cost)), :local},
      else: {lost(limiter, key, cost), :nowhere}
  end

  defp sort_out(answer, _limiter, _key, _cost), do: {answer, :lease}

  # No Rust node has ever been seen.
  defp alone?(limiter), do: :atomics.get(limiter.state, 1) == 0

  defp call(limiter, key, message) do
    case Native.lease_key(limiter.ref, key) do
      :encode -> call(limiter, encoded(limiter.ref, key), message)
      problem when is_atom(problem) -> problem
      key -> GenServer.call(limiter.server, message.(key), :infinity)
    end
  catch
    # Its supervisor starts another one.
    :exit, _gone -> :lost
  end

  defp lost(%{on_lost: :share} = limiter, key, cost),
    do: Native.lease_share(limiter.ref, Native.lease_key(limiter.ref, key), cost)

  defp lost(%{on_lost: :allow} = limiter, _key, _cost), do: {:allow, limit(limiter), 0, 0, 0}
  defp lost(limiter, _key, _cost), do: {:deny, limit(limiter), 0, @again_ms, @again_ms}

  defp limit(limiter), do: elem(Native.limit_take(limiter.ref, 0, 0), 1)

  # A key in external term format names the resource that asked for it.
  defp here(%{local: local, ref: ref}, {ref, encoded}, question),
    do: question.(local, {local, encoded})

  defp here(%{local: local}, key, question) do
    with :encode <- question.(local, key), do: question.(local, encoded(local, key))
  end

  defp encoded(ref, key), do: {ref, :erlang.term_to_binary(key, [:deterministic])}

  @doc """
  What `hit/3` would answer, by what is leased here and what the owner of the key says. What other nodes have leased is not in it, so it is
  no promise. `{:error, error}` with reason `:lost` if the owner is out of reach.
  """
  @spec peek(t, term, term) :: {:allow, Info.t()} | {:deny, Info.t()} | {:error, Error.t()}
  def peek(%__MODULE__{} = limiter, key, cost) do
    limiter
    |> ask(key, cost, &{:peek, &1, cost}, &Native.limit_peek(&1, &2, cost))
    |> Answer.quiet(key, cost)
  end

  @doc """
  Gives back what was taken: to what is leased here if the owner has not heard of it, else to the owner. If that is out of reach it is
  lost, and what was lost makes the limit no larger.
  """
  @spec refund(t, term, term) :: :ok | {:error, Error.t()}
  def refund(%__MODULE__{} = limiter, key, cost) do
    answer = ask(limiter, key, cost, &{:refund, &1, cost}, &Native.limit_refund(&1, &2, cost))
    if answer == :lost, do: :ok, else: Problem.unless_ok(answer, key, cost)
  end

  @doc """
  Makes a key as new at its owner, but for what nodes have leased of it. Nodes that denied it ask again. `{:error, error}` with reason `:lost` if
  the owner is out of reach.
  """
  @spec reset(t, term) :: :ok | {:error, Error.t()}
  def reset(%__MODULE__{} = limiter, key) do
    limiter
    |> ask(key, 0, &{:reset, &1}, &Native.limit_reset/2)
    |> Problem.unless_ok(key, 0)
  end

  defp ask(limiter, key, cost, message, local) do
    cond do
      not (is_integer(cost) and cost in 0..0xFFFF_FFFF_FFFF_FFFF) -> :bad_cost
      alone?(limiter) -> here(limiter, key, local)
      true -> limiter |> call(key, message) |> if_alone(limiter, key, local)
    end
  end

  # It may have been found out while somebody waited.
  defp if_alone(:lost, limiter, key, local),
    do: if(alone?(limiter), do: here(limiter, key, local), else: :lost)

  defp if_alone(answer, _limiter, _key, _local), do: answer

  @doc """
  What this node's end has done so far: asks and wants in them, tokens `granted` and `returned`, `lost_hits`, `shed`; and how it stands:
  `waiting` hits, `keys`, `owners` in reach, and whether a majority of nodes has agreed on them (`in_force`).
  """
  @spec stats(atom | t) :: map | {:error, Error.t()}
  def stats(%__MODULE__{ref: ref}), do: Native.lease_figures(ref)

  def stats(name) do
    case :persistent_term.get(name, nil) do
      %__MODULE__{} = limiter -> stats(limiter)
      _none -> Outrigger.Limit.Problem.not_running(name)
    end
  end

  @doc "Changes the rule on this node: `:limit`, `:period` and `:burst`. The smallest that a node names holds."
  @spec update(atom | t, keyword) :: :ok | {:error, Error.t()}
  def update(limiter, rule)
  def update(%__MODULE__{server: server}, rule), do: GenServer.call(server, {:update, rule})

  def update(name, rule) do
    case :persistent_term.get(name, nil) do
      %__MODULE__{} = limiter -> update(limiter, rule)
      _none -> Outrigger.Limit.Problem.not_running(name)
    end
  end
end
