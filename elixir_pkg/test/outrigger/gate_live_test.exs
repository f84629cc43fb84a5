defmodule Outrigger.GateLiveTest do
  # Two BEAM nodes, and a real Rust node that watches them and judges a gate.
  use ExUnit.Case, async: false

  alias Outrigger.Gate
  alias Outrigger.Test.Cluster

  @moduletag timeout: 120_000
  @moduletag :tmp_dir

  test "a gate closes on all nodes while one of them is beyond its budget", %{tmp_dir: folder} do
    file = Path.join(folder, "outrigger.toml")

    File.write!(file, """
    [gate.serve]
    window = "2s"
    warm_up = "0s"
    samples = 2

    [[gate.serve.budget]]
    pass = 'process.count < 5000'
    """)

    [a, b] = members = Cluster.start_nodes(2)
    Cluster.connect(members)

    for member <- members do
      {:ok, _pid} =
        Cluster.call(member, Supervisor, :start_child, [Outrigger.Supervisor, {Gate, []}])
    end

    assert for(member <- members, do: Cluster.call(member, Gate, :status, ["serve"])) ==
             [:unknown, :unknown]

    rust = Cluster.start_rust(a, gates: file)
    Cluster.eventually(fn -> Cluster.call(b, Node, :connect, [rust]) end)
    both(members, :pass)
    assert %{by: ^rust, why: _} = Cluster.call(b, Gate, :report, ["serve"])

    # One of them does too much.
    processes =
      for _ <- 1..6_000, do: Cluster.call(b, :erlang, :spawn, [:timer, :sleep, [:infinity]])

    both(members, :fail)
    refute Cluster.call(a, Gate, :open?, ["serve"])
    assert Cluster.call(a, Gate, :report, ["serve"]).why =~ "process.count"

    for process <- processes, do: Cluster.call(b, Process, :exit, [process, :kill])
    both(members, :pass)

    # With the Rust node the verdict goes, and its supervisor brings another one.
    os_pid = Cluster.rust(a).os_pid
    {_, 0} = System.cmd("kill", ["-9", "#{os_pid}"])
    Cluster.eventually(fn -> Cluster.call(b, Gate, :status, ["serve"]) == :unknown end)
    Cluster.eventually(fn -> Cluster.call(a, Gate, :status, ["serve"]) == :pass end)
  end

  defp both(members, status) do
    for member <- members do
      Cluster.eventually(fn -> Cluster.call(member, Gate, :status, ["serve"]) == status end)
    end
  end
end
