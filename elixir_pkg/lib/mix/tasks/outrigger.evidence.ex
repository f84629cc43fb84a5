defmodule Mix.Tasks.Outrigger.Evidence do
  @shortdoc "Verifies and shows the signed records of gates"

  @moduledoc """
  Says whether the records of gates are what was written, and what they say.

      mix outrigger.evidence verify
      mix outrigger.evidence verify --tree HEAD --head HASH
      mix outrigger.evidence show --last 3

  It is `outrigger evidence` of the binary: your application is neither compiled nor started, and nothing is asked over a network.

  ## Options

    * `verify [FILE]` - names what was altered: `--key KEY`, `--head SHA-256`, `--tree REVISION`, `--json`
    * `show [FILE]` - what the records say: `--last COUNT`, `--json`
    * `--help` - all of it, with examples

  ## Exit status

  0 nothing was altered, 1 something was, 2 wrong usage.
  """

  use Mix.Task

  @impl true
  def run(argv), do: Mix.Outrigger.run(["evidence" | argv])
end
