defmodule Outrigger.Events.JSON.Encoder do
  @moduledoc false

  # Terms as JSON, in iodata. What JSON has no form for is thrown as `{:unencodable, path, problem}`.

  @type path :: [String.t() | non_neg_integer]

  @calendar [Date, Time, NaiveDateTime, DateTime]

  @spec encode(term) :: {:ok, iodata} | {:error, {path, String.t()}}
  def encode(term) do
    {:ok, value(term, [])}
  catch
    {:unencodable, path, problem} -> {:error, {Enum.reverse(path), problem}}
  end

  defp value(nil, _path), do: "null"
  defp value(true, _path), do: "true"
  defp value(false, _path), do: "false"
  defp value(atom, path) when is_atom(atom), do: string(Atom.to_string(atom), path)
  defp value(number, _path) when is_integer(number), do: Integer.to_string(number)
  # The shortest text that reads as the same float.
  defp value(float, _path) when is_float(float), do: :erlang.float_to_binary(float, [:short])
  defp value(string, path) when is_binary(string), do: string(string, path)
  defp value([], _path), do: "[]"
  defp value(list, path) when is_list(list), do: [?[, elements(list, 0, path), ?]]

  defp value(%{__struct__: Decimal, coef: coef} = decimal, path), do: decimal(decimal, coef, path)

  defp value(%module{} = time, _path) when module in @calendar,
    do: [?", module.to_iso8601(time), ?"]

  defp value(%module{}, path),
    do:
      throw(
        {:unencodable, path,
         "a #{inspect(module)} struct has no form in JSON, make a map of it first"}
      )

  defp value(map, _path) when map == %{}, do: "{}"
  defp value(map, path) when is_map(map), do: [?{, pairs(Map.to_list(map), path), ?}]

  defp value(other, path),
    do: throw({:unencodable, path, "#{inspect(other, limit: 5)} has no form in JSON"})

  defp elements([last], place, path), do: [value(last, [place | path])]

  defp elements([element | rest], place, path) when is_list(rest),
    do: [value(element, [place | path]), ?, | elements(rest, place + 1, path)]

  defp elements(_improper, place, path),
    do: throw({:unencodable, [place | path], "the list has no proper end"})

  defp pairs([pair], path), do: [pair(pair, path)]
  defp pairs([pair | rest], path), do: [pair(pair, path), ?, | pairs(rest, path)]

  defp pair({key, value}, path) do
    name = name(key, path)
    path = [name | path]
    [string(name, path), ?:, value(value, path)]
  end

  defp name(key, _path) when is_binary(key), do: key
  defp name(key, _path) when is_atom(key), do: Atom.to_string(key)
  defp name(key, _path) when is_integer(key), do: Integer.to_string(key)

  defp name(key, path),
    do: throw({:unencodable, path, "the key #{inspect(key, limit: 5)} has no form in JSON"})

  defp decimal(decimal, coef, path) when not is_integer(coef),
    do:
      throw(
        {:unencodable, path,
         "the decimal #{coef}#{if decimal.sign < 0, do: ", negative,"} has no form in JSON"}
      )

  defp decimal(%{sign: sign, exp: exp}, coef, _path) do
    digits = Integer.to_string(coef)
    sign = if sign < 0, do: "-", else: ""

    cond do
      exp == 0 -> [sign, digits]
      exp > 0 or exp < -40 -> [sign, digits, ?E, Integer.to_string(exp)]
      true -> [sign | point(String.pad_leading(digits, 1 - exp, "0"), exp)]
    end
  end

  defp point(digits, exp) do
    {whole, fraction} = String.split_at(digits, exp)
    [whole, ?., fraction]
  end

  defp string(text, path) do
    case escape(text, text, 0, 0, []) do
      :invalid -> throw({:unencodable, path, "#{inspect(text, limit: 20)} is not UTF-8"})
      escaped -> [?", escaped, ?"]
    end
  end

  # `text` from `from` on stands for itself for `length` bytes; `rest` is what follows them.
  defp escape(<<>>, text, from, length, done),
    do: Enum.reverse([binary_part(text, from, length) | done])

  defp escape(<<char, rest::binary>>, text, from, length, done)
       when char < 0x20 or char in [?", ?\\] do
    done = [escaped(char), binary_part(text, from, length) | done]
    escape(rest, text, from + length + 1, 0, done)
  end

  defp escape(<<char, rest::binary>>, text, from, length, done) when char < 0x80,
    do: escape(rest, text, from, length + 1, done)

  defp escape(<<char::utf8, rest::binary>>, text, from, length, done),
    do: escape(rest, text, from, length + byte_size(<<char::utf8>>), done)

  defp escape(_other, _text, _from, _length, _done), do: :invalid

  defp escaped(?"), do: "\\\""
  defp escaped(?\\), do: "\\\\"
  defp escaped(?\n), do: "\\n"
  defp escaped(?\r), do: "\\r"
  defp escaped(?\t), do: "\\t"
  defp escaped(char), do: ["\\u00", Base.encode16(<<char>>, case: :lower)]
end
