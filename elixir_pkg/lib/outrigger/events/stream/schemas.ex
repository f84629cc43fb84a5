defmodule Outrigger.Events.Stream.Schemas do
  @moduledoc """
  The schemas that events were written with, found in a registry by the frames in front of them.

  Whoever publishes asks its own registry, and sends the schemas with the events: their text goes to the Rust node, which asks nobody, and what the NIF
  has made of it is for this node. Both are kept with the registry's cache, so a known frame costs no message to any process.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.{Problem, Registry}
  alias Outrigger.Events.Stream.Format

  @typedoc "What names a schema in a frame; a Protobuf message has a place in its file besides."
  @type frame :: Registry.Frame.ref() | {Registry.Frame.ref(), [non_neg_integer]}

  @typedoc "The text of a schema for others, and what it is here."
  @type t :: {binary, reference}

  @doc "The frames of an event. What is none is for the decoder to complain about."
  @spec frames(Format.framed(), Outrigger.Events.Stream.event()) :: [frame]
  def frames(framed, {key, value}) do
    if framed.format == :debezium,
      do: frame(:debezium, key) ++ frame(:debezium, value),
      else: frame(framed.format, value)
  end

  def frames(framed, value), do: frame(framed.format, value)

  defp frame(format, <<first, _rest::binary>> = bytes) when first in [0, 1] do
    case Registry.unframe(bytes) do
      {:ok, reference, body} when format == :protobuf -> message(reference, body)
      {:ok, reference, _body} -> [reference]
      {:error, _error} -> []
    end
  end

  defp frame(_format, _other), do: []

  defp message(reference, body) do
    case Native.events_protobuf_indexes(body) do
      {:ok, indexes, _length} -> [{reference, indexes}]
      {:error, _problem} -> []
    end
  end

  @doc "The schema of a frame."
  @spec find(Format.framed(), frame) :: {:ok, t} | {:error, Error.t()}
  def find(framed, frame) do
    make = fn -> make(framed, frame) end
    Registry.made(framed.registry, {__MODULE__, framed.mark, frame}, make)
  end

  defp make(framed, frame) do
    {reference, place} = place(frame)

    with {:ok, found} <- Registry.schema(framed.registry, reference),
         text = text(framed, found, reference, place),
         {:ok, schema} <- answer(Native.events_stream_schema(text)) do
      {:ok, {text, schema}, byte_size(text) + Registry.Schema.bytes(found)}
    end
  end

  defp place({{_kind, _name} = reference, indexes}), do: {reference, %{"message" => indexes}}
  defp place(reference), do: {reference, %{}}

  defp text(framed, found, reference, place) do
    references = for part <- found.references, do: [part.name || "", part.text]

    said =
      Format.schema(found.text, references)
      |> Map.merge(framed.text)
      |> Map.merge(place)
      |> Map.put("type", Atom.to_string(found.type))

    Registry.frame(reference, Format.text(said))
  end

  defp answer({:error, problem}), do: {:error, Problem.error(problem)}
  defp answer(good), do: good
end
