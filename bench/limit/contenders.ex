defmodule Bench.Limit.Contenders do
  @moduledoc """
  What is measured: each contender is `{prepare, hit}`. `prepare` gets the limit and the number of keys and answers a state; `hit` takes the
  state and a key, and says whether it is admitted.

    * `ours` - `Outrigger.Limit.hit/3` by name, as applications call it;
    * `NIF alone` - the same without the name and without the struct in the answer;
    * `counter` - one `:ets.update_counter/4` per hit, and no time at all: the least that a count in ETS costs;
    * `ETS bucket` - a token bucket as ETS limiters have it: read a row, compute, write it;
    * `key read` - no limiter: what it costs to come to the key, which no cache holds when there are many. It is in the time of all others;
    * `Hammer` - where it is among the dependencies: its ETS back end, token bucket.
  """

  alias Outrigger.{Limit, Native}

  @name Bench.Limit.Ours
  # Nothing comes back while it is measured, as far as each of them can have it.
  @period 60_000_000

  @doc "Those that can run here, for a case: `key read` admits nothing and keeps nothing."
  @spec for_case(term) :: [String.t()]
  def for_case({:speed, _keys, _processes}), do: ["key read" | all()]
  def for_case(_exact_or_memory), do: all()

  defp all do
    ["ours", "NIF alone", "counter", "ETS bucket"] ++
      if(Code.ensure_loaded?(Hammer.ETS), do: ["Hammer"], else: [])
  end

  @doc "A new, empty limiter."
  @spec prepare(String.t(), pos_integer, pos_integer) :: term
  def prepare("ours", limit, keys) do
    {:ok, pid} =
      Limit.start_link(name: @name, limit: limit, period: @period, memory: memory(keys))

    pid
  end

  def prepare("NIF alone", limit, keys) do
    {:ok, handle} = Limit.new(limit: limit, period: @period, memory: memory(keys))
    handle.ref
  end

  def prepare("key read", _limit, _keys), do: nil
  def prepare("counter", limit, _keys), do: {table(), limit}
  def prepare("ETS bucket", limit, _keys), do: {table(), limit, limit / @period}

  def prepare("Hammer", limit, _keys) do
    {:module, module, _, _} =
      Module.create(
        :"Bench.Limit.Hammer#{System.unique_integer([:positive])}",
        quote(do: use(Hammer, backend: :ets, algorithm: :token_bucket)),
        Macro.Env.location(__ENV__)
      )

    {:ok, _pid} = module.start_link(clean_period: 600_000)
    {module, limit}
  end

  @doc "Ends what `prepare/3` began."
  @spec forget(String.t(), term) :: :ok
  def forget("ours", pid), do: GenServer.stop(pid)
  def forget("counter", {table, _}), do: :ets.delete(table) && :ok
  def forget("ETS bucket", {table, _, _}), do: :ets.delete(table) && :ok
  def forget(_contender, _state), do: :ok

  # Room for all keys at four fifths of the table.
  defp memory(keys), do: max(20 * keys, 65_536)

  defp table do
    :ets.new(:bench, [
      :set,
      :public,
      read_concurrency: true,
      write_concurrency: true,
      decentralized_counters: true
    ])
  end

  @doc """
  Hits `count` times; answers how many were admitted. The keys are in a tuple, taken in an order that no cache foresees. Each contender has
  its own loop, so that the loop costs all of them the same.
  """
  @spec loop(String.t(), term, tuple, non_neg_integer, pos_integer) :: non_neg_integer
  def loop("ours", _pid, keys, from, count), do: ours(keys, from, count, 0)
  def loop("NIF alone", ref, keys, from, count), do: nif(ref, keys, from, count, 0)
  def loop("key read", nil, keys, from, count), do: read(keys, from, count, 0)
  def loop("counter", state, keys, from, count), do: counter(state, keys, from, count, 0)
  def loop("ETS bucket", state, keys, from, count), do: bucket(state, keys, from, count, 0)
  def loop("Hammer", state, keys, from, count), do: hammer(state, keys, from, count, 0)

  defp ours(_keys, _n, 0, admitted), do: admitted

  defp ours(keys, n, left, admitted) do
    case Limit.hit(@name, pick(keys, n), 1) do
      {:allow, _info} -> ours(keys, n + 1, left - 1, admitted + 1)
      {:deny, _info} -> ours(keys, n + 1, left - 1, admitted)
    end
  end

  defp nif(_ref, _keys, _n, 0, admitted), do: admitted

  defp nif(ref, keys, n, left, admitted) do
    case Native.limit_hit(ref, pick(keys, n), 1) do
      {:allow, _, _, _, _} -> nif(ref, keys, n + 1, left - 1, admitted + 1)
      {:deny, _, _, _, _} -> nif(ref, keys, n + 1, left - 1, admitted)
    end
  end

  defp read(_keys, _n, 0, sum), do: sum

  defp read(keys, n, left, sum) do
    <<_, byte, _::binary>> = pick(keys, n)
    read(keys, n + 1, left - 1, sum + byte)
  end

  defp counter(_state, _keys, _n, 0, admitted), do: admitted

  defp counter({table, limit} = state, keys, n, left, admitted) do
    key = pick(keys, n)

    if :ets.update_counter(table, key, 1, {key, 0}) <= limit,
      do: counter(state, keys, n + 1, left - 1, admitted + 1),
      else: counter(state, keys, n + 1, left - 1, admitted)
  end

  defp bucket(_state, _keys, _n, 0, admitted), do: admitted

  defp bucket({table, capacity, per_ms} = state, keys, n, left, admitted) do
    key = pick(keys, n)
    now = System.system_time(:millisecond)

    {tokens, last} =
      case :ets.lookup(table, key) do
        [{_key, tokens, last}] -> {tokens, last}
        [] -> {capacity, now}
      end

    tokens = min(capacity, tokens + trunc((now - last) * per_ms))

    if tokens >= 1 do
      :ets.insert(table, {key, tokens - 1, now})
      bucket(state, keys, n + 1, left - 1, admitted + 1)
    else
      bucket(state, keys, n + 1, left - 1, admitted)
    end
  end

  defp hammer(_state, _keys, _n, 0, admitted), do: admitted

  defp hammer({module, limit} = state, keys, n, left, admitted) do
    case module.hit(pick(keys, n), 1, limit) do
      {:allow, _} -> hammer(state, keys, n + 1, left - 1, admitted + 1)
      {:deny, _} -> hammer(state, keys, n + 1, left - 1, admitted)
    end
  end

  defp pick({key}, _n), do: key
  defp pick(keys, n), do: elem(keys, rem(n * 7_919, tuple_size(keys)))
end
