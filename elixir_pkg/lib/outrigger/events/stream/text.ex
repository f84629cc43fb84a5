defmodule Outrigger.Events.Stream.Text do
  @moduledoc """
  What a stream is, as the text that the engine compiles: JSON, described in `outrigger_events::stream`. Pure.

  The same text goes to the NIF and, with the events, to the Rust node.
  """

  import Bitwise

  alias Outrigger.{Error, Options}
  alias Outrigger.Events.{Debezium, JSON, Plan}

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
    format: [type: {:in, [:json, :debezium]}, default: :json, doc: "How events are read."],
    options: [
      type: :keyword,
      default: [],
      doc:
        "For the decoder: of `Outrigger.Events.Debezium`, or `:floats` and the bounds of `Outrigger.Events.JSON`."
    ],
    views: [type: :keyword, default: [], doc: "`[name: [topic: …, where: …, fields: …]]`."],
    dead_letter: [
      type: :string,
      doc: "The topic of events that cannot be decoded.",
      default_doc: "the stream's name and `:dead_letter`"
    ]
  ]

  @decimals 4

  @doc false
  def schema, do: @schema

  @doc "Checks the options of a stream."
  @spec config(keyword) :: {:ok, config} | {:error, Error.t()}
  def config(options) do
    with {:ok, options} <- Options.validate(options, @schema, Outrigger.Events.Stream),
         {:ok, views} <- views(options[:views]) do
      name = options[:name]
      dead_letter = options[:dead_letter] || "#{inspect(name)}:dead_letter"

      head =
        Map.merge(decoder(options[:format], options[:options]), %{
          "name" => Atom.to_string(name),
          "format" => Atom.to_string(options[:format]),
          "dead_letter" => dead_letter
        })

      {:ok,
       %{
         name: name,
         pubsub: options[:pubsub],
         dead_letter: dead_letter,
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
    config.head |> Map.put("views", Enum.map(views, &written/1)) |> JSON.encode!()
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

  defp decoder(:json, options) do
    allowed = [:floats, :max_bytes, :max_depth, :max_digits]

    for {name, value} <- options, name not in allowed do
      raise ArgumentError,
            "a stream of JSON has no option #{inspect({name, value})}: it takes #{inspect(allowed)}"
    end

    {flags, bounds} = Outrigger.Events.Options.read(options, "Outrigger.Events.Stream")
    Map.merge(%{"decimals" => (flags &&& @decimals) != 0}, limits(bounds))
  end

  defp decoder(:debezium, options) do
    {ways, columns, _flags, bounds} = Debezium.Options.read(options)
    {shape, as_is, binary, prefix, placeholder, expand} = ways

    Map.merge(limits(bounds), %{
      "debezium" => %{
        "shape" => shape,
        "as_is" => as_is,
        "binary" => binary,
        "prefix" => prefix,
        "placeholder" => placeholder,
        "expand" => expand,
        "columns" => Enum.map(columns, &Tuple.to_list/1)
      }
    })
  end

  defp limits(nil), do: %{}
  defp limits(bounds), do: %{"limits" => Tuple.to_list(bounds)}

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
