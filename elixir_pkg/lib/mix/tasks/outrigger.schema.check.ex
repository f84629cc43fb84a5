defmodule Mix.Tasks.Outrigger.Schema.Check do
  @shortdoc "Says whether schemas are compatible with their earlier versions"

  @moduledoc """
  Says whether Avro, Protobuf and JSON schemas are compatible with their earlier versions, and what is in the way.

      mix outrigger.schema.check --against git:origin/main schemas
      mix outrigger.schema.check --against git:main --level FULL_TRANSITIVE schemas
      mix outrigger.schema.check --against dir:versions schemas/order.avsc
      mix outrigger.schema.check --against git:main --format junit schemas > schemas.xml

  It is `outrigger schema check` of the binary: your application is neither compiled nor started.

  ## Options

    * `--against WHAT` - earlier versions: `git:REVISION`, `dir:FOLDER` or `file:FILE`
    * `--level LEVEL` - `NONE`, `BACKWARD` (default), `FORWARD`, `FULL`, or one of these with `_TRANSITIVE`
    * `--policy strict|lenient` - for JSON Schemas
    * `--format text|json|sarif|junit` - form of the answer
    * `--deleted allow|warn|deny` - what a file is that was there and is gone
    * `-I FOLDER` - where imports and references are looked up; may be repeated
    * `--every-json` - take each `.json` file for a JSON Schema
    * `--help` - all of it, with examples

  ## Exit status

  0 compatible, 1 incompatible, 2 wrong usage or a file that cannot be read.
  """

  use Mix.Task

  @impl true
  def run(argv), do: Mix.Outrigger.run(["schema", "check" | argv])
end
