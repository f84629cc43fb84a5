defmodule Bench.Leases.Side do
  @moduledoc """
  What runs inside the measured nodes: the limits, and loops that hit them.
  """

  alias Outrigger.Limit
  alias Outrigger.Limit.Slots
  alias Outrigger.Watch.Histogram
  alias Bench.Leases.Counting

  @key {:user, 7}
  # Hits between two looks at the clock.
  @chunk 500

  @doc "Who is measured."
  def contenders, do: [:leases, :call, :counting]

  @doc "The limit per second."
  def limit(:flood), do: 200_000
  def limit(:below), do: 1_000_000_000

  @doc "Starts the Rust node."
  def start_rust do
    {:ok, _started} = Application.ensure_all_started(:outrigger)
    keep({Outrigger.Node, server: Bench.Rust, name: "leases-rust-#{System.pid()}"})
    %{name: name, os_pid: os_pid} = Outrigger.Node.info(Bench.Rust)
    %{name: String.to_atom(name), os_pid: os_pid}
  end

  @doc "Starts all limits on a node of `count`."
  def start(count, rust) do
    {:ok, _started} = Application.ensure_all_started(:outrigger)
    Logger.configure(level: :warning)
    true = Node.connect(rust)

    for load <- [:flood, :below] do
      limit = limit(load)
      options = [limit: limit, period: 1_000, cluster: [nodes: count]]
      keep({Limit, [name: name(:leases, load), burst: div(limit, 10)] ++ options})
    end

    keep({Slots, name: name(:slots, :one), limit: 1, cluster: [nodes: count]})
    :persistent_term.put(__MODULE__, rust)
    keep(Counting)
  end

  # The caller is a process of one call; what it starts has to outlive it.
  defp keep(child) do
    {:ok, supervisor} = Supervisor.start_link([child], strategy: :one_for_one)
    Process.unlink(supervisor)
    :ok
  end

  @doc "Waits until all limits are in force."
  def await do
    for load <- [:flood, :below], do: await(name(:leases, load), 600)
    await(name(:slots, :one), 600)
    :ok
  end

  defp await(name, tries) when tries > 0 do
    unless in_force?(Limit.stats(name), name) do
      Process.sleep(50)
      await(name, tries - 1)
    end
  end

  defp in_force?(%{in_force: in_force}, _name), do: in_force
  defp in_force?(_not_a_limit, name), do: Slots.stats(name).in_force

  @doc "A process that has the slot of a key."
  def hold(key) do
    caller = self()

    pid =
      spawn(fn ->
        {:ok, _slot} = Slots.acquire(name(:slots, :one), key)
        send(caller, :had)
        Process.sleep(:infinity)
      end)

    receive do: (:had -> pid), after: (10_000 -> raise("the slot is not had"))
  end

  @doc "Kills a process, and says when."
  def kill(pid) do
    now = :os.perf_counter(:nanosecond)
    Process.exit(pid, :kill)
    now
  end

  @doc "Asks for the slot of a key until it is had, and says when that was."
  def had(key) do
    case Slots.acquire(name(:slots, :one), key) do
      {:ok, _slot} -> :os.perf_counter(:nanosecond)
      {:busy, _info} -> had(key)
    end
  end

  defp name(contender, load), do: Module.concat([__MODULE__, "#{contender}_#{load}"])

  @doc "Hits as fast as one process can, for so many milliseconds."
  def hits(contender, load, ms) do
    hit = hit(contender, load)
    loop(hit, System.monotonic_time(:millisecond) + ms, %{hits: 0, allowed: 0})
  end

  defp loop(hit, until, counts) do
    if System.monotonic_time(:millisecond) >= until do
      counts
    else
      allowed = chunk(hit, @chunk, 0)
      loop(hit, until, %{hits: counts.hits + @chunk, allowed: counts.allowed + allowed})
    end
  end

  defp chunk(_hit, 0, allowed), do: allowed

  defp chunk(hit, left, allowed) do
    case hit.() do
      {:allow, _} -> chunk(hit, left - 1, allowed + 1)
      {:deny, _} -> chunk(hit, left - 1, allowed)
    end
  end

  @doc "Times each hit."
  def timed(contender, load, ms) do
    histogram = Histogram.new()
    time(hit(contender, load), histogram, System.monotonic_time(:millisecond) + ms)
    Histogram.summary(histogram)
  end

  defp time(hit, histogram, until) do
    if System.monotonic_time(:millisecond) < until do
      for _ <- 1..@chunk do
        start = System.monotonic_time(:nanosecond)
        hit.()
        Histogram.record(histogram, System.monotonic_time(:nanosecond) - start)
      end

      time(hit, histogram, until)
    end
  end

  defp hit(:counting, load), do: fn -> Counting.hit(@key, limit(load)) end

  # The shortest answer there is of a server on the Rust node: a limiter behind it comes on top.
  defp hit(:call, _load) do
    server = {:outrigger_status, :persistent_term.get(__MODULE__)}

    fn ->
      {:error, :unknown_call} = GenServer.call(server, :hit)
      {:allow, nil}
    end
  end

  defp hit(contender, load) do
    name = name(contender, load)
    fn -> Limit.hit(name, @key) end
  end
end
