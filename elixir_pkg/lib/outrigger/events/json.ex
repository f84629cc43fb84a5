defmodule Outrigger.Events.JSON do
  @moduledoc """
  JSON documents as terms: strict (RFC 8259), exact, and made in one pass.

      iex> Outrigger.Events.JSON.decode(~s({"id": 18446744073709551616, "tags": ["a", null]}))
      {:ok, %{"id" => 18446744073709551616, "tags" => ["a", nil]}}

  Objects are maps, arrays are lists, `null` is `nil`. An integer is exact at any size, and `-0` is `0`. A number with a fraction
  or an exponent is the nearest float, or with `floats: :decimals` a `Decimal` struct with every digit.

  ## Options

    * `:keys` - `:strings` (default), `:existing_atoms` (a key that is no atom yet is an error) or `:atoms`. Atoms are never freed:
      take `:atoms` for documents whose keys you know;
    * `:floats` - `:native` (default) or `:decimals`. The struct is made whether or not the `decimal` library is there;
    * `:strings` - `:copy` (default) or `:reference`. A string that refers to its document costs no copy, and keeps the whole document
      in memory as long as it lives;
    * `:duplicate_keys` - `:last` (default), `:first` or `:error`;
    * `:max_bytes` (64 MiB), `:max_depth` (512) and `:max_digits` (1,024) bound what is taken on.

  ## Errors

  `{:error, error}` with an `Outrigger.Error`:

    * `:malformed` - `details` has the byte `:offset` and the `:path` (`"$.payload.after[2]"`) of what cannot be;
    * `:too_large` - more than a bound; `details` has `:what`, `:limit` and `:offset`;
    * `:unknown_key` - with `keys: :existing_atoms`.

  An option that there is not raises `ArgumentError`.

  ## Schedulers

  A document of up to 32 KiB is decoded on the scheduler that asks, well within a millisecond, and so is a list of up to 512 KiB, 16 KiB of it
  at a time. What is larger, a list with an element beyond 16 KiB, and what is small and becomes very much (thousands of decimals, a map
  of thousands of keys) goes to a dirty scheduler; going there costs as much as decoding some kilobytes.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.{Options, Problem}
  alias Outrigger.Events.JSON.Encoder

  @typedoc "An option of `decode/2`."
  @type option ::
          {:keys, :strings | :existing_atoms | :atoms}
          | {:floats, :native | :decimals}
          | {:strings, :copy | :reference}
          | {:duplicate_keys, :last | :first | :error}
          | {:max_bytes | :max_depth | :max_digits, pos_integer}

  # Where the worst of documents takes less than a millisecond.
  @normal 32_768
  # A longer list takes too long to be looked over for what is no UTF-8.
  @list 524_288

  @doc """
  Decodes one document.

      iex> {:error, error} = Outrigger.Events.JSON.decode(~s({"a": [1, x]}))
      iex> {error.reason, error.details}
      {:malformed, %{offset: 10, path: "$.a[1]"}}
  """
  @spec decode(binary, [option]) :: {:ok, term} | {:error, Error.t()}
  def decode(document, options \\ [])

  def decode(document, []) when is_binary(document), do: run(document, 0, nil)

  def decode(document, options) when is_binary(document) and is_list(options) do
    {flags, bounds} = Options.read(options, "Outrigger.Events.JSON.decode/2")
    run(document, flags, bounds)
  end

  @doc """
  Like `decode/2`, and raises `Outrigger.Error`.

      iex> Outrigger.Events.JSON.decode!("[1.50]", floats: :decimals)
      [%{__struct__: Decimal, sign: 1, coef: 150, exp: -2}]
  """
  @spec decode!(binary, [option]) :: term
  def decode!(document, options \\ []) do
    case decode(document, options) do
      {:ok, term} -> term
      {:error, error} -> raise error
    end
  end

  @doc """
  Encodes a term as one binary: what this package emits, and what `decode/2` makes.

      iex> Outrigger.Events.JSON.encode(%{"id" => 1, "at" => ~U[2026-11-21 12:00:00Z], "tags" => [nil, :a, 1.5]})
      {:ok, ~s({"at":"2026-11-21T12:00:00Z","id":1,"tags":[null,"a",1.5]})}

  Maps have strings, atoms or integers for keys. Dates and times become ISO 8601 strings, and a `Decimal` a number with all its digits. A
  term that JSON has no form for is an error with the reason `:unencodable` and its `:path`; so is a string that is not UTF-8.
  """
  @spec encode(term) :: {:ok, binary} | {:error, Error.t()}
  def encode(term) do
    case Encoder.encode(term) do
      {:ok, json} -> {:ok, IO.iodata_to_binary(json)}
      {:error, {path, problem}} -> {:error, unencodable(path, problem)}
    end
  end

  @doc """
  Like `encode/1`, and raises `Outrigger.Error`.
  """
  @spec encode!(term) :: binary
  def encode!(term) do
    case encode(term) do
      {:ok, json} -> json
      {:error, error} -> raise error
    end
  end

  defp unencodable(path, problem),
    do: Error.new(:unencodable, "#{problem} (at #{inspect(path)})", %{path: path})

  defp run(document, flags, bounds) when byte_size(document) <= @normal do
    case Native.events_json(document, flags, bounds) do
      :dirty -> answer(Native.events_json_dirty(document, flags, bounds))
      decoded -> answer(decoded)
    end
  end

  # A list is decoded here a portion at a time, so that others get their turn in between. Going to a dirty scheduler and back costs more.
  defp run(<<?[, _::binary>> = document, flags, bounds) when byte_size(document) <= @list,
    do: list(document, flags, bounds, nil, [])

  defp run(document, flags, bounds), do: answer(Native.events_json_dirty(document, flags, bounds))

  defp list(document, flags, bounds, from, read) do
    case Native.events_json_portion(document, flags, bounds, from) do
      {:more, elements, from} -> list(document, flags, bounds, from, [elements | read])
      {:done, elements} -> {:ok, [elements | read] |> Enum.reverse() |> Enum.concat()}
      :whole -> answer(Native.events_json_dirty(document, flags, bounds))
      {:error, problem} -> answer({:error, problem})
    end
  end

  defp answer({:ok, _term} = decoded), do: decoded
  defp answer({:error, problem}), do: {:error, Problem.error(problem)}
end
