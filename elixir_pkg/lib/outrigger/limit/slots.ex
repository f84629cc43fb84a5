defmodule Outrigger.Limit.Slots do
  @moduledoc """
  How many may do something at once: slots that processes hold, and that are free again when they are released or their holder dies.

      defmodule MyApp.Exports do
        use Outrigger.Limit.Slots, limit: 2
      end

      children = [MyApp.Exports]

      case MyApp.Exports.with_slot({:tenant, id}, fn -> export(id) end) do
        {:ok, result} -> …
        {:busy, info} -> …     # info.limit, info.remaining
      end

  Each key has `:limit` slots, and a key is any term. `new/1` and names work as with `Outrigger.Limit`.

      iex> {:ok, slots} = Outrigger.Limit.Slots.new(limit: 1)
      iex> {:ok, slot} = Outrigger.Limit.Slots.acquire(slots, "upstream")
      iex> Outrigger.Limit.Slots.acquire(slots, "upstream")
      {:busy, %{limit: 1, remaining: 0}}
      iex> Outrigger.Limit.Slots.release(slot)
      :ok
      iex> Outrigger.Limit.Slots.used(slots, "upstream")
      0

  ## What holds

    * Of a key, no more is held than the limit, however many processes acquire at once.
    * A holder that dies, by whatever means, has released everything within moments: the VM tells the slots directly, and no process of
      ours stands in between.
    * To release twice is to release once.
    * Nobody waits: what is not free is `:busy`, and the caller decides.

  ## Options

    * `:name`, as of `Outrigger.Limit`;
    * `:limit` (positive integer, required) - slots of each key;
    * `:memory` - budget for holders, bytes or such as `"4MiB"`, which is the default; 160 bytes each;
    * `:cluster` - `true` or options, for slots of the whole cluster: see `Outrigger.Limit.Slots.Cluster`. Not of `new/1`.

  ## Errors

  `:bad_option`, `:bad_weight`, `:bad_rule`, `:key_too_long`, `:no_process`, `:not_local`, `:no_memory`, `:not_running`, `:not_loaded`.

  ## Limits

  Slots of this node, unless they are of the cluster. When the process that keeps the name is restarted, slots that are held go on to be held in
  the table that is gone, and the new one is empty: for that moment more may be held than the limit.
  """

  alias Outrigger.{Error, Native, Options}
  alias Outrigger.Limit.{Config, Problem, Server, Slot}
  alias Outrigger.Limit.Slots.Cluster

  @schema [
    name: [type: :atom],
    limit: [type: :pos_integer, required: true],
    memory: [type: {:or, [:pos_integer, :string]}, default: "4MiB"]
  ]

  @enforce_keys [:ref]
  defstruct [:ref, :cluster]

  @opaque t :: %__MODULE__{}
  @typedoc "A name, or what `new/1` returned."
  @type slots :: atom | t
  @typedoc "`remaining`: the largest weight that would be had now."
  @type busy :: {:busy, %{limit: pos_integer, remaining: non_neg_integer}}

  @doc false
  defmacro __using__(options) do
    quote location: :keep do
      @doc "A child specification; options given here stand before those of `use`."
      def child_spec(options), do: Outrigger.Limit.Slots.child_spec(__options__(options))

      @doc "Starts the slots."
      def start_link(options \\ []), do: Outrigger.Limit.Slots.start_link(__options__(options))

      @doc "`Outrigger.Limit.Slots.acquire/3`"
      def acquire(key, options \\ []),
        do: Outrigger.Limit.Slots.acquire(__MODULE__, key, options)

      @doc "`Outrigger.Limit.Slots.release/1`"
      def release(slot), do: Outrigger.Limit.Slots.release(slot)

      @doc "`Outrigger.Limit.Slots.with_slot/4`"
      def with_slot(key, options \\ [], fun),
        do: Outrigger.Limit.Slots.with_slot(__MODULE__, key, options, fun)

      @doc "`Outrigger.Limit.Slots.used/2`"
      def used(key), do: Outrigger.Limit.Slots.used(__MODULE__, key)

      @doc "`Outrigger.Limit.Slots.update/2`"
      def update(limit), do: Outrigger.Limit.Slots.update(__MODULE__, limit)

      @doc "`Outrigger.Limit.Slots.stats/1`"
      def stats, do: Outrigger.Limit.Slots.stats(__MODULE__)

      defp __options__(options) do
        [name: __MODULE__] |> Keyword.merge(unquote(options)) |> Keyword.merge(options)
      end

      defoverridable child_spec: 1, start_link: 1
    end
  end

  @doc "A child specification, see the options above."
  @spec child_spec(keyword) :: Supervisor.child_spec()
  def child_spec(options), do: Server.child_spec(__MODULE__, options)

  @doc "Starts slots with a name."
  @spec start_link(keyword) :: GenServer.on_start() | {:error, Error.t()}
  def start_link(options) do
    case Keyword.keyword?(options) && Keyword.pop(options, :cluster, false) do
      {true, options} -> Cluster.start_link(options, [])
      {more, options} when is_list(more) -> Cluster.start_link(options, more)
      _of_this_node -> start_here(options)
    end
  end

  defp start_here(options) do
    with {:ok, valid} <- Options.validate(options, @schema, __MODULE__),
         {:ok, name} <- Problem.name(valid[:name]),
         {:ok, slots} <- new(options),
         do: Server.start_link(name, slots)
  end

  @doc "Slots without a process, which live as long as somebody has them. Options as above, without `:name`."
  @spec new(keyword) :: {:ok, t} | {:error, Error.t()}
  def new(options) do
    with {:ok, options} <- Options.validate(options, @schema, __MODULE__),
         {:ok, memory} <- Config.bytes(options[:memory]),
         {:ok, limit} <- Config.word(:limit, options[:limit]),
         :ok <- Native.status(),
         {:ok, ref} <- limit |> Native.slots_new(memory) |> Problem.rule(),
         do: {:ok, %__MODULE__{ref: ref}}
  end

  @doc """
  Acquires a slot, or several as one. Options:

    * `:weight` - how many, 1 by default;
    * `:process` - who holds it, a process of this node; the caller by default.

  A weight above the limit is an error, as it can never be had.
  """
  @spec acquire(slots, term, keyword) :: {:ok, Slot.t()} | busy | {:error, Error.t()}
  def acquire(slots, key, options \\ []) do
    weight = Keyword.get(options, :weight, 1)
    process = Keyword.get(options, :process, self())

    with {:ok, handle, answer} <- ask(slots, key, &Native.slots_acquire(&1, &2, weight, process)) do
      case answer do
        {:ok, owner, id} -> had(handle, %Slot{ref: handle.ref, owner: owner, id: id}, key, weight)
        {:taken, limit, left} -> {:busy, %{limit: limit, remaining: left}}
        {problem, limit, _left} -> Problem.slots(problem, weight, limit)
        problem -> Problem.of(problem, key, weight)
      end
    end
  end

  defp had(%{cluster: nil}, slot, _key, _weight), do: {:ok, slot}

  defp had(%{cluster: cluster}, slot, key, weight) do
    case Cluster.take(cluster, {slot.owner, slot.id}, key, weight) do
      :ok ->
        {:ok, slot}

      {:busy, info} ->
        release(slot)
        {:busy, info}

      :gone ->
        Problem.of(:no_process, key, weight)
    end
  end

  @doc "Gives a slot back. Nothing happens when that was done already, or its holder has died."
  @spec release(Slot.t()) :: :ok
  def release(%Slot{ref: ref, owner: owner, id: id}) do
    Native.slots_release(ref, owner, id)
    :ok
  end

  @doc """
  Runs `fun` with a slot, and gives it back whatever becomes of it. Options as of `acquire/3`.

      iex> {:ok, slots} = Outrigger.Limit.Slots.new(limit: 1)
      iex> Outrigger.Limit.Slots.with_slot(slots, :export, fn ->
      ...>   {:busy, _info} = Outrigger.Limit.Slots.with_slot(slots, :export, fn -> :never end)
      ...>   :done
      ...> end)
      {:ok, :done}
  """
  @spec with_slot(slots, term, keyword, (() -> result)) ::
          {:ok, result} | busy | {:error, Error.t()}
        when result: term
  def with_slot(slots, key, options \\ [], fun) when is_function(fun, 0) do
    with {:ok, slot} <- acquire(slots, key, options) do
      try do
        {:ok, fun.()}
      after
        release(slot)
      end
    end
  end

  @doc "How much of a key is held."
  @spec used(slots, term) :: non_neg_integer | {:error, Error.t()}
  def used(slots, key) do
    with {:ok, _handle, answer} <- ask(slots, key, &Native.slots_used/2) do
      if is_integer(answer), do: answer, else: Problem.of(answer, key, nil)
    end
  end

  @doc "Another limit from now on. What is held stays held."
  @spec update(slots, pos_integer) :: :ok | {:error, Error.t()}
  def update(slots, limit) do
    with {:ok, limit} <- Config.word(:limit, limit),
         {:ok, %{ref: ref, cluster: cluster}} <- fetch(slots) do
      if cluster,
        do: GenServer.call(cluster.server, {:update, [limit: limit]}),
        else: with({:ok, :ok} <- ref |> Native.slots_update(limit) |> Problem.rule(), do: :ok)
    end
  end

  @doc """
  `holders` now, the `capacity` for holders, and how often slots were `acquired` and `refused`. Of a cluster also the figures of
  `Outrigger.Limit.Cluster.stats/1`.
  """
  @spec stats(slots) :: %{atom => non_neg_integer} | {:error, Error.t()}
  def stats(slots) do
    with {:ok, %{ref: ref, cluster: cluster}} <- fetch(slots) do
      figures = if cluster, do: Native.lease_figures(cluster.lease), else: %{}
      Map.merge(figures, Native.slots_stats(ref))
    end
  end

  defp fetch(%__MODULE__{} = slots), do: {:ok, slots}
  defp fetch(name), do: Server.fetch(__MODULE__, name)

  # See `Outrigger.Limit`: what the NIF does not look into.
  defp ask(slots, key, question) do
    with {:ok, %{ref: ref} = handle} <- fetch(slots) do
      case question.(ref, key) do
        :encode ->
          {:ok, handle, question.(ref, {ref, :erlang.term_to_binary(key, [:deterministic])})}

        answer ->
          {:ok, handle, answer}
      end
    end
  end
end
