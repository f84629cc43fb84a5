defmodule Outrigger.Events.Registry.Resolve do
  @moduledoc """
  Follows the references of a schema, each once, and bounded in number, depth and bytes.
  """

  alias Outrigger.Error
  alias Outrigger.Events.Registry.{Cache, Schema, Source}

  @type known :: (Cache.key() -> Schema.t() | nil)

  @depth 32

  defstruct [:source, :known, :max, :max_bytes, bytes: 0, count: 0, seen: %{}]

  @doc """
  The schema of a key with all its references, and those by `{:version, subject, version}`, which are worth keeping as well.

  `known` gives what the cache has. More than `max` references, or `max_bytes` of text, are an error, and so is a cycle.
  """
  @spec run(Source.t(), Cache.key(), known, pos_integer, pos_integer) ::
          {:ok, Schema.t(), [{Cache.key(), Schema.t()}]} | {:error, Error.t()}
  def run({module, config} = source, key, known, max, max_bytes) do
    state = %__MODULE__{source: source, known: known, max: max, max_bytes: max_bytes}

    with {:ok, schema, references} <- module.fetch(config, key),
         {:ok, schema, state} <- follow(schema, references, own_path(schema), state) do
      {:ok, schema, Map.to_list(state.seen)}
    end
  end

  # A schema that was asked for by id does not say where it is registered, so a cycle back to it is seen one turn later.
  defp own_path(%{subject: nil}), do: []
  defp own_path(%{version: nil}), do: []
  defp own_path(schema), do: [{:version, schema.subject, schema.version}]

  defp follow(schema, references, path, state) do
    with {:ok, state} <- weigh(schema, state),
         {:ok, found, state} <- each(references, path, state, []) do
      {:ok, %{schema | references: Enum.uniq_by(found, &{&1.name, &1.subject, &1.version})},
       state}
    end
  end

  defp each([], _path, state, found), do: {:ok, Enum.concat(Enum.reverse(found)), state}

  defp each([reference | references], path, state, found) do
    with {:ok, state} <- count(state),
         {:ok, schema, state} <- one(reference, path, state) do
      own = %{schema | name: reference.name, references: []}
      each(references, path, state, [schema.references ++ [own] | found])
    end
  end

  defp one(%{subject: subject, version: version}, path, state) do
    key = {:version, subject, version}

    cond do
      key in path ->
        bad("its references go in a circle: #{circle([key | path])}")

      length(path) > @depth ->
        bad("its references are more than #{@depth} deep")

      schema = state.seen[key] ->
        {:ok, schema, state}

      schema = state.known.(key) ->
        {:ok, schema, %{state | seen: Map.put(state.seen, key, schema)}}

      true ->
        fetch(key, path, state)
    end
  end

  defp fetch(key, path, %{source: {module, config}} = state) do
    with {:ok, schema, references} <- module.fetch(config, key),
         {:ok, schema, state} <- follow(schema, references, [key | path], state) do
      {:ok, schema, %{state | seen: Map.put(state.seen, key, schema)}}
    end
  end

  # Each that a text names, also where two name the same: so the flat list is bounded as well.
  defp count(%{count: count, max: max}) when count >= max,
    do: bad("it has more than #{max} references: raise option :references if it is wanted")

  defp count(state), do: {:ok, %{state | count: state.count + 1}}

  defp weigh(schema, state) do
    bytes = state.bytes + byte_size(schema.text)

    if bytes > state.max_bytes,
      do:
        bad(
          "it and its references have more than #{state.max_bytes} bytes: raise option :max_bytes if they are wanted"
        ),
      else: {:ok, %{state | bytes: bytes}}
  end

  defp circle(path) do
    path
    |> Enum.reverse()
    |> Enum.map_join(" -> ", fn {:version, subject, version} -> "#{subject} #{version}" end)
  end

  defp bad(problem),
    do:
      {:error,
       Error.new(:bad_schema, "the registry has a schema that cannot be used: #{problem}")}
end
