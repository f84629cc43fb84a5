defmodule Outrigger.Events.Compatibility do
  @moduledoc """
  Whether versions of a schema can live beside each other, decided here: no registry has to run.

      iex> alias Outrigger.Events.Compatibility
      iex> old = ~s({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "int"}]})
      iex> new = ~s({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]})
      iex> {:error, error} = Compatibility.check(new, [old], level: :backward)
      iex> for found <- error.details.incompatibilities, do: {found.direction, found.path, found.kind}
      [{:backward, "$.id", "type_mismatch"}]

  The rules are those of `mix outrigger.schema.check`, which looks at files and revisions; `docs/schemas.md` has them.

  A schema is its text, or an `Outrigger.Events.Registry.Schema`, which brings what it refers to.

  ## Options

    * `:level` - `:none`, `:backward` (default; the new version reads data of the last one), `:forward` (the last one reads data of the new
      one), `:full` (both), and `:backward_transitive`, `:forward_transitive`, `:full_transitive`, with all earlier versions;
    * `:format` - `:avro` (default), `:json` (JSON Schema) or `:protobuf`; that of the first schema that is a struct goes before;
    * `:policy` - of JSON Schema, `:strict` (default) or `:lenient`, as Confluent's registry has them.

  ## What is found

  `:ok`, or `{:error, error}` with the reason `:incompatible` and, in `details`, `:incompatibilities`: maps with

    * `:version` - the place of the earlier version in the list, from 0;
    * `:direction` - `:backward` if the new version does not read the earlier one's data, `:forward` if it is the other way round;
    * `:path`, `:kind` (a fixed word that tools may rely on) and `:reason` (for people).

  They are the first 1,000; `:more` says how many there are besides. A text that is no schema is `:bad_schema`.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.{Problem, Registry}
  alias Outrigger.Events.Registry.Schema

  @type schema :: String.t() | Schema.t()
  @type incompatibility :: %{
          version: non_neg_integer,
          direction: :backward | :forward,
          path: String.t(),
          kind: String.t(),
          reason: String.t()
        }

  @levels ~w(none backward forward full backward_transitive forward_transitive full_transitive)a
  @formats [:avro, :json, :protobuf]
  @policies [:strict, :lenient]
  @shown 3

  @doc """
  Checks a new version against earlier ones, oldest first.
  """
  @spec check(schema, [schema], keyword) :: :ok | {:error, Error.t()}
  def check(new, earlier, options \\ []) when is_list(earlier) do
    ways = ways([new | earlier], options)

    case Native.events_compatible(ways, text(new), Enum.map(earlier, &text/1)) do
      {:ok, [], 0} -> :ok
      {:ok, found, more} -> {:error, incompatible(Enum.map(found, &found/1), more)}
      {:error, problem} -> {:error, Problem.error(problem)}
    end
  end

  @doc """
  Checks a new version against those that a registry has of a subject, by the rules here. A subject that is not there has no versions.
  """
  @spec check_subject(Registry.registry(), String.t(), schema, keyword) ::
          :ok | {:error, Error.t()}
  def check_subject(registry, subject, new, options \\ []) do
    with {:ok, versions} <- versions(registry, subject),
         {:ok, earlier} <- fetch(registry, subject, versions, []),
         do: check(new, earlier, options)
  end

  defp versions(registry, subject) do
    case Registry.versions(registry, subject) do
      {:error, %Error{reason: :unknown_subject}} -> {:ok, []}
      answer -> answer
    end
  end

  defp fetch(_registry, _subject, [], found), do: {:ok, Enum.reverse(found)}

  defp fetch(registry, subject, [version | versions], found) do
    with {:ok, schema} <- Registry.version(registry, subject, version),
         do: fetch(registry, subject, versions, [schema | found])
  end

  defp ways(schemas, options) do
    said =
      Enum.find_value(
        schemas,
        :avro,
        &with(%Schema{type: type} <- &1, do: type, else: (_ -> nil))
      )

    for {name, _value} = option <- options,
        name not in [:level, :format, :policy],
        do: bad(option)

    level = one_of(options, :level, @levels, :backward)
    format = one_of(options, :format, @formats, said)
    {format, Atom.to_string(level), one_of(options, :policy, @policies, :strict)}
  end

  defp one_of(options, name, values, default) do
    value = Keyword.get(options, name, default)
    if value in values, do: value, else: bad({name, value})
  end

  defp text(%Schema{text: text, references: references}),
    do: {text, for(reference <- references, do: {reference.name, reference.text})}

  defp text(text) when is_binary(text), do: {text, []}

  defp found({version, direction, path, kind, reason}),
    do: %{version: version, direction: direction, path: path, kind: kind, reason: reason}

  defp incompatible(found, more) do
    count = length(found) + more
    first = found |> Enum.take(@shown) |> Enum.map_join("; ", &"#{&1.path}: #{&1.reason}")
    rest = if count > @shown, do: "; and #{count - @shown} more", else: ""

    Error.new(
      :incompatible,
      "the schema is not compatible with earlier versions: #{first}#{rest}",
      %{
        incompatibilities: found,
        more: more
      }
    )
  end

  @spec bad(term) :: no_return
  defp bad(option) do
    raise ArgumentError,
          "Outrigger.Events.Compatibility has no option #{inspect(option)}: see its documentation for names and values"
  end
end
