defmodule Mix.Tasks.Outrigger.Tree do
  @shortdoc "Shows who has started whom on a running node"

  @moduledoc """
  Shows the applications, supervisors and workers of a running node, and marks processes that belong to nobody. Nothing is installed there, and no
  process is asked: a supervisor that hangs holds up nothing.

      mix outrigger.tree app@10.0.0.5
      mix outrigger.tree app@10.0.0.5 --app shop --depth 3
      mix outrigger.tree app@10.0.0.5 --html tree.html

  It is `outrigger tree` of the binary: your application is neither compiled nor started. The guide is `docs/tree.md`.

  ## Options

    * `--app NAME` - one application alone
    * `--depth COUNT` - levels below an application, 16
    * `--json` - one JSON object for each node
    * `--svg FILE`, `--html FILE` - a picture, a page for a browser
    * `--duty PERCENT` - what reading may cost of one core of the node
    * `--help` - all of it, with examples

  ## Exit status

  0 done, 1 a node cannot be reached or ends meanwhile, 2 wrong usage.
  """

  use Mix.Task

  @impl true
  def run(argv), do: Mix.Outrigger.run(["tree" | argv])
end
