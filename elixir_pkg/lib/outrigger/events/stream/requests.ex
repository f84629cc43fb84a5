defmodule Outrigger.Events.Stream.Requests do
  @moduledoc """
  A list of events, cut into what is sent as one: so many events, and the schemas behind their frames.

  ## Invariants

    * The order of the events is that of the requests and of the events in them.
    * A request has all schemas that its events need. An event whose schema is not to be had is a request of its own, with the reason.
    * At most 128 events, and 1 MiB with their schemas unless it is one event.
  """

  alias Outrigger.Error
  alias Outrigger.Events.Stream.{Format, Schemas}

  @type event :: Outrigger.Events.Stream.event()
  @type t :: {:events, [event, ...], [Schemas.t()]} | {:letter, event, Error.t()}

  @most 128
  @bytes 1_048_576

  @spec cut([event], Format.framed() | nil) :: [t]
  def cut(events, framed), do: cut(events, framed, %{}, empty(), [])

  # Events, their number, their bytes, and their schemas by frame.
  defp empty, do: {[], 0, 0, %{}}

  defp cut([], _framed, _found, request, requests), do: Enum.reverse(close(request, requests))

  defp cut([event | events], framed, found, request, requests) do
    size = size(event)

    case schemas(event, framed, found) do
      {:ok, schemas, found} ->
        {request, requests} = add(event, size, schemas, request, requests)
        cut(events, framed, found, request, requests)

      {:error, error, found} ->
        requests = [{:letter, event, error} | close(request, requests)]
        cut(events, framed, found, empty(), requests)
    end
  end

  defp add(event, size, schemas, {events, count, bytes, known} = request, requests) do
    size = size + bytes_of(schemas, known)

    if count == @most or (count > 0 and bytes + size > @bytes),
      do: add(event, size(event), schemas, empty(), close(request, requests)),
      else: {{[event | events], count + 1, bytes + size, Map.merge(known, schemas)}, requests}
  end

  defp close({[], _count, _bytes, _schemas}, requests), do: requests

  defp close({events, _count, _bytes, schemas}, requests),
    do: [{:events, Enum.reverse(events), Map.values(schemas)} | requests]

  defp bytes_of(schemas, known) do
    for {frame, {text, _reference}} <- schemas, not is_map_key(known, frame), reduce: 0 do
      bytes -> bytes + byte_size(text)
    end
  end

  defp schemas(_event, nil, found), do: {:ok, %{}, found}

  defp schemas(event, framed, found) do
    Enum.reduce_while(Schemas.frames(framed, event), {:ok, %{}, found}, fn frame,
                                                                           {:ok, all, found} ->
      found = Map.put_new_lazy(found, frame, fn -> Schemas.find(framed, frame) end)

      case found[frame] do
        {:ok, schema} -> {:cont, {:ok, Map.put(all, frame, schema), found}}
        {:error, error} -> {:halt, {:error, error, found}}
      end
    end)
  end

  @doc "The bytes of an event. Raises for what is none."
  @spec size(event) :: non_neg_integer
  def size(nil), do: 0
  def size(bytes) when is_binary(bytes), do: byte_size(bytes)

  def size({key, value}) when not is_tuple(key) and not is_tuple(value),
    do: size(key) + size(value)

  def size(other) do
    raise ArgumentError,
          "an event is a binary, nil or {key, value} of these, got: #{inspect(other, limit: 5)}"
  end
end
