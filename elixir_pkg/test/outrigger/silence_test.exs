defmodule Outrigger.SilenceTest do
  use ExUnit.Case, async: true

  alias Outrigger.{Silence, Test.Cluster}

  @tick_time_s 4

  test "a link is silent from the fifth look on that finds nothing new, and not before" do
    {link, other} = {make_ref(), make_ref()}
    looks = fn seen, counts -> Enum.reduce(counts, seen, &Silence.look(&2, %{hidden: &1})) end
    four = looks.(%{}, List.duplicate({link, 7}, 5))
    assert four == %{hidden: {link, 7, 4}}
    assert looks.(four, [{link, 7}]) == %{hidden: {link, 7, 5}}
    assert looks.(four, [{link, 8}]) == %{hidden: {link, 8, 0}}
    assert looks.(four, [{other, 7}]) == %{hidden: {other, 7, 0}}
    assert Silence.look(four, %{}) == %{}
  end

  test "a hidden node that stops is given up, also with much waiting for it" do
    ticks = ["-kernel", "net_ticktime", "#{@tick_time_s}"]
    node = Cluster.start_node(ticks)
    hidden = Cluster.start_node(["-hidden" | ticks])
    true = Cluster.call(node, Node, :connect, [hidden.name])
    assert Cluster.call(node, Node, :list, [:hidden]) == [hidden.name]
    on_exit(fn -> System.cmd("kill", ["-9", "#{hidden.os_pid}"], stderr_to_stdout: true) end)

    {_, 0} = System.cmd("kill", ["-STOP", "#{hidden.os_pid}"])
    fill(node, hidden.name, :binary.copy(<<0>>, 500_000))

    # Twice the tick time is promised.
    Cluster.eventually(
      fn -> Cluster.call(node, Node, :list, [:hidden]) == [] end,
      2 * @tick_time_s * 1_000 + 2_000
    )
  end

  # Until the link takes no more.
  defp fill(member, node, binary) do
    arguments = [{:nobody, node}, binary, [:nosuspend]]
    if Cluster.call(member, :erlang, :send, arguments) == :ok, do: fill(member, node, binary)
  end
end
