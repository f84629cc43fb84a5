defmodule Mix.Tasks.Outrigger.Profile do
  @shortdoc "Samples what a running node does: a flame graph, from outside"

  @moduledoc """
  Samples what the processes of a running node do, from outside: nothing is installed there and nothing is traced.

      mix outrigger.profile app@10.0.0.5 --for 30s
      mix outrigger.profile app@10.0.0.5 --by pid --lines
      mix outrigger.profile app@10.0.0.5 --out after --compare before.folded

  It writes folded stacks (`app.folded`), a flame graph (`app.svg`) and a report for a browser (`app.html`), and prints a summary.
  It is `outrigger profile` of the binary: your application is neither compiled nor started. The guide is `docs/profiling.md`.

  ## Options

    * `--for TIME` - how long: `500ms`, `30s` (default), `5min`
    * `--out FILE` - what the names of the files begin with
    * `--compare FOLDED` - folded stacks of an earlier profile: what has changed since
    * `--by name|start|pid|nothing` - what stacks stand on
    * `--lines` - frames with file and line
    * `--rate COUNT`, `--duty PERCENT` - ticks in a second, and what it may cost of one core
    * `--json` - the summary as JSON
    * `--help` - all of it, with examples

  ## Exit status

  0 done, 1 the node cannot be reached or nothing ran there, 2 wrong usage.
  """

  use Mix.Task

  @impl true
  def run(argv), do: Mix.Outrigger.run(["profile" | argv])
end
