defmodule Bench.Options do
  @moduledoc "The command line of a bench."

  @type exit_code :: 0 | 1 | 2

  @doc """
  Calls `run` with the options, or prints `help`; returns the exit code. Every bench takes `--repeats`, `--no-keep` and `--help`, and the `switches` of its own,
  as `OptionParser.parse/2` takes them. `run` returns `:help` for values that it does not know.
  """
  @spec run([String.t()], keyword, String.t(), (keyword -> exit_code | :help)) :: exit_code
  def run(argv, switches, help, run) do
    common = [repeats: :integer, keep: :boolean, help: :boolean]

    case OptionParser.parse(argv, strict: common ++ switches) do
      {[help: true], [], []} -> told(help, 0)
      {options, [], []} -> with :help <- run.(options), do: told(help, 2)
      _unknown -> told(help, 2)
    end
  end

  defp told(help, code) do
    IO.puts(help)
    code
  end
end
