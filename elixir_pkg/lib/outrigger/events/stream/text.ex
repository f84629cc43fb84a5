defmodule Outrigger.Events.Stream.Text do
  @moduledoc """
  What a stream is, as the text that the engine compiles: JSON, described in `outrigger_events::stream`. Pure.

  The same text goes to the NIF and, with the events, to the Rust node.
  """

  alias Outrigger.{Error, Options}
  alias Outrigger.Events.Plan
  alias Outrigger.Events.Stream.Format

  @typedoc "A view with its filters and paths checked."
  @type view :: %{
          name: atom,
          topic: [binary | {:path, binary}],
          where: [{binary, atom, term}],
          fields: [{atom, binary}] | nil
        }

  @type config :: %{
          name: atom,
          pubsub: atom,
          dead_letter: binary,
          format: Format.t(),
          head: %{String.t() => term},
          views: [view]
        }

  @schema [
    name: [
      type: :atom,
      required: true,
      doc: "Of the stream, and the first element of its messages."
    ],
    pubsub: [type: :atom, required: true, doc: "The `Outrigger.PubSub` that carries them."],
    format: [
      type: {:in, [:json, :debezium, :avro, :protobuf]},
      default: :json,
      doc: "How events are read."
    ],
    schema: [
      doc:
        "Of `:avro` its text, or `[text: text, references: [text]]`; with a `:registry` it is the schema as which events are wanted. " <>
          "Of `:protobuf` `[text: text, imports: %{name => text}, message: name]`."
    ],
    registry: [
      type: {:or, [:atom, {:in, [nil]}]},
      doc:
        "The `Outrigger.Events.Registry` of frames, for `:debezium`, `:avro` and `:protobuf`, on each node that publishes."
    ],
    options: [
      type: :keyword,
      default: [],
      doc:
        "For the decoder: of `Outrigger.Events.Debezium`; `:floats` and the bounds of `Outrigger.Events.JSON`; these bounds; or these and " <>
          "`:defaults`, `:unknown` and `:well_known` of `Outrigger.Events.Protobuf`."
    ],
    views: [type: :keyword, default: [], doc: "`[name: [topic: …, where: …, fields: …]]`."],
    dead_letter: [
      type: :string,
      doc: "The topic of events that cannot be decoded.",
      default_doc: "the stream's name and `:dead_letter`"
    ]
  ]

  @doc false
  def schema, do: @schema

  @doc "Checks the options of a stream."
  @spec config(keyword) :: {:ok, config} | {:error, Error.t()}
  def config(options) do
    with {:ok, options} <- Options.validate(options, @schema, Outrigger.Events.Stream),
         {:ok, format} <- Format.of(options),
         {:ok, views} <- views(options[:views]) do
      name = options[:name]
      dead_letter = options[:dead_letter] || "#{inspect(name)}:dead_letter"

      head =
        Map.merge(format.head, %{"name" => Atom.to_string(name), "dead_letter" => dead_letter})

      {:ok,
       %{
         name: name,
         pubsub: options[:pubsub],
         dead_letter: dead_letter,
         format: format,
         head: head,
         views: views
       }}
    end
  end

  @doc "The view that `Outrigger.Events.Stream.subscribe/2` stands for. The same options make the same topic, on every node."
  @spec subscription(atom, keyword) :: {:ok, view} | {:error, Error.t()}
  def subscription(stream, options) do
    {name, options} = Keyword.pop(options, :as, :event)

    with {:ok, view} <- view(name, [topic: ""] ++ options) do
      mark = :crypto.hash(:sha256, :erlang.term_to_binary({view.name, view.where, view.fields}))

      {:ok, %{view | topic: ["#{inspect(stream)}:#{Base.url_encode64(mark, padding: false)}"]}}
    end
  end

  @doc "The text of a stream with these views."
  @spec text(config, [view]) :: binary
  def text(config, views) do
    config.head |> Map.put("views", Enum.map(views, &written/1)) |> Format.text()
  end

  defp written(view) do
    topic = for part <- view.topic, do: with({:path, path} <- part, do: %{"path" => path})

    where = for {path, test, operand} <- view.where, do: [path, Atom.to_string(test), operand]

    written = %{"name" => Atom.to_string(view.name), "topic" => topic, "where" => where}

    if view.fields,
      do:
        Map.put(
          written,
          "fields",
          for({name, path} <- view.fields, do: [Atom.to_string(name), path])
        ),
      else: written
  end

  defp views(views) do
    Enum.reduce_while(views, {:ok, []}, fn {name, options}, {:ok, views} ->
      case view(name, options) do
        {:ok, view} -> {:cont, {:ok, [view | views]}}
        error -> {:halt, error}
      end
    end)
    |> case do
      {:ok, views} -> {:ok, Enum.reverse(views)}
      error -> error
    end
  end

  @view [
    topic: [required: true],
    where: [default: []],
    fields: [type: {:or, [:keyword, {:in, [nil]}]}]
  ]

  defp view(name, options) do
    with {:ok, options} <- Options.validate(options, @view, "the view #{inspect(name)}"),
         {:ok, topic} <- topic(name, List.wrap(options[:topic])),
         {:ok, where} <- Plan.filters(options[:where]) do
      {:ok, %{name: name, topic: topic, where: where, fields: options[:fields]}}
    end
  end

  defp topic(name, parts) do
    if Enum.all?(parts, &(is_binary(&1) or match?({:path, path} when is_binary(path), &1))),
      do: {:ok, parts},
      else:
        {:error,
         Error.new(
           :bad_option,
           "the view #{inspect(name)}: :topic is a string or a list of strings and {:path, path}, got: #{inspect(parts)}"
         )}
  end
end
