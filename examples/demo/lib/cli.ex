defmodule Demo.CLI do
  @moduledoc """
  Parses the demo's options, runs it, prints the verdict.

  Exit codes: 0 all promises held, 1 one was broken (named on the screen), 2 wrong options.
  """

  @help """
  Three BEAM nodes and one Rust node on this machine, real PubSub traffic, and a kill -9 in the middle.

      make demo                       with the defaults below
      examples/demo/run [options]     after `make build`

  Options
      --steady SECONDS      length of each of the two steady phases (default 12)
      --rate N              broadcasts per second in the whole cluster (default 3000)
      --subscribers N       subscribers on each node (default 4)
      --plain               no redrawing, a line per second (default when this is not a terminal)
      --help                this text
  """

  @switches [
    steady: :integer,
    rate: :integer,
    subscribers: :integer,
    plain: :boolean,
    help: :boolean
  ]
  @defaults %{steady: 12, rate: 3000, subscribers: 4, plain: false}

  @doc "Runs the demo; returns the exit code."
  @spec main([String.t()]) :: 0 | 1 | 2
  def main(argv) do
    case OptionParser.parse(argv, strict: @switches) do
      {[help: true], [], []} ->
        IO.puts(@help)
        0

      {options, [], []} ->
        settings = Enum.into(options, @defaults)
        if valid?(settings), do: run(settings), else: usage("every number must be at least 1")

      {_options, rest, invalid} ->
        usage(
          "unknown or malformed: #{Enum.map_join(invalid, ", ", &elem(&1, 0))} #{Enum.join(rest, " ")}"
        )
    end
  end

  defp valid?(settings),
    do: Enum.all?([:steady, :rate, :subscribers], &(Map.fetch!(settings, &1) >= 1))

  defp usage(reason) do
    IO.puts(:stderr, "demo: #{reason}\n\n#{@help}")
    2
  end

  defp run(settings) do
    settings
    |> Demo.Play.run()
    |> Demo.Verdict.print()
  end
end
