defmodule Outrigger.Events.Stream.Format do
  @moduledoc """
  How the events of a stream are read: what its text says of that, and what is said with each schema of a registry. Pure.
  """

  import Bitwise

  alias Outrigger.Error
  alias Outrigger.Events.{Debezium, JSON, Options, Protobuf}

  @typedoc "How schemas behind frames are read: `text` comes with each of them, and `mark` stands for it."
  @type framed :: %{
          registry: atom,
          format: :debezium | :avro | :protobuf,
          text: map,
          mark: binary
        }

  @type t :: %{
          head: %{String.t() => term},
          framed: framed | nil,
          # Whether an event may take longer than its bytes say.
          slow?: boolean
        }

  @decimals 4
  @json [:floats, :max_bytes, :max_depth, :max_digits]
  @bounds [:max_bytes, :max_depth, :max_digits]
  @ways [:defaults, :unknown, :well_known]

  @doc "Of a stream's options. Raises `ArgumentError` for what the decoder does not know."
  @spec of(keyword) :: {:ok, t} | {:error, Error.t()}
  def of(options) do
    format = options[:format]

    with {:ok, head, said} <- read(format, options[:schema], options[:registry], options) do
      head = Map.put(head, "format", Atom.to_string(format))

      {:ok,
       %{
         head: head,
         framed: framed(format, options[:registry], said),
         slow?: format in [:avro, :protobuf] or options[:registry] != nil
       }}
    end
  end

  defp framed(_format, nil, _said), do: nil

  defp framed(format, registry, said) do
    text = Map.put(said, "for", Atom.to_string(format))
    mark = :crypto.hash(:sha256, :erlang.term_to_binary(text))
    %{registry: registry, format: format, text: text, mark: mark}
  end

  defp read(:json, nil, nil, options) do
    {flags, bounds} = bounds(options[:options], @json, "JSON")
    {:ok, Map.put(limits(bounds), "decimals", (flags &&& @decimals) != 0), %{}}
  end

  defp read(:debezium, nil, registry, options) do
    if Keyword.has_key?(options[:options], :registry),
      do: raise(ArgumentError, "a stream takes :registry beside :options, not in them")

    {ways, columns, _flags, bounds} = Debezium.Options.read(options[:options])
    {shape, as_is, binary, prefix, placeholder, expand, absent} = ways

    head =
      Map.merge(limits(bounds), %{
        "framed" => registry != nil,
        "debezium" => %{
          "shape" => shape,
          "as_is" => as_is,
          "binary" => binary,
          "prefix" => prefix,
          "placeholder" => placeholder,
          "expand" => expand,
          "absent" => absent,
          "columns" => Enum.map(columns, &Tuple.to_list/1)
        }
      })

    {:ok, head, %{}}
  end

  defp read(:avro, schema, registry, options) when schema != nil or registry != nil do
    {_flags, bounds} = bounds(options[:options], @bounds, "Avro")

    with {:ok, schema} <- avro(schema) do
      cond do
        registry == nil -> {:ok, Map.put(limits(bounds), "schema", schema), %{}}
        schema == nil -> {:ok, limits(bounds), %{}}
        true -> {:ok, limits(bounds), %{"reader" => schema}}
      end
    end
  end

  defp read(:protobuf, schema, registry, options)
       when schema == nil != (registry == nil) do
    {ways, options} = Keyword.split(options[:options], @ways)
    {_flags, bounds} = bounds(options, @bounds, "Protobuf")
    ways = %{"ways" => Tuple.to_list(Protobuf.ways(ways, "message/3"))}

    with {:ok, schema} <- protobuf(schema) do
      if registry,
        do: {:ok, limits(bounds), ways},
        else: {:ok, Map.put(limits(bounds), "schema", Map.merge(schema, ways)), %{}}
    end
  end

  defp read(format, _schema, _registry, _options) do
    bad(
      case format do
        :avro -> ":avro takes a :schema, a :registry or both"
        :protobuf -> ":protobuf takes a :schema or a :registry"
        :debezium -> ":debezium takes no :schema: a :registry, or nothing"
        :json -> ":json takes neither :schema nor :registry"
      end
    )
  end

  defp avro(nil), do: {:ok, nil}
  defp avro(text) when is_binary(text), do: avro(text: text)

  defp avro(given) do
    with {:ok, given} <- keys(given, [:text, references: []]),
         true <- Enum.all?([given[:text] | given[:references]], &text?/1) do
      {:ok, schema(given[:text], for(text <- given[:references], do: ["", text]))}
    else
      _none ->
        bad("a :schema of :avro is its text, or [text: text, references: [text]]")
    end
  end

  defp protobuf(nil), do: {:ok, nil}

  defp protobuf(given) do
    with {:ok, given} <- keys(given, [:text, :message, imports: []]),
         imports = Enum.map(given[:imports], &Tuple.to_list/1),
         true <- Enum.all?([given[:text], given[:message] | Enum.concat(imports)], &text?/1) do
      {:ok, Map.put(schema(given[:text], imports), "message", given[:message])}
    else
      _none ->
        bad(
          "a :schema of :protobuf is [text: text, message: name], and imports: %{name => text} if there are any"
        )
    end
  end

  @doc "A schema, and what it needs, as the engine takes it."
  @spec schema(String.t(), [[String.t()]]) :: map
  def schema(text, references), do: %{"text" => text, "references" => references}

  defp keys(given, keys),
    do: if(Keyword.keyword?(given), do: Keyword.validate(given, keys), else: :error)

  defp text?(text), do: is_binary(text) and String.valid?(text)

  defp bounds(options, allowed, format) do
    for {name, value} <- options, name not in allowed do
      raise ArgumentError,
            "a stream of #{format} has no option #{inspect({name, value})}: it takes #{inspect(allowed)}"
    end

    Options.read(options, "Outrigger.Events.Stream")
  end

  defp limits(nil), do: %{}
  defp limits(bounds), do: %{"limits" => Tuple.to_list(bounds)}

  defp bad(problem),
    do: {:error, Error.new(:bad_option, "Outrigger.Events.Stream: the format #{problem}")}

  @doc "The text of a stream or a schema."
  @spec text(map) :: binary
  def text(map), do: JSON.encode!(map)
end
