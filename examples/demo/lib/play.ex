defmodule Demo.Play do
  @moduledoc """
  The demo from curtain to curtain: start, steady, crash, steady, account.

  Between two phases the publishers pause until every subscriber has heard of every publisher's last message, so a phase's
  account is exact: it does not matter how fast the machine is. Only the crash phase may lose messages.
  """

  alias Demo.{Cluster, Screen}

  @publishers_per_node 2
  @before_kill_ms 3_000
  @after_return_ms 1_000
  @return_patience_ms 15_000
  @drain_patience_ms 10_000

  @doc "Runs it all; returns what `Demo.Verdict` judges."
  @spec run(map) :: map
  def run(settings) do
    screen = Screen.open(settings)
    Screen.stage(screen, "starting three BEAM nodes and one Rust node")
    cluster = Cluster.start(3)
    await_relay(cluster)
    start_traffic(cluster, settings)

    play = %{cluster: cluster, screen: screen, settings: settings}
    before = phase(play, "steady: through the Rust node", settings.steady * 1000)
    crash = crash(play)
    afterwards = phase(play, "steady: through the restarted Rust node", settings.steady * 1000)

    Screen.stage(screen, "stopping everything")
    Cluster.stop(cluster)
    Screen.close(screen)
    %{phases: [before, crash.phase, afterwards], crash: crash, samples: Screen.history(screen)}
  end

  defp start_traffic(cluster, settings) do
    publishers = length(cluster.nodes) * @publishers_per_node

    options = %{
      pubsub: cluster.pubsub,
      subscribers: settings.subscribers,
      publishers: @publishers_per_node,
      per_second: max(div(settings.rate, publishers), 1)
    }

    Cluster.call_all(cluster, Demo.App, :start_traffic, [options])
  end

  defp phase(play, title, duration) do
    Screen.stage(play.screen, title)
    resume(play)
    Screen.watch(play.screen, play.cluster, duration)
    account(play, title)
  end

  # kill -9 while the traffic runs; the supervisor on app1 starts the Rust node again, the nodes find their way back.
  defp crash(play) do
    Screen.stage(play.screen, "crash: kill -9 of the Rust node under load")
    resume(play)
    Screen.watch(play.screen, play.cluster, @before_kill_ms)

    os_pid = Cluster.rust(play.cluster).os_pid
    killed_at = :os.perf_counter(:nanosecond)
    {_output, 0} = System.cmd("kill", ["-9", Integer.to_string(os_pid)])
    Screen.say(play.screen, "killed OS process #{os_pid}")

    came_back = watch_until(play, fn -> Enum.all?(changes_since(play, killed_at), &back?/1) end)
    numbers_at_return = numbers(play.cluster, :numbers)
    Screen.watch(play.screen, play.cluster, @after_return_ms)
    changes = changes_since(play, killed_at)

    %{
      phase: account(play, "crash"),
      numbers_at_return: numbers_at_return,
      came_back: came_back,
      changes: changes
    }
  end

  defp changes_since(play, since) do
    for {node, changes} <-
          Enum.zip(play.cluster.nodes, Cluster.call_all(play.cluster, Demo.PathLog, :changes, [])) do
      {node.label, for({at, path} <- changes, at > since, do: {at - since, path})}
    end
  end

  defp back?({_label, changes}), do: match?([{_, :relay} | _], Enum.reverse(changes))

  defp watch_until(play, done?, deadline \\ nil) do
    deadline = deadline || now() + @return_patience_ms
    Screen.watch(play.screen, play.cluster, 500)

    cond do
      done?.() -> true
      now() > deadline -> false
      true -> watch_until(play, done?, deadline)
    end
  end

  defp account(play, title) do
    numbers = numbers(play.cluster, :pause)
    arguments = [play.settings.subscribers, numbers, @drain_patience_ms]
    ledgers = Cluster.call_all(play.cluster, Demo.Subscriber, :ledgers, arguments)

    accounts =
      for {node, by_index} <- Enum.zip(play.cluster.nodes, ledgers),
          {index, ledger} <- by_index do
        %{subscriber: "#{node.label}/sub#{index}", node: node.label, ledger: ledger}
      end

    %{title: title, numbers: numbers, accounts: accounts}
  end

  defp numbers(cluster, question) do
    cluster
    |> Cluster.call_all(Demo.Publisher, question, [@publishers_per_node])
    |> Enum.reduce(&Map.merge/2)
  end

  defp resume(play),
    do: Cluster.call_all(play.cluster, Demo.Publisher, :resume, [@publishers_per_node])

  defp await_relay(cluster, deadline \\ nil) do
    deadline = deadline || now() + @return_patience_ms
    paths = Cluster.call_all(cluster, Demo.App, :path, [cluster.pubsub])

    cond do
      Enum.all?(paths, &(&1 == :relay)) ->
        :ok

      now() > deadline ->
        raise "the nodes did not find the Rust node within #{div(@return_patience_ms, 1000)} s: #{inspect(paths)}"

      true ->
        receive(do: (:never -> :ok), after: (50 -> await_relay(cluster, deadline)))
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end
