defmodule Outrigger.Events.Registry.Writers do
  @moduledoc """
  What decoders have made of a registry's schemas: a table of the NIF, by the ids and GUIDs that stand in frames.

  A decoder that meets a frame whose schema is not there says so and is called again when it is. The table is bounded; what goes out
  of it is read again from what the registry's cache has.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.{Problem, Registry}
  alias Outrigger.Events.Registry.{Frame, Schema}

  @typedoc "A table, or `nil` where the NIF is not loaded."
  @type t :: reference | nil

  @typedoc "What a frame says, as the NIF reads it."
  @type key :: {:id, non_neg_integer} | {:guid, <<_::128>>}

  @spec new() :: t
  def new, do: if(Native.status() == :ok, do: Native.events_writers())

  @doc "Gets the schema of a key from the registry and enters it."
  @spec learn(atom, t, key) :: :ok | {:error, Error.t()}
  def learn(registry, writers, key) do
    with {:ok, schema} <- Registry.schema(registry, reference(key)),
         do: enter(schema, writers, key)
  end

  defp reference({:guid, bytes}), do: {:guid, Frame.text(bytes)}
  defp reference(id), do: id

  # Each reference comes after those that it needs itself.
  defp enter(%Schema{type: :avro} = schema, writers, key) do
    parts = Enum.map(schema.references, & &1.text) ++ [schema.text]

    with {:ok, [whole | _parts]} <- Enum.reduce_while(parts, {:ok, []}, &read/2),
         :ok <- answer(Native.events_writers_avro(writers, key, whole)),
         do: :ok
  end

  defp enter(%Schema{type: :json}, writers, key), do: Native.events_writers_json(writers, key)

  defp enter(%Schema{type: :protobuf} = schema, writers, key) do
    imports = Enum.map(schema.references, &{&1.name, &1.text})

    with {:ok, file} <-
           answer(Native.events_protobuf_compile(schema.text, "schema.proto", imports)),
         do: Native.events_writers_protobuf(writers, key, file)
  end

  defp read(text, {:ok, known}) do
    case answer(Native.events_avro_schema(text, Enum.reverse(known))) do
      {:ok, schema} -> {:cont, {:ok, [schema | known]}}
      {:error, error} -> {:halt, {:error, error}}
    end
  end

  defp answer({:error, problem}), do: {:error, Problem.error(problem)}
  defp answer(good), do: good
end
