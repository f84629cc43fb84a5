defmodule Bench.WatchCost.Watcher do
  @moduledoc """
  What looks at the node, in turns: a running `outrigger watch` or `outrigger profile`, which is stopped (`SIGSTOP`) and let go on, or the
  node's measuring of its schedulers' time alone (`flag`), which a watch that is stopped leaves on.
  """

  alias Bench.{Nodes, OsProcess}
  alias Bench.WatchCost.Side

  @type t :: %{
          node: Nodes.t(),
          command: String.t(),
          os_pid: pos_integer | nil,
          port: port | nil,
          folder: Path.t() | nil
        }

  # Rounds until what comes with the first ones is over.
  @rounds 4
  @patience 60_000

  @doc "Starts it on the last core, and waits until it is at its work; it looks for so many seconds at most."
  @spec start([String.t()], Nodes.t(), pos_integer) :: t
  def start(["flag"], node, _seconds) do
    it = %{node: node, command: "flag", os_pid: nil, port: nil, folder: nil}
    :ok = resume(it)
    it
  end

  def start([command | arguments], node, seconds) do
    {:ok, binary} = Outrigger.Binary.fetch()

    folder =
      Path.join(System.tmp_dir!(), "bench-watch_cost-#{System.unique_integer([:positive])}")

    File.mkdir_p!(folder)
    cookie = Nodes.call(node, :erlang, :get_cookie, [])

    more =
      if command == "profile",
        do: ["--for", "#{seconds}s", "--out", Path.join(folder, "it")],
        else: []

    # What it prints goes to a file, as of somebody who keeps it. One that is stopped would stay when this VM ends: the shell ends it then.
    shell = ~s("$0" "$@" >"$OUT" 2>&1 </dev/null & echo $!; read -r _ || kill -9 $!; wait $!)
    arguments = ["-c", shell, binary, command, "#{node.name}"] ++ arguments ++ more

    port =
      Port.open({:spawn_executable, "/bin/sh"}, [
        :exit_status,
        line: 100,
        args: arguments,
        env: [{~c"OUTRIGGER_COOKIE", ~c"#{cookie}"}, {~c"OUT", ~c"#{folder}/said"}]
      ])

    os_pid =
      receive do
        {^port, {:data, {:eol, os_pid}}} -> List.to_integer(os_pid)
      end

    :ok = OsProcess.pin(os_pid, System.schedulers_online() - 1)
    it = %{node: node, command: command, os_pid: os_pid, port: port, folder: folder}
    settle(it, System.monotonic_time(:millisecond) + @patience)
    it
  end

  # A profile says nothing before its end.
  defp settle(%{command: "profile"}, _deadline), do: Process.sleep(15_000)

  defp settle(it, deadline) do
    cond do
      length(rounds(it)) >= @rounds -> :ok
      System.monotonic_time(:millisecond) < deadline -> Process.sleep(100) && settle(it, deadline)
      true -> raise "no rounds within #{@patience} ms: #{File.read!(said(it))}"
    end
  end

  @doc "Stops it, until what it has asked for is done."
  @spec pause(t) :: :ok
  def pause(%{command: "flag"} = it), do: Nodes.call(it.node, Side, :measured, [false])

  def pause(it) do
    :ok = OsProcess.signal(it.os_pid, "STOP")
    # A profile asks for a second and a half at most, a watch for milliseconds.
    Process.sleep(if it.command == "profile", do: 1_800, else: 300)
  end

  @doc "Lets it go on. A watch looks at once then, so half a second later there is a round in each second."
  @spec resume(t) :: :ok
  def resume(%{command: "flag"} = it), do: Nodes.call(it.node, Side, :measured, [true])

  def resume(it) do
    :ok = OsProcess.signal(it.os_pid, "CONT")
    Process.sleep(500)
  end

  @doc """
  Ends it. What it says that it costs the node, in percent of a core, and how often a profile looks in a second; a profile that has found nobody at
  work says neither.
  """
  @spec stop(t) :: %{said: float | nil, often: float | nil}
  def stop(%{command: "flag"} = it) do
    :ok = pause(it)
    %{said: nil, often: nil}
  end

  def stop(it) do
    :ok = OsProcess.signal(it.os_pid, "TERM")
    :ok = OsProcess.signal(it.os_pid, "CONT")
    port = it.port
    true = Port.command(port, "\n")

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
      "error: no stacks" <> _nobody_was_found -> %{said: nil, often: nil}
      summary -> %{said: 100 * number(summary, ~s("duty":)), often: number(summary, ~s("rate":))}
    end
  end

  defp figures(it) do
    cost = it |> rounds() |> List.last() |> number(~s("metric":"probe.cpu","labels":{},"value":))
    %{said: 100 * cost, often: nil}
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
