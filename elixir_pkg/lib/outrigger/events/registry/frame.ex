defmodule Outrigger.Events.Registry.Frame do
  @moduledoc """
  The bytes that say which schema a payload was written with, as Confluent's serializers put them.

  In front of the payload: a zero byte and the id in four bytes, big endian. In a header of the message
  (`__key_schema_id`, `__value_schema_id`): the same, or a byte 1 and the 16 bytes of the schema's GUID, with the payload apart; a GUID
  in front of the payload is read as well. Protobuf payloads go on with message indexes, which belong to the payload here.

      iex> alias Outrigger.Events.Registry.Frame
      iex> framed = Frame.frame(7, "payload")
      <<0, 0, 0, 0, 7, "payload">>
      iex> Frame.unframe(framed)
      {:ok, {:id, 7}, "payload"}
      iex> header = Frame.frame("89791762-2336-186f-9674-299b90a8e2d8", "")
      iex> Frame.unframe(header)
      {:ok, {:guid, "89791762-2336-186f-9674-299b90a8e2d8"}, ""}
  """

  alias Outrigger.Error

  @typedoc "What names a schema for good."
  @type ref :: {:id, 0..0xFFFFFFFF} | {:guid, String.t()}

  @doc "Puts the id, or the GUID, in front of a payload. A GUID that is none raises `ArgumentError`."
  @spec frame(0..0xFFFFFFFF | String.t() | ref, binary) :: binary
  def frame({:id, id}, payload), do: frame(id, payload)
  def frame({:guid, guid}, payload), do: frame(guid, payload)

  def frame(id, payload) when is_integer(id) and id in 0..0xFFFFFFFF,
    do: <<0, id::32, payload::binary>>

  def frame(guid, payload) when is_binary(guid) do
    case bytes(guid) do
      {:ok, bytes} -> <<1, bytes::binary-16, payload::binary>>
      :error -> raise ArgumentError, "#{inspect(guid)} is no GUID: 32 hexadecimal digits"
    end
  end

  @doc """
  Reads the id, or the GUID, and the payload, which refers to the bytes given.

  Errors have the reason `:not_framed`, and the first byte in `details`: the payload was not written with a registry, or by other means.
  """
  @spec unframe(binary) :: {:ok, ref, binary} | {:error, Error.t()}
  def unframe(<<0, id::32, payload::binary>>), do: {:ok, {:id, id}, payload}
  def unframe(<<1, guid::binary-16, payload::binary>>), do: {:ok, {:guid, text(guid)}, payload}

  def unframe(<<first, _rest::binary>>) do
    {:error,
     Error.new(
       :not_framed,
       "the payload does not start with the id of a schema (0 and 4 bytes) or a GUID (1 and 16 bytes): it was cut short, or " <>
         "its producer does not use a registry",
       %{first: first}
     )}
  end

  def unframe(<<>>), do: {:error, Error.new(:not_framed, "the payload is empty", %{first: nil})}

  @doc "The lower-case form of a GUID with its hyphens, or `:error`."
  @spec guid(String.t()) :: {:ok, String.t()} | :error
  def guid(guid), do: with({:ok, bytes} <- bytes(guid), do: {:ok, text(bytes)})

  defp bytes(guid) do
    case guid |> String.replace("-", "") |> Base.decode16(case: :mixed) do
      {:ok, <<bytes::binary-16>>} -> {:ok, bytes}
      _other -> :error
    end
  end

  @doc false
  def text(<<bytes::binary-16>>) do
    <<a::binary-8, b::binary-4, c::binary-4, d::binary-4, e::binary-12>> =
      Base.encode16(bytes, case: :lower)

    "#{a}-#{b}-#{c}-#{d}-#{e}"
  end
end
