defmodule Outrigger.Test.Tenants do
  @moduledoc """
  Processes that hold slots of a cluster, and the ledger of who held what when.

  A stay is written down as `{from, to}` by the machine's monotonic clock, which all its VMs share: `from` is read after the slot was had, `to`
  before it is given back. So what overlaps in the ledger did so.
  """

  alias Outrigger.Limit.Slots
  alias Outrigger.Test.Cluster

  @doc "A process on `member` that does what it is told."
  def start(member), do: {member, Cluster.call(member, __MODULE__, :spawn, [])}

  @doc false
  def spawn, do: spawn(&idle/0)

  defp idle do
    receive do
      {:run, from, ref, fun, arguments} ->
        send(from, {ref, apply(__MODULE__, fun, arguments)})
        idle()
    end
  end

  @doc "Has a process acquire a slot of a key: whether it got one."
  def acquire(tenant, slots, key), do: run(tenant, :take, [slots, key])

  @doc "Has a process give back all that it has."
  def release(tenant), do: run(tenant, :give_back, [])

  @doc "Has a process acquire and release for so many milliseconds. The task returns its stays, and how often it was busy."
  def storm(tenant, slots, key, ms),
    do: Task.async(fn -> run(tenant, :come_and_go, [slots, key, ms]) end)

  @doc "Kills it."
  def kill({member, pid}), do: Cluster.call(member, Process, :exit, [pid, :kill])

  @doc "The most that were held at a time."
  def most(stays) do
    stays
    |> Enum.flat_map(fn {from, to} -> [{from, 1}, {to, -1}] end)
    |> Enum.sort()
    |> Enum.scan({0, 0}, fn {_at, step}, {_, held} -> {0, held + step} end)
    |> Enum.map(&elem(&1, 1))
    |> Enum.max(fn -> 0 end)
  end

  # The VM that runs the tests is no node.
  defp run({member, pid}, fun, arguments),
    do: Cluster.call(member, __MODULE__, :run_here, [pid, fun, arguments])

  @doc false
  def run_here(pid, fun, arguments) do
    ref = make_ref()
    send(pid, {:run, self(), ref, fun, arguments})

    receive do
      {^ref, result} -> result
    after
      25_000 -> raise "no answer of a process that holds slots"
    end
  end

  @doc false
  def take(slots, key) do
    with {:ok, slot} <- Slots.acquire(slots, key) do
      Process.put(:slots, [slot | Process.get(:slots, [])])
      :ok
    end
  end

  @doc false
  def give_back do
    Enum.each(Process.put(:slots, []) || [], &Slots.release/1)
  end

  @doc false
  def come_and_go(slots, key, ms), do: go_on(slots, key, now() + ms * 1_000_000, {[], 0})

  defp go_on(slots, key, until, {stays, busy}) do
    cond do
      now() > until ->
        {stays, busy}

      match?({:ok, _}, acquired = Slots.acquire(slots, key)) ->
        {:ok, slot} = acquired
        from = now()
        Process.sleep(:rand.uniform(5))
        to = now()
        Slots.release(slot)
        go_on(slots, key, until, {[{from, to} | stays], busy})

      true ->
        Process.sleep(1)
        go_on(slots, key, until, {stays, busy + 1})
    end
  end

  @doc "The machine's monotonic clock."
  def now, do: :os.perf_counter(:nanosecond)
end
