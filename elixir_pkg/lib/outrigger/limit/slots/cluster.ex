defmodule Outrigger.Limit.Slots.Cluster do
  @moduledoc """
  Slots of a whole cluster: of each key, all nodes together hold no more than the limit.

      defmodule MyApp.Exports do
        use Outrigger.Limit.Slots, limit: 2, cluster: true
      end

  `cluster: true`, or options as `cluster: [nodes: 4]`. Start them under the same name on each node. The functions of `Outrigger.Limit.Slots` take them
  as they take slots of one node; `used/2` says what is held on this node.

  A slot is had from the Rust node that owns its key, with one message there and one back; those who ask at the same time share them. The owner
  knows how many each node holds, and the node knows which of its processes hold them. `docs/design/limits.md` says how they agree.

  ## What holds

    * Of a key, no more is held than the limit on all nodes that are not cut off, however many processes acquire at once.
    * A slot that is released, or whose holder dies, can be had on all nodes as soon as a message has gone there.
    * What a node held that is killed, or stops, is free when its links to the Rust nodes have been down for 0.7 s; at once if it stops in good order.
    * When a Rust node dies, what is held stays held, and no more is handed out before its successor has heard from all nodes what they hold.
    * When the process of the slots is killed, what is held stays held.

  ## What does not hold

  **A node that is cut off from the owner for longer than 0.7 s goes on to run its holders, while others may have their slots.** Nobody
  can know whether it has died. What must never run twice at a time needs a check where it takes effect. When the
  node is back, what its processes hold is counted again, and nobody gets more until it is below the limit.

  Also over the limit: what was had on one node while no Rust node was there, or with `on_lost: :allow`; what is held goes on to be held
  when the limit is made smaller, or when the slots are stopped in good order while somebody holds some.

  ## Options

  #{Outrigger.Options.docs(Outrigger.Limit.Slots.Options.schema())}

  ## Limits

  Slots of 50,000 keys at a time on each node. Otherwise those of `Outrigger.Limit.Cluster`.
  """

  alias Outrigger.{Error, Native, Options}
  alias Outrigger.Limit.Cluster.Server
  alias Outrigger.Limit.{Problem, Slots}

  @enforce_keys [:lease, :server, :on_lost]
  defstruct [:lease, :server, :on_lost]

  @type t :: %__MODULE__{lease: Native.lease(), server: pid, on_lost: :deny | :allow}

  @doc "Starts slots of the whole cluster on this node: the options of `Outrigger.Limit.Slots`, and those of `:cluster`."
  @spec start_link(keyword, keyword) :: GenServer.on_start() | {:error, Error.t()}
  def start_link(options, cluster) do
    with {:ok, %Slots{ref: ref}} <- Slots.new(options),
         {:ok, cluster} <- Options.validate(cluster, Slots.Options.schema(), __MODULE__),
         {:ok, name} <- Problem.name(options[:name]) do
      options =
        [name: name, slots: ref, limit: options[:limit], algorithm: :slots, keys: 50_000] ++
          cluster

      GenServer.start_link(Server, options, name: name)
    end
  end

  @doc """
  Asks the owner of a key for a slot that a process has on this node already: by its owner and number there.

  `:gone`: its holder has died meanwhile.
  """
  @spec take(t, {non_neg_integer, non_neg_integer}, term, pos_integer) ::
          :ok | Slots.busy() | :gone
  def take(%__MODULE__{} = cluster, {owner, id}, key, weight) do
    case call(cluster, {:acquire, owner, id, name(cluster.lease, key), weight}) do
      :lost when cluster.on_lost == :allow -> :ok
      :lost -> {:busy, %{limit: limit(cluster), remaining: 0}}
      answer -> answer
    end
  end

  defp limit(cluster), do: elem(Native.limit_take(cluster.lease, 0, 0), 1)

  defp call(cluster, request) do
    GenServer.call(cluster.server, request, :infinity)
  catch
    # Its supervisor starts another one.
    :exit, _gone -> :lost
  end

  # The engine of this node has hashed the key, so there is nothing wrong with it.
  defp name(lease, key) do
    with :encode <- Native.lease_key(lease, key),
         do: Native.lease_key(lease, {lease, :erlang.term_to_binary(key, [:deterministic])})
  end
end
