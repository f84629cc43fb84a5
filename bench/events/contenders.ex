defmodule Bench.Events.Contenders do
  @moduledoc """
  What is measured, each a function of a document:

    * `ours` - what an application calls;
    * `references` - the same with strings that refer to the document;
    * `jiffy` - Debian's `erlang-jiffy`, where it is installed;
    * `json` - OTP's own, from OTP 27 on;
    * `Jason` - where it is among the dependencies;
    * `binary_to_term` - the VM's own way to make the same term: what building it costs at the least.
  """

  alias Outrigger.Events
  alias Bench.Documents
  alias Outrigger.Events.{Avro, JSON, PgOutput, Protobuf}

  @fields ["after.id", "after.email", "op", "source.table", "source.lsn"]

  @doc "Those that can run here, with what each does with a document of the kind."
  @spec of(:decode | :project | :change | :avro | :protobuf | :pgoutput, binary | [binary]) :: [
          {String.t(), (() -> term)}
        ]
  def of(:decode, document) do
    term = JSON.decode!(document)
    external = :erlang.term_to_binary(term)

    others =
      for {name, library, {module, function, arguments}} <- decoders(), there?(library) do
        ^term = apply(module, function, [document | arguments])
        {name, fn -> apply(module, function, [document | arguments]) end}
      end

    [
      {"ours", fn -> JSON.decode(document) end},
      {"references", fn -> JSON.decode(document, strings: :reference) end},
      {"binary_to_term", fn -> :erlang.binary_to_term(external) end}
      | others
    ]
  end

  def of(:project, document) do
    plan = Events.plan!(@fields)
    named = Events.plan!(Enum.zip([:id, :email, :op, :table, :lsn], @fields))
    {rows, []} = Events.project(document, plan)

    others =
      for {name, library, {module, function, arguments}} <- decoders(), there?(library) do
        ^rows = whole(apply(module, function, [document | arguments]))
        {name, fn -> whole(apply(module, function, [document | arguments])) end}
      end

    [
      {"ours", fn -> Events.project(document, plan) end},
      {"ours, maps", fn -> Events.project(document, named) end} | others
    ]
  end

  # Others decode it untyped, with its schema.
  def of(:change, document) do
    [_ours, references | others] = of(:decode, document)
    {:ok, %Events.Change{op: :update}} = Events.Debezium.decode(document)

    [
      {"ours", fn -> Events.Debezium.decode(document) end},
      put_elem(references, 0, "ours, untyped") | others
    ]
  end

  def of(:avro, _document) do
    schema = Avro.schema!(Documents.avro_schema())
    plan = Avro.plan!(schema, Avro.schema!(Documents.avro_reader()))
    bytes = Avro.encode!(Documents.avro_event(), schema)
    external = :erlang.term_to_binary(Avro.decode!(bytes, plan))

    [
      {"ours", fn -> Avro.decode(bytes, plan) end},
      {"binary_to_term", fn -> :erlang.binary_to_term(external) end}
    ]
  end

  def of(:protobuf, bytes) do
    message = protobuf()
    external = :erlang.term_to_binary(Protobuf.decode!(bytes, message))

    [
      {"ours", fn -> Protobuf.decode(bytes, message) end},
      {"references", fn -> Protobuf.decode(bytes, message, strings: :reference) end},
      {"binary_to_term", fn -> :erlang.binary_to_term(external) end}
    ]
  end

  def of(:pgoutput, frames) do
    decoder = PgOutput.new()
    {results, _decoder} = PgOutput.decode_all(decoder, frames)
    external = :erlang.term_to_binary(for {:ok, records} <- results, do: records)

    [
      {"ours", fn -> PgOutput.decode_all(decoder, frames) end},
      {"ours, one by one", fn -> Enum.reduce(frames, decoder, &one/2) end},
      {"binary_to_term", fn -> :erlang.binary_to_term(external) end}
    ]
  end

  defp one(frame, decoder) do
    {:ok, _records, decoder} = PgOutput.decode(decoder, frame)
    decoder
  end

  @doc "The event's message."
  @spec protobuf() :: Protobuf.Message.t()
  def protobuf, do: Protobuf.message!(Protobuf.compile!(Documents.proto()), "Envelope")

  # The whole document, and then what is wanted of it.
  defp whole(events) do
    for %{"after" => %{"id" => id, "email" => email}, "op" => op, "source" => source} <- events,
        do: {id, email, op, source["table"], source["lsn"]}
  end

  @doc "The names of those that this VM does not have."
  @spec missing() :: [String.t()]
  def missing, do: for({name, library, _call} <- decoders(), not there?(library), do: name)

  defp there?(library), do: Code.ensure_loaded?(library)

  # Names, what has to be there, and calls.
  defp decoders do
    [
      {"jiffy", :jiffy, {:jiffy, :decode, [[:return_maps, :use_nil]]}},
      {"json", :json, {__MODULE__, :otp_json, []}},
      {"Jason", Jason, {Jason, :decode!, []}}
    ]
  end

  @doc false
  # `null` is an atom of its own there, unless it is told otherwise.
  def otp_json(document) do
    {term, :ok, ""} = apply(:json, :decode, [document, :ok, %{null: nil}])
    term
  end
end
