defmodule Outrigger.Doctor.Json do
  @moduledoc """
  Writes JSON: maps, keyword lists (objects in their own order), lists, strings, atoms and numbers. RFC 8259.

  Elixir has an encoder of its own from 1.18 on; this package supports 1.14. Bytes that are not UTF-8 become U+FFFD.

  ## Example

      iex> IO.iodata_to_binary(Outrigger.Doctor.Json.encode(a: [1, nil, "x"]))
      ~S({"a":[1,null,"x"]})
  """

  @doc "A term as JSON text."
  @spec encode(term) :: iodata
  def encode(nil), do: "null"
  def encode(value) when is_boolean(value), do: Atom.to_string(value)
  def encode(value) when is_atom(value), do: string(Atom.to_string(value))
  def encode(value) when is_integer(value), do: Integer.to_string(value)
  def encode(value) when is_float(value), do: Float.to_string(value)
  def encode(value) when is_binary(value), do: string(value)
  def encode(value) when is_map(value), do: object(value)
  def encode([{key, _value} | _] = value) when is_atom(key), do: object(value)
  def encode(value) when is_list(value), do: [?[, join(Enum.map(value, &encode/1)), ?]]

  defp object(pairs) do
    members = Enum.map(pairs, fn {key, value} -> [string(to_string(key)), ?:, encode(value)] end)
    [?{, join(members), ?}]
  end

  defp join(parts), do: Enum.intersperse(parts, ?,)

  defp string(text), do: [?", escape(text, []), ?"]

  defp escape("", done), do: Enum.reverse(done)
  defp escape(<<?", rest::binary>>, done), do: escape(rest, ["\\\"" | done])
  defp escape(<<?\\, rest::binary>>, done), do: escape(rest, ["\\\\" | done])
  defp escape(<<?\n, rest::binary>>, done), do: escape(rest, ["\\n" | done])
  defp escape(<<?\t, rest::binary>>, done), do: escape(rest, ["\\t" | done])

  defp escape(<<char, rest::binary>>, done) when char < 0x20 or char == 0x7F do
    escape(rest, ["\\u" <> String.pad_leading(Integer.to_string(char, 16), 4, "0") | done])
  end

  defp escape(<<char::utf8, rest::binary>>, done), do: escape(rest, [<<char::utf8>> | done])
  defp escape(<<_byte, rest::binary>>, done), do: escape(rest, ["\uFFFD" | done])
end
