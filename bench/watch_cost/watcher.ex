defmodule Bench.WatchCost.Watcher do
  @moduledoc """
  A running `outrigger watch` or `outrigger profile`, and what it says of itself.
  """

  alias Bench.{Nodes, OsProcess}

  @type t :: %{port: port, os_pid: pos_integer, folder: Path.t(), command: String.t()}

  # Rounds until what comes with the first ones is over.
  @rounds 4
  @patience 60_000

  @doc "Starts it, and waits until it is at its work. A profile is given time for the window and what is around it."
  @spec start([String.t()], Nodes.t(), pos_integer) :: t
  def start([command | arguments], node, seconds) do
    {:ok, binary} = Outrigger.Binary.fetch()

    folder =
      Path.join(System.tmp_dir!(), "bench-watch_cost-#{System.unique_integer([:positive])}")

    File.mkdir_p!(folder)
    cookie = Nodes.call(node, :erlang, :get_cookie, [])

    more =
      if command == "profile",
        do: ["--for", "#{seconds + 60}s", "--out", Path.join(folder, "it")],
        else: []

    # What it prints goes to a file, as of somebody who keeps it.
    shell = ~s(exec "$0" "$@" > "$OUT" 2>&1)
    arguments = ["-c", shell, binary, command, "#{node.name}"] ++ arguments ++ more

    port =
      Port.open({:spawn_executable, "/bin/sh"}, [
        :exit_status,
        args: arguments,
        env: [{~c"OUTRIGGER_COOKIE", ~c"#{cookie}"}, {~c"OUT", ~c"#{folder}/said"}]
      ])

    {:os_pid, os_pid} = Port.info(port, :os_pid)
    it = %{port: port, os_pid: os_pid, folder: folder, command: command}
    settle(it, System.monotonic_time(:millisecond) + @patience)
    it
  end

  # A profile says nothing before its end.
  defp settle(%{command: "profile"}, _deadline), do: Process.sleep(4_000)

  defp settle(it, deadline) do
    cond do
      length(rounds(it)) >= @rounds -> :ok
      System.monotonic_time(:millisecond) < deadline -> Process.sleep(100) && settle(it, deadline)
      true -> raise "no rounds within #{@patience} ms: #{File.read!(said(it))}"
    end
  end

  @doc """
  Ends it. What it says that it costs the node, in percent of a core, and how often it looks in a second; a profile that has seen nothing at work
  says neither.
  """
  @spec stop(t) :: %{said: float | nil, often: float | nil}
  def stop(it) do
    :ok = OsProcess.signal(it.os_pid, "INT")
    port = it.port

    receive do
      {^port, {:exit_status, _status}} -> :ok
    after
      @patience -> raise "#{it.command} does not end"
    end

    figures = figures(it)
    File.rm_rf!(it.folder)
    figures
  end

  defp figures(%{command: "profile"} = it) do
    case File.read!(said(it)) do
      "error: no stacks" <> _nothing_ran -> %{said: nil, often: nil}
      summary -> %{said: 100 * number(summary, ~s("duty":)), often: number(summary, ~s("rate":))}
    end
  end

  defp figures(it) do
    rounds = rounds(it)
    costs = Enum.map(rounds, &number(&1, ~s("metric":"probe.cpu","labels":{},"value":)))
    times = Enum.map(rounds, &number(&1, ~s("at_ms":)))
    behind = Enum.drop(times, @rounds - 1)
    seconds = (List.last(behind) - hd(behind)) / 1_000
    %{said: 100 * List.last(costs), often: (length(behind) - 1) / max(seconds, 0.001)}
  end

  # Those whose line is whole.
  defp rounds(it) do
    case File.read(said(it)) do
      {:ok, text} ->
        text |> String.split("\n") |> Enum.drop(-1) |> Enum.filter(&(&1 =~ ~s("probe.cpu")))

      {:error, :enoent} ->
        []
    end
  end

  defp said(it), do: Path.join(it.folder, "said")

  defp number(text, head) do
    case Regex.run(~r/#{Regex.escape(head)}(-?[0-9.]+(?:[eE][-+]?[0-9]+)?)/, text) do
      [_all, number] -> number |> Float.parse() |> elem(0)
      nil -> raise "the watcher says no #{head} #{text}"
    end
  end
end
