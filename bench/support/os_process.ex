defmodule Bench.OsProcess do
  @moduledoc """
  CPU time of a whole operating-system process: the figure to trust on a noisy machine.

  Source: the first field of `/proc/<pid>/task/*/schedstat`, nanoseconds on a CPU, summed over the threads. The counter of
  `/proc/<pid>/stat` has steps of 10 ms, too coarse here. A thread that ends takes its share with it; neither BEAM
  schedulers nor the Rust node's threads end while a bench runs.
  """

  @doc "CPU time that the process has used so far, in microseconds."
  @spec cpu_us(pos_integer) :: float
  def cpu_us(os_pid) do
    "/proc/#{os_pid}/task/*/schedstat"
    |> Path.wildcard()
    |> Enum.map(fn file ->
      file |> File.read!() |> String.split() |> hd() |> String.to_integer()
    end)
    |> Enum.sum()
    |> Kernel./(1000)
  end

  @doc "Runs `work` and returns its result and the CPU time that each process used meanwhile."
  @spec measure(%{term => pos_integer}, (() -> result)) :: {result, %{term => float}}
        when result: term
  def measure(os_pids, work) do
    before = Map.new(os_pids, fn {key, os_pid} -> {key, cpu_us(os_pid)} end)
    result = work.()
    {result, Map.new(os_pids, fn {key, os_pid} -> {key, cpu_us(os_pid) - before[key]} end)}
  end

  @doc "Gives the process, all of its threads, one core and no other."
  @spec pin(pos_integer, non_neg_integer) :: :ok
  def pin(os_pid, core) do
    {_output, 0} = System.cmd("taskset", ~w(-a -c -p #{core} #{os_pid}))
    :ok
  end

  @doc "Sends a signal, by its name."
  @spec signal(pos_integer, String.t()) :: :ok
  def signal(os_pid, name) do
    {_output, 0} = System.cmd("kill", ["-#{name}", "#{os_pid}"])
    :ok
  end
end
