defmodule Bench.GateOpen do
  @moduledoc """
  What `Outrigger.Gate.open?/1` and `status/1` cost the process that asks, beside the calls of the virtual machine that it could be made of.
  """

  alias Bench.{Options, Report}
  alias Outrigger.Gate

  @help """
  What asking a gate costs: Outrigger.Gate beside a persistent term, an atomic and a table.

      make bench-gate_open
      bench/gate_open/run [--calls 5000000] [--repeats 7] [--no-keep]
  """

  @metrics [%{name: "CPU per call", unit: "ns", better: :lower, goal: "100"}]

  @remarks """
  CPU time of the VM (`statistics(runtime)`) by calls, in a compiled loop whose own time is in all of them (`loop`). `persistent_term`, `atomics`, `ets`: one call of
  `:persistent_term.get/1`, `:atomics.get/2`, `:ets.lookup_element/3` (by the gate's name, with `read_concurrency`). The gate is the first, or the last, of so
  many that a Rust node judges.
  """

  @doc "Runs the bench; returns the exit code."
  @spec main([String.t()]) :: Options.exit_code()
  def main(argv), do: Options.run(argv, [calls: :integer], @help, &run/1)

  defp run(options) do
    {:ok, server} = Outrigger.Gate.Server.start_link([])
    calls = Keyword.get(options, :calls, 5_000_000)

    # Contenders take turns within every repeat, so that a slow minute of the machine hits them alike. Repeat 0 warms up.
    samples =
      for gates <- [1, 8, 32, 64],
          name = "gate #{gates}",
          :ok = judge(gates),
          contenders = contenders(name),
          repeat <- 0..Keyword.get(options, :repeats, 7),
          {which, contender, ask} <- contenders,
          value = measure(ask, calls),
          repeat > 0 do
        title = "#{which}, #{gates} gates"
        IO.puts("#{repeat}  #{title}  #{contender}: #{Float.round(value, 1)} ns")
        sample = %{case: title, metric: "CPU per call", contender: contender}
        Map.merge(sample, %{repeat: repeat, value: value})
      end

    GenServer.stop(server)

    if Keyword.get(options, :keep, true),
      do: IO.puts("kept in #{Report.write("gate_open", @metrics, samples, @remarks)}"),
      else: IO.puts(Report.table(Report.rows("gate_open", @metrics, samples)))

    0
  end

  # As a Rust node does.
  defp judge(gates) do
    said = for n <- 1..gates, do: {"gate #{n}", :pass, "it is well", 1_700_000_000_000}
    send(Gate, {:"$outrigger_gate", 1, self(), 3_600_000, said})
    %{status: :pass} = Gate.report("gate #{gates}")
    :ok
  end

  defp contenders(name) do
    atomics = :atomics.new(1, [])
    :persistent_term.put(__MODULE__, atomics)
    table = :ets.new(__MODULE__, [:public, read_concurrency: true])
    :ets.insert(table, for(n <- 1..64, do: {"gate #{n}", true}))

    beside = [
      {"loop", &nothing/2, nil},
      {"persistent_term", &persistent_term/2, __MODULE__},
      {"atomics", &atomic/2, atomics},
      {"ets", &ets/2, {table, name}}
    ]

    for {which, ask} <- [{"open?", &open/2}, {"status", &status/2}],
        {contender, ask, given} <- [{"ours", ask, name} | beside],
        do: {which, contender, {ask, given}}
  end

  defp measure({ask, given}, calls) do
    {before, _} = :erlang.statistics(:runtime)
    # A process of its own: its heap is small, and no message waits for it.
    fn -> ask.(given, calls) end |> Task.async() |> Task.await(:infinity)
    {later, _} = :erlang.statistics(:runtime)
    (later - before) * 1.0e6 / calls
  end

  defp open(_name, 0), do: :ok

  defp open(name, left) do
    Gate.open?(name)
    open(name, left - 1)
  end

  defp status(_name, 0), do: :ok

  defp status(name, left) do
    Gate.status(name)
    status(name, left - 1)
  end

  defp nothing(_given, 0), do: :ok
  defp nothing(given, left), do: nothing(given, left - 1)

  defp persistent_term(_key, 0), do: :ok

  defp persistent_term(key, left) do
    :persistent_term.get(key)
    persistent_term(key, left - 1)
  end

  defp atomic(_words, 0), do: :ok

  defp atomic(words, left) do
    :atomics.get(words, 1)
    atomic(words, left - 1)
  end

  defp ets(_where, 0), do: :ok

  defp ets({table, name} = where, left) do
    :ets.lookup_element(table, name, 2)
    ets(where, left - 1)
  end
end
