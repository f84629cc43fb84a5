defmodule Mix.Tasks.Outrigger.Top do
  @shortdoc "Shows what running nodes do, in the terminal"

  @moduledoc """
  Shows what running nodes do, in the terminal: schedulers, memory, the processes that stand out, pools and who holds their connections. Nothing
  is installed there.

      mix outrigger.top app@10.0.0.5
      mix outrigger.top app1@10.0.0.5 app2@10.0.0.6

  It is `outrigger top` of the binary, which takes the terminal over: `?` names its keys, `q` and Ctrl-C end it and leave the terminal as it was. Your application is
  neither compiled nor started.

  It wants a terminal of its own, so it does not run within `iex`. For scripts there is `mix outrigger.watch --json`.

  ## Options

    * `--every TIME` - from one round to the next, `1s`
    * `--duty PERCENT` - what looking may cost of one core of a node
    * `--help` - all of it, with examples

  ## Exit status

  0 done, 1 no node answered, 2 wrong usage or no terminal.
  """

  use Mix.Task

  @impl true
  def run(argv), do: Mix.Outrigger.attach(["top" | argv], keys: true)
end
