# One node of the fresh application in the package test: mix run node.exs publisher|subscriber OTHER_NODE
#
# Both wait until the way to each other is through the Rust node. The publisher sends, the subscriber checks that every
# message came once and in order and answers the same way. Exits 0 only if all of that held within the deadline.
defmodule PackageTest do
  @pubsub Fresh.PubSub
  @count 1_000
  @deadline 30_000

  def main(["subscriber", other]) do
    :ok = Outrigger.PubSub.subscribe(@pubsub, "news")
    other = String.to_atom(other)
    wait("a connection to #{other}", fn -> Node.connect(other) == true end)
    Node.monitor(other, true)
    relayed_to(other)

    for n <- 1..@count do
      receive do
        {:news, ^n, payload} -> ^payload = payload(n)
        unexpected -> raise "instead of message #{n} came #{inspect(unexpected, limit: 5)}"
      after
        @deadline -> raise "message #{n} did not come"
      end
    end

    :ok = Outrigger.PubSub.broadcast(@pubsub, "answers", {:received, node(), @count})

    receive do
      {:nodedown, ^other} -> :ok
      unexpected -> raise "a message too many: #{inspect(unexpected, limit: 5)}"
    after
      @deadline -> raise "#{other} did not stop"
    end
  end

  def main(["publisher", other]) do
    :ok = Outrigger.PubSub.subscribe(@pubsub, "answers")
    other = String.to_atom(other)
    wait("a connection to #{other}", fn -> Node.connect(other) == true end)
    before = relayed_to(other)

    wait("a subscriber on #{other}", fn ->
      :rpc.call(other, Registry, :lookup, [@pubsub, "news"]) not in [[], {:badrpc, :nodedown}]
    end)

    for n <- 1..@count,
        do: :ok = Outrigger.PubSub.broadcast(@pubsub, "news", {:news, n, payload(n)})

    receive do
      {:received, ^other, @count} -> :ok
    after
      @deadline -> raise "no answer. #{inspect(Outrigger.PubSub.info(@pubsub))}"
    end

    now = Outrigger.PubSub.info(@pubsub)

    if {now.path, now.routers, now.epoch} != {:relay, before.routers, before.epoch},
      do: raise("the way changed meanwhile: #{inspect(before)}, then #{inspect(now)}")

    routers = now.routers |> Map.keys() |> Enum.join(" or ")
    IO.puts("ok: #{@count} messages through #{routers}, once each and in order; answered")
  end

  # Each node has a Rust node, and broadcasts take one of the two: both have to cover both nodes before nothing changes any more.
  defp relayed_to(other) do
    routers = Map.new([node(), other], &{:"outrigger-#{&1}", [other]})

    wait("the ways through #{inspect(Map.keys(routers))}", fn ->
      info = Outrigger.PubSub.info(@pubsub)
      info.path == :relay and info.routers == routers and info
    end)
  end

  defp payload(n), do: String.duplicate(<<rem(n, 256)>>, 100)

  defp wait(what, fun, until \\ System.monotonic_time(:millisecond) + @deadline) do
    cond do
      result = fun.() ->
        result

      System.monotonic_time(:millisecond) > until ->
        raise "timed out waiting for #{what}. #{inspect(Outrigger.PubSub.info(@pubsub))}, #{inspect(Outrigger.Node.info())}"

      true ->
        Process.sleep(20)
        wait(what, fun, until)
    end
  end
end

PackageTest.main(System.argv())
