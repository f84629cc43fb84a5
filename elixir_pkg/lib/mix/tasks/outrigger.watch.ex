defmodule Mix.Tasks.Outrigger.Watch do
  @shortdoc "Shows what running nodes do, line by line"

  @moduledoc """
  Shows what running nodes do: schedulers, memory, processes, and who holds the connections of each Ecto pool. Nothing is installed there.

      mix outrigger.watch app@10.0.0.5
      mix outrigger.watch app1@10.0.0.5 app2@10.0.0.6 --for 1min --json --record window.json
      mix outrigger.watch app@10.0.0.5 --prometheus 127.0.0.1:9568

  It is `outrigger watch` of the binary, and writes as it goes: your application is neither compiled nor started. It ends with `--for`, with the VM,
  or by Ctrl-C twice. The guide is `docs/watch.md`.

  ## Options

    * `--for TIME` - how long: `30s`, `5min`; until Ctrl-C without it
    * `--every TIME` - from one round to the next, `1s`
    * `--duty PERCENT` - what looking may cost of one core of a node
    * `--json` - one JSON object a line
    * `--record FILE` - what was seen, for `mix outrigger.gate --from`
    * `--prometheus ADDRESS:PORT` - OpenMetrics in place of lines
    * `--help` - all of it, with examples

  ## Exit status

  0 done, 1 no node answered, 2 wrong usage.
  """

  use Mix.Task

  @impl true
  def run(argv), do: Mix.Outrigger.attach(["watch" | argv])
end
