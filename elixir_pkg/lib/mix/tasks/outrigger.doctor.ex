defmodule Mix.Tasks.Outrigger.Doctor do
  @shortdoc "Says what stops this machine and cluster from working"

  @moduledoc """
  Says line by line what stops this machine and cluster from working, and what to do about it.

      mix outrigger.doctor
      mix outrigger.doctor --join app1@10.0.0.5,app2@10.0.0.6
      mix outrigger.doctor --name rust@10.0.0.9 --join app1@10.0.0.5 --cookie-file /etc/cookie
      mix outrigger.doctor --json

  Your application is not started. Run it as the user, on the machine and with the environment of the node.

  ## Options

    * `--name NAME`, `--sname NAME` - the name that the Rust node is going to have
    * `--join NODE,...` - nodes to examine; may be repeated
    * `--peer NODE=ADDRESS:PORT` - a node to examine without asking EPMD; may be repeated
    * `--cookie-file FILE` - the file with the cookie
    * `--epmd-port PORT` - port of EPMD, in place of `ERL_EPMD_PORT`
    * `--json` - one JSON object in place of text

  ## Exit status

  0 only if all is well, 1 if a check needs attention, 2 for wrong usage.
  """

  use Mix.Task

  alias Outrigger.Doctor
  alias Outrigger.Doctor.{Arguments, Report}

  @impl true
  def run(argv) do
    # The modules of the package have to be found, but nothing is compiled or started: that may be what is broken.
    Mix.Task.run("loadpaths", ["--no-compile", "--no-deps-check", "--no-elixir-version-check"])

    with {:ok, options, json?} <- Arguments.parse(argv),
         {:ok, checks} <- Doctor.run(options) do
      report = if json?, do: Report.json(checks), else: Report.text(checks)
      IO.write(report)
      if not Doctor.well?(checks), do: exit({:shutdown, 1})
    else
      {:error, error} ->
        IO.puts(:stderr, "#{Exception.message(error)}\nSee `mix help outrigger.doctor`.")
        exit({:shutdown, 2})
    end
  end
end
