defmodule Mix.Tasks.Outrigger.Gate do
  @shortdoc "Judges what was seen of nodes by the budgets of outrigger.toml"

  @moduledoc """
  Judges what was seen of nodes, and result files, by the budgets of `outrigger.toml`.

      mix outrigger.gate --from window.json
      mix outrigger.gate ship --from now-1.json now-2.json --against base-1.json base-2.json
      mix outrigger.gate --join app@new --against-node app@old
      mix outrigger.gate --from window.json --format junit > gate.xml

  It is `outrigger gate` of the binary: your application is neither compiled nor started. The smallest `outrigger.toml` is the line
  `preset = "phoenix"`; `docs/gates.md` says what a budget can be.

  ## Options

    * `NAME` - the gate; without it, all of the configuration
    * `--from FILE…` - recordings to judge, as `outrigger watch --record` writes them
    * `--join NODE@HOST,…` - nodes to look at now, for as long as the gates say
    * `--against FILE…` - recordings of the baseline
    * `--against-node NODE@HOST,…` - nodes to compare with, looked at in the same time
    * `--config FILE` - the configuration, `outrigger.toml`
    * `--format text|json|junit|sarif|github|html` - form of the answer; `--json` for short
    * `--evidence FILE` - where the run is recorded, `.outrigger/evidence.jsonl`; or `--no-evidence`
    * `--help` - all of it, with examples

  ## Exit status

  0 pass, 1 fail, 2 wrong usage or configuration, 3 warn, 4 inconclusive, 5 not run.
  """

  use Mix.Task

  @impl true
  def run(argv), do: Mix.Outrigger.run(["gate" | argv])
end
