defmodule Outrigger.Events.Avro do
  @moduledoc """
  Avro (specification 1.12): data in the schema of its writer, decoded as the schema of the reader wants it.

      iex> alias Outrigger.Events.Avro
      iex> written = Avro.schema!(~s({"type": "record", "name": "User", "fields": [{"name": "id", "type": "int"}]}))
      iex> wanted = Avro.schema!(~s({"type": "record", "name": "User", "fields": [
      ...>   {"name": "id", "type": "long"}, {"name": "plan", "type": "string", "default": "free"}]}))
      iex> plan = Avro.plan!(written, wanted)
      iex> Avro.decode(Avro.encode!(%{"id" => 7}, written), plan)
      {:ok, %{"id" => 7, "plan" => "free"}}

  A schema is read once and a plan made once of a pair of them; both are for any number of processes.

  Records and maps are maps with strings for keys, enums are strings. Logical types become `Decimal`, `Date`, `Time`, `NaiveDateTime`
  and `DateTime` structs; what these cannot hold without rounding is an `Outrigger.Events.Moment`. The same goes the other way.
  A float that the VM does not have is told as `:NaN`, `:inf` or `:"-inf"`.

  ## Errors

  `{:error, error}` with an `Outrigger.Error`: `:bad_schema`, `:incompatible` (a reader that cannot read what the writer says), `:malformed`
  with byte `:offset` and `:path`, `:too_large` (see the bounds of `Outrigger.Events.JSON`), and `:bad_value` for what cannot be encoded.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.{Options, Plain, Problem}

  defmodule Schema do
    @moduledoc """
    A schema that was read, see `Outrigger.Events.Avro.schema/2`.

    `text` is what it was read from, `canonical` its Parsing Canonical Form, `fingerprint` the CRC-64-AVRO of that, and `sha256` the other one.
    """
    @enforce_keys [:reference, :text, :canonical, :fingerprint, :sha256]
    defstruct [:reference, :text, :canonical, :fingerprint, :sha256]

    @type t :: %__MODULE__{
            reference: reference,
            text: String.t(),
            canonical: String.t(),
            fingerprint: non_neg_integer,
            sha256: <<_::256>>
          }
  end

  defmodule Plan do
    @moduledoc "How data of one schema is read as another wants it, see `Outrigger.Events.Avro.plan/2`."
    @enforce_keys [:reference]
    defstruct [:reference]

    @type t :: %__MODULE__{reference: reference}
  end

  # What a normal scheduler takes on in one call.
  @normal 32_768
  # The same of a term, in the external format.
  @term 8_192

  @doc """
  Reads a schema. `references` are schemas whose named types it uses, each after those that it uses itself.
  """
  @spec schema(String.t(), references: [Schema.t()]) :: {:ok, Schema.t()} | {:error, Error.t()}
  def schema(text, options \\ []) when is_binary(text) do
    references =
      for %Schema{reference: reference} <- Keyword.get(options, :references, []), do: reference

    with {:ok, reference} <- answer(Native.events_avro_schema(text, references)) do
      {canonical, fingerprint, sha256} = Native.events_avro_identity(reference)

      {:ok,
       %Schema{
         reference: reference,
         text: text,
         canonical: canonical,
         fingerprint: fingerprint,
         sha256: sha256
       }}
    end
  end

  @doc "Like `schema/2`, and raises `Outrigger.Error`."
  @spec schema!(String.t(), references: [Schema.t()]) :: Schema.t()
  def schema!(text, options \\ []), do: bang(schema(text, options))

  @doc """
  How data of `writer` is read as `reader` wants it, or as it was written.
  """
  @spec plan(Schema.t(), Schema.t() | nil) :: {:ok, Plan.t()} | {:error, Error.t()}
  def plan(%Schema{} = writer, reader \\ nil) do
    with {:ok, reference} <-
           answer(Native.events_avro_plan(writer.reference, reader && reader.reference)),
         do: {:ok, %Plan{reference: reference}}
  end

  @doc "Like `plan/2`, and raises `Outrigger.Error`."
  @spec plan!(Schema.t(), Schema.t() | nil) :: Plan.t()
  def plan!(writer, reader \\ nil), do: bang(plan(writer, reader))

  @doc """
  Decodes one datum, which is all of `bytes`. `options` are those of `Outrigger.Events.JSON.decode/2` that say what keys and strings become,
  and its bounds.
  """
  @spec decode(binary, Plan.t(), keyword) :: {:ok, term} | {:error, Error.t()}
  def decode(bytes, plan, options \\ [])

  def decode(bytes, %Plan{reference: plan}, []) when is_binary(bytes),
    do: run(plan, bytes, 0, nil)

  def decode(bytes, %Plan{reference: plan}, options) when is_binary(bytes) do
    {flags, bounds} = Options.read(options, "Outrigger.Events.Avro.decode/3")
    run(plan, bytes, flags, bounds)
  end

  @doc "Like `decode/3`, and raises `Outrigger.Error`."
  @spec decode!(binary, Plan.t(), keyword) :: term
  def decode!(bytes, plan, options \\ []), do: bang(decode(bytes, plan, options))

  @doc """
  Encodes a term as one datum. Maps have strings or atoms for keys. A union takes the branch that fits exactly, else the first that fits.
  """
  @spec encode(term, Schema.t()) :: {:ok, binary} | {:error, Error.t()}
  def encode(term, %Schema{reference: schema}) do
    with {:ok, plain} <- Plain.of(term) do
      with true <- :erlang.external_size(plain) <= @term,
           encoded when encoded != :dirty <- Native.events_avro_encode(schema, plain) do
        answer(encoded)
      else
        _large -> answer(Native.events_avro_encode_dirty(schema, plain))
      end
    end
  end

  @doc "Like `encode/2`, and raises `Outrigger.Error`."
  @spec encode!(term, Schema.t()) :: binary
  def encode!(term, schema), do: bang(encode(term, schema))

  @doc """
  Encodes a term as a single object: with the fingerprint of its schema in front.
  """
  @spec encode_single(term, Schema.t()) :: {:ok, binary} | {:error, Error.t()}
  def encode_single(term, %Schema{fingerprint: fingerprint} = schema) do
    with {:ok, datum} <- encode(term, schema),
         do: {:ok, <<0xC3, 0x01, fingerprint::64-little, datum::binary>>}
  end

  @doc """
  The fingerprint of a single object's schema, and its datum.

      iex> Outrigger.Events.Avro.split_single(<<0xC3, 0x01, 5::64-little, "datum">>)
      {:ok, 5, "datum"}
  """
  @spec split_single(binary) :: {:ok, non_neg_integer, binary} | {:error, Error.t()}
  def split_single(<<0xC3, 0x01, fingerprint::64-little, datum::binary>>),
    do: {:ok, fingerprint, datum}

  def split_single(_other) do
    {:error,
     Error.new(
       :malformed,
       "the bytes are no Avro single object: these begin with C3 01 and a fingerprint",
       %{
         offset: 0,
         path: "$"
       }
     )}
  end

  defp run(plan, bytes, flags, bounds) when byte_size(bytes) <= @normal do
    case Native.events_avro_decode(plan, bytes, flags, bounds) do
      :dirty -> answer(Native.events_avro_decode_dirty(plan, bytes, flags, bounds))
      decoded -> answer(decoded)
    end
  end

  defp run(plan, bytes, flags, bounds),
    do: answer(Native.events_avro_decode_dirty(plan, bytes, flags, bounds))

  defp answer({:ok, _result} = good), do: good
  defp answer({:error, problem}), do: {:error, Problem.error(problem)}

  defp bang({:ok, result}), do: result
  defp bang({:error, error}), do: raise(error)
end
