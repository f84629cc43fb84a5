defmodule Outrigger.Events.Options do
  @moduledoc false

  # Options of JSON documents as the NIF takes them: flags, and bounds if one is not the default.

  import Bitwise

  @bounds {67_108_864, 512, 1_024}
  @places %{max_bytes: 0, max_depth: 1, max_digits: 2}

  @flags %{
    {:keys, :strings} => 0,
    {:keys, :existing_atoms} => 1,
    {:keys, :atoms} => 2,
    {:floats, :native} => 0,
    {:floats, :decimals} => 4,
    {:strings, :copy} => 0,
    {:strings, :reference} => 8,
    {:duplicate_keys, :last} => 0,
    {:duplicate_keys, :first} => 16,
    {:duplicate_keys, :error} => 32
  }

  @type bounds :: {pos_integer, pos_integer, pos_integer} | nil

  @doc "Raises `ArgumentError` for what is no option of `function`."
  @spec read(keyword, String.t()) :: {non_neg_integer, bounds}
  def read(options, function), do: Enum.reduce(options, {0, nil}, &option(&1, &2, function))

  defp option({name, value}, {flags, bounds}, _function)
       when is_map_key(@places, name) and is_integer(value) and value > 0,
       do: {flags, put_elem(bounds || @bounds, @places[name], value)}

  defp option(option, {flags, bounds}, _function) when is_map_key(@flags, option),
    do: {flags ||| @flags[option], bounds}

  defp option(other, _read, function) do
    raise ArgumentError,
          "#{function} has no option #{inspect(other)}: see its documentation for names and values"
  end
end
