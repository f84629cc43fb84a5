defmodule Outrigger.Limit do
  @moduledoc """
  Rate limits that admit exactly what they say, in well under a microsecond.

      defmodule MyApp.ApiLimit do
        use Outrigger.Limit, limit: 100, period: :timer.minutes(1)
      end

      children = [MyApp.ApiLimit]

      case MyApp.ApiLimit.hit({:user, user_id}) do
        {:allow, info} -> …      # info.remaining
        {:deny, info} -> …       # info.retry_after, in milliseconds
      end

  A key is any term. A hit costs 1, or what is given as its cost. Times are milliseconds; `Outrigger.Limit.Info` is what an answer says.

  A module is the usual way. Without one: a name, `{Outrigger.Limit, name: MyApp.ApiLimit, limit: 100, period: 60_000}`, or a handle that is
  garbage collected when nobody has it any more:

      iex> {:ok, limiter} = Outrigger.Limit.new(limit: 2, period: 60_000)
      iex> {:allow, %{remaining: 1}} = Outrigger.Limit.hit(limiter, "ada")
      iex> {:allow, %{remaining: 0}} = Outrigger.Limit.hit(limiter, "ada")
      iex> {:deny, %{retry_after: wait}} = Outrigger.Limit.hit(limiter, "ada")
      iex> wait in 1..30_000
      true

  ## What holds

    * **Exact.** However many processes hit a key at once, no more is admitted than the rule says, and no less.
    * **Bounded.** Keys take `:memory` and no more. When there is no room, a key that is as new as if it had never been hit makes way; where
      there is none, `:when_full` says what becomes of a new key. One that is being denied never makes way.
    * **Nobody waits.** A hit takes no lock and sends no message. Nothing scans the table.
    * **Never a crash by a key or a cost.** What cannot be counted is `{:error, error}`, and was not admitted.

  `docs/limits.md` says which algorithm and which limit to take, and what each promises.

  ## Options

  #{Outrigger.Options.docs(Outrigger.Limit.Config.schema())}

  Those given in the child specification (`{MyApp.ApiLimit, limit: 5}`) stand before those of `use`.

  ## A limit of the whole cluster

  With `cluster: true`, or with options as `cluster: [nodes: 4, on_lost: :share]`, the limit is one for all nodes that start it, and Rust nodes
  count it: see `Outrigger.Limit.Cluster`, whose options go along with `:name` and the rule. all take the name of such a limiter but `hit_with/4`,
  `peek_with/4`, `advance/2` and `handle/1`, which are `{:error, error}` with reason `:cluster`: it has one rule, and a handle and a clock are of one node.

  ## Life and death

  A limiter's process only keeps its name: the table belongs to the handle. When the process is killed, hits go on with the table as it
  was until its supervisor has started it again; then they find a new one, in which every key is new. When it is stopped in good
  order its name is gone, and hits are `{:error, error}` with reason `:not_running`.

  ## Errors

  `:bad_option`, `:bad_cost`, `:bad_rule`, `:key_too_long` (over 64 KiB), `:not_running`, `:not_manual`, `:clocks`, `:not_loaded` (the NIF, see
  `Outrigger.Native.status/0`).

  ## Telemetry

  | event | measurements | metadata |
  | --- | --- | --- |
  | `[:outrigger, :limit, :allow]`: with `telemetry: :all` | `cost`, `remaining` | `limiter`, `key` |
  | `[:outrigger, :limit, :deny]`: with `telemetry: :deny` or `:all` | `cost`, `remaining`, `retry_after` (ms or `:never`) | `limiter`, `key`, `banned` |
  | `[:outrigger, :limit, :ban]`: a ban has begun | `for` (ms) | `limiter`, `key` |
  | `[:outrigger, :limit, :shed]`: no room for a new key | `cost` | `limiter`, `key`, `policy` (`:deny` or `:allow`) |

  `limiter` is the name, or the handle if there is none. What was counted is in `stats/1` at any setting.

  ## Limits

  Counts are those of this node, and gone when it stops. The name is a key of `:persistent_term`, so starting and stopping a named limiter
  makes the VM look at all processes once: do not start one per user, give it a key per user.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Limit.{Answer, Cluster, Config, Info, Problem, Server}

  @enforce_keys [:ref, :name, :telemetry]
  defstruct [:ref, :name, :telemetry]

  @opaque t :: %__MODULE__{}
  @typedoc "A name, or what `new/1` returned."
  @type limiter :: atom | t
  @type key :: term
  @type cost :: non_neg_integer
  @type answer :: {:allow, Info.t()} | {:deny, Info.t()} | {:error, Error.t()}

  @doc false
  defmacro __using__(options), do: Outrigger.Limit.Module.define(options)

  @doc "A child specification, see the options above."
  @spec child_spec(keyword) :: Supervisor.child_spec()
  def child_spec(options), do: Server.child_spec(__MODULE__, options)

  @doc "Starts a limiter with a name."
  @spec start_link(keyword) :: GenServer.on_start() | {:error, Error.t()}
  def start_link(options) do
    case Keyword.keyword?(options) && Keyword.pop(options, :cluster, false) do
      {true, options} -> Cluster.start_link(options)
      {more, options} when is_list(more) -> Cluster.start_link(options ++ more)
      _of_this_node -> start_here(options)
    end
  end

  defp start_here(options) do
    with {:ok, options, engine} <- Config.validate(options),
         {:ok, name} <- Problem.name(options[:name]),
         {:ok, limiter} <- make(options, engine) do
      Server.start_link(name, limiter)
    end
  end

  @doc """
  A limiter without a process, which lives as long as somebody has it. Options as above, without `:name`.

      iex> {:ok, limiter} = Outrigger.Limit.new(limit: 10, period: 1_000)
      iex> {:allow, _info} = Outrigger.Limit.hit(limiter, {:user, 7})
      iex> {:error, error} = Outrigger.Limit.new(limit: 0, period: 1_000)
      iex> error.message
      "Outrigger.Limit: option :limit must be a positive integer, got: 0"
  """
  @spec new(keyword) :: {:ok, t} | {:error, Error.t()}
  def new(options) do
    with {:ok, options, engine} <- Config.validate(options), do: make(options, engine)
  end

  defp make(options, engine) do
    with :ok <- Native.status(),
         {:ok, ref} <- engine |> Native.limit_new() |> Problem.rule() do
      {:ok, %__MODULE__{ref: ref, name: options[:name], telemetry: options[:telemetry]}}
    end
  end

  @doc """
  Asks for `cost`, and takes it if it is there.

  `{:deny, info}` takes nothing. A cost of 0 takes nothing either, and is denied only to a key that is banned. A cost above the burst is
  denied for ever: `info.retry_after` is `:never`.

      iex> {:ok, limiter} = Outrigger.Limit.new(limit: 100, period: 1_000)
      iex> {:allow, %{remaining: 60}} = Outrigger.Limit.hit(limiter, "upload", 40)
      iex> {:deny, %{remaining: 60}} = Outrigger.Limit.hit(limiter, "upload", 70)
      iex> {:deny, %{retry_after: :never}} = Outrigger.Limit.hit(limiter, "upload", 101)
      iex> {:error, error} = Outrigger.Limit.hit(limiter, "upload", -1)
      iex> error.reason
      :bad_cost
  """
  @spec hit(limiter, key, cost) :: answer
  def hit(limiter, key, cost \\ 1)

  def hit(%__MODULE__{ref: ref, telemetry: telemetry} = limiter, key, cost),
    do: count(ref, telemetry, limiter, key, cost)

  def hit(name, key, cost) do
    case :persistent_term.get(name, nil) do
      %__MODULE__{ref: ref, telemetry: telemetry} = limiter ->
        count(ref, telemetry, limiter, key, cost)

      %Cluster{} = limiter ->
        Cluster.hit(limiter, key, cost)

      _none ->
        Problem.not_running(name)
    end
  end

  # In both places above, so that a name costs its look-up and no second look at the handle.
  @compile {:inline, count: 5}
  defp count(ref, telemetry, limiter, key, cost) do
    # The engine answers a bare tuple: a struct is cheaper to build here.
    case Native.limit_hit(ref, key, cost) do
      {:allow, limit, remaining, reset, retry} when telemetry != :all ->
        {:allow, %Info{limit: limit, remaining: remaining, reset: reset, retry_after: retry}}

      {:deny, limit, remaining, reset, retry} when telemetry == :rare ->
        {:deny, %Info{limit: limit, remaining: remaining, reset: reset, retry_after: retry}}

      :encode ->
        ref |> Native.limit_hit(encoded(ref, key), cost) |> Answer.of(limiter, key, cost)

      answer ->
        Answer.of(answer, limiter, key, cost)
    end
  end

  @doc "What `hit/3` would answer. Takes nothing, and counts nothing towards a ban."
  @spec peek(limiter, key, cost) :: answer
  def peek(limiter, key, cost \\ 1) do
    case Cluster.running(limiter) do
      nil ->
        with {:ok, answer, _handle} <- ask(limiter, key, &Native.limit_peek(&1, &2, cost)),
             do: Answer.quiet(answer, key, cost)

      cluster ->
        Cluster.peek(cluster, key, cost)
    end
  end

  @doc """
  Gives back `cost` that was taken, up to what a new key has.

      iex> {:ok, limiter} = Outrigger.Limit.new(limit: 3, period: 60_000)
      iex> {:allow, %{remaining: 0}} = Outrigger.Limit.hit(limiter, "ada", 3)
      iex> Outrigger.Limit.refund(limiter, "ada", 2)
      :ok
      iex> {:allow, %{remaining: 0}} = Outrigger.Limit.hit(limiter, "ada", 2)
  """
  @spec refund(limiter, key, cost) :: :ok | {:error, Error.t()}
  def refund(limiter, key, cost \\ 1) do
    case Cluster.running(limiter) do
      nil ->
        with {:ok, answer, _handle} <- ask(limiter, key, &Native.limit_refund(&1, &2, cost)),
             do: Problem.unless_ok(answer, key, cost)

      cluster ->
        Cluster.refund(cluster, key, cost)
    end
  end

  @doc "Makes a key as new, and ends its ban."
  @spec reset(limiter, key) :: :ok | {:error, Error.t()}
  def reset(limiter, key) do
    case Cluster.running(limiter) do
      nil ->
        with {:ok, answer, _handle} <- ask(limiter, key, &Native.limit_reset(&1, &2)),
             do: Problem.unless_ok(answer, key, 0)

      cluster ->
        Cluster.reset(cluster, key)
    end
  end

  @doc """
  Takes all of it or nothing: each `{limiter, key, cost}` in order. The first that is denied gives back what was taken before it.

  `{:deny, limiter, info}` says which.

      iex> {:ok, user} = Outrigger.Limit.new(limit: 2, period: 60_000)
      iex> {:ok, everybody} = Outrigger.Limit.new(limit: 3, period: 60_000)
      iex> {:allow, [_, _]} = Outrigger.Limit.hit_all([{user, "ada", 1}, {everybody, :all, 2}])
      iex> {:deny, ^everybody, _info} = Outrigger.Limit.hit_all([{user, "ada", 1}, {everybody, :all, 2}])
      iex> {:allow, %{remaining: 1}} = Outrigger.Limit.peek(user, "ada")

  Others may be denied by what is given back a moment later. Up to 64 at a time.
  """
  @spec hit_all([{limiter, key, cost}]) ::
          {:allow, [Info.t()]} | {:deny, limiter, Info.t()} | {:error, Error.t()}
  def hit_all(hits) when is_list(hits) do
    if Enum.any?(hits, fn {limiter, _key, _cost} -> Cluster.running(limiter) end),
      do: Cluster.Together.hit_all(hits),
      else: hit_all_here(hits)
  end

  defp hit_all_here(hits) do
    with {:ok, handles, natives} <- handles(hits, [], []) do
      case take_all(natives) do
        {:ok, answers} -> {:allow, Enum.map(answers, &Answer.info/1)}
        {index, answer} -> not_all(Enum.at(hits, index), Enum.at(handles, index), answer)
      end
    end
  end

  defp take_all(natives) do
    with {index, :encode} <- Native.limit_hit_all(natives) do
      encode = fn {ref, key, cost} -> {ref, encoded(ref, key), cost} end
      natives |> List.update_at(index, encode) |> take_all()
    end
  end

  defp not_all({limiter, key, cost}, handle, answer) do
    with {:deny, info} <- Answer.of(answer, handle, key, cost), do: {:deny, limiter, info}
  end

  defp handles([], handles, natives), do: {:ok, Enum.reverse(handles), Enum.reverse(natives)}

  defp handles([{limiter, key, cost} | rest], handles, natives) do
    with {:ok, %{ref: ref} = handle} <- fetch(limiter),
         do: handles(rest, [handle | handles], [{ref, key, cost} | natives])
  end

  @doc """
  Changes the rule while the limiter runs: `:limit`, `:period` and `:burst`. What was taken stays taken; with `:gcra` and
  `:leaky_bucket`, that is the time until it would have come back.

      iex> {:ok, limiter} = Outrigger.Limit.new(limit: 1, period: 60_000)
      iex> Outrigger.Limit.update(limiter, limit: 5, period: 60_000)
      :ok
      iex> {:allow, %{limit: 5, remaining: 4}} = Outrigger.Limit.hit(limiter, "ada")
  """
  @spec update(limiter, keyword) :: :ok | {:error, Error.t()}
  def update(limiter, rule) do
    if cluster = Cluster.running(limiter),
      do: Cluster.update(cluster, rule),
      else: update_here(limiter, rule)
  end

  defp update_here(limiter, rule) do
    with {:ok, rule} <- Config.rule(rule), {:ok, %{ref: ref}} <- fetch(limiter) do
      with {:ok, :ok} <- ref |> Native.limit_update(rule) |> Problem.rule(), do: :ok
    end
  end

  @doc """
  Like `hit/3` with a rule of this call, `{limit, period}` or `{limit, period, burst}`, for limits that differ by key.

      iex> {:ok, limiter} = Outrigger.Limit.new(limit: 10, period: 1_000)
      iex> plans = %{free: {2, 60_000}, paid: {1_000, 60_000, 5_000}}
      iex> {:allow, %{remaining: 1}} = Outrigger.Limit.hit_with(limiter, "ada", 1, plans.free)
      iex> {:allow, %{remaining: 4_999}} = Outrigger.Limit.hit_with(limiter, "bob", 1, plans.paid)

  One key belongs to one rule at a time: with `:gcra`, what a key has spent is kept as the time in which it comes back.
  """
  @spec hit_with(limiter, key, cost, rule) :: answer
        when rule: {pos_integer, pos_integer} | {pos_integer, pos_integer, pos_integer | nil}
  def hit_with(limiter, key, cost, rule) do
    with {:ok, answer, handle} <- ask(limiter, key, &Native.limit_hit_with(&1, &2, cost, rule)),
         do: Answer.of(answer, handle, key, cost)
  end

  @doc "Like `peek/3` with a rule as of `hit_with/4`."
  @spec peek_with(limiter, key, cost, rule) :: answer
        when rule: {pos_integer, pos_integer} | {pos_integer, pos_integer, pos_integer | nil}
  def peek_with(limiter, key, cost, rule) do
    with {:ok, answer, _handle} <- ask(limiter, key, &Native.limit_peek_with(&1, &2, cost, rule)),
         do: Answer.quiet(answer, key, cost)
  end

  @doc """
  The rule that holds now.

      iex> {:ok, limiter} = Outrigger.Limit.new(limit: 10, period: 1_000, burst: 20)
      iex> Outrigger.Limit.rule(limiter)
      %{limit: 10, period: 1_000, burst: 20}
  """
  @spec rule(limiter) ::
          %{limit: pos_integer, period: pos_integer, burst: pos_integer} | {:error, Error.t()}
  def rule(%__MODULE__{ref: ref}), do: rule_of(ref)
  def rule(%Cluster{local: ref}), do: rule_of(ref)

  def rule(name) do
    case :persistent_term.get(name, nil) do
      %module{} = handle when module in [__MODULE__, Cluster] -> rule(handle)
      _none -> Problem.not_running(name)
    end
  end

  defp rule_of(ref) do
    {limit, period_ns, burst} = Native.limit_rule(ref)
    %{limit: limit, period: div(period_ns, 1_000_000), burst: burst}
  end

  @doc """
  What the limiter has counted since it was made, and how full it is.

    * `allowed`, `denied`, `banned`, `shed` (new keys without room): hits. `bans` that began, `bans_missed` for want of room;
    * `keys` of `capacity`: places in use, also by keys that are as new. `evicted`: those that made room. `bytes`: the budget.
  """
  @spec stats(limiter) :: %{atom => non_neg_integer} | {:error, Error.t()}
  def stats(limiter) do
    if cluster = Cluster.running(limiter) do
      Cluster.stats(cluster)
    else
      with {:ok, %{ref: ref}} <- fetch(limiter), do: Native.limit_stats(ref)
    end
  end

  @doc """
  Lets so many milliseconds pass for a limiter with `clock: :manual`.

      iex> {:ok, limiter} = Outrigger.Limit.new(limit: 1, period: 1_000, clock: :manual)
      iex> {:allow, _} = Outrigger.Limit.hit(limiter, "ada")
      iex> {:deny, %{retry_after: 1_000}} = Outrigger.Limit.hit(limiter, "ada")
      iex> Outrigger.Limit.advance(limiter, 1_000)
      :ok
      iex> {:allow, _} = Outrigger.Limit.hit(limiter, "ada")
  """
  @spec advance(limiter, non_neg_integer) :: :ok | {:error, Error.t()}
  def advance(limiter, milliseconds) when is_integer(milliseconds) and milliseconds >= 0 do
    with {:ok, %{ref: ref}} <- fetch(limiter) do
      Problem.unless_ok(Native.limit_advance(ref, milliseconds), nil, nil)
    end
  end

  @doc "The handle behind a name. Hits with it save the look-up of the name, some 10 ns, and go on with the same table after a restart."
  @spec handle(limiter) :: {:ok, t} | {:error, Error.t()}
  def handle(limiter), do: fetch(limiter)

  defp fetch(%__MODULE__{} = limiter), do: {:ok, limiter}

  defp fetch(name) do
    with {:error, _none} = error <- Server.fetch(__MODULE__, name),
         do: if(Cluster.running(name), do: Problem.of(:cluster, nil, nil), else: error)
  end

  defp ask(limiter, key, question) do
    with {:ok, %{ref: ref} = handle} <- fetch(limiter) do
      case question.(ref, key) do
        :encode -> {:ok, question.(ref, encoded(ref, key)), handle}
        answer -> {:ok, answer, handle}
      end
    end
  end

  # What the NIF does not look into, it takes in external term format: the VM makes that without holding up a scheduler. The reference in
  # front tells it from a key that is a tuple.
  defp encoded(ref, key), do: {ref, :erlang.term_to_binary(key, [:deterministic])}
end
