defmodule Outrigger.Events.Protobuf do
  @moduledoc """
  Protobuf messages of a file that is known at run time: no generated modules.

      iex> alias Outrigger.Events.Protobuf
      iex> schema = Protobuf.compile!(~s(syntax = "proto3"; package shop;
      ...>   message Order { int64 id = 1; repeated string tags = 2; optional string note = 3; }))
      iex> order = Protobuf.message!(schema, "shop.Order")
      iex> bytes = Protobuf.encode!(%{id: 7, tags: ["new"]}, order)
      <<8, 7, 18, 3, "new">>
      iex> Protobuf.decode(bytes, order)
      {:ok, %{"id" => 7, "tags" => ["new"], "note" => nil}}

  A file is read once and a message looked up once; both are for any number of processes. Behind a registry `decode_framed/3` does
  all of that, and keeps it.

  ## What becomes what

  | Protobuf | Elixir |
  | --- | --- |
  | message, group | a map with the names of the file as keys; an extension is `"[package.name]"` |
  | whole numbers, `bool`, `string`, `bytes` | integers, booleans, binaries |
  | `float`, `double` | floats, or `:NaN`, `:inf`, `:"-inf"` |
  | enum | its name; a number without a name stays a number |
  | `repeated`, `map` | a list, a map with keys of their type |
  | `Timestamp`, `google.type.Date` and `TimeOfDay` | `DateTime`, `Date`, `Time`, or an `Outrigger.Events.Moment` for what these cannot hold |
  | `Duration` | an `Outrigger.Events.Moment` of the kind `:duration` |
  | `confluent.type.Decimal` | a `Decimal` |
  | wrappers (`Int64Value`, …) | what they wrap, or `nil` |
  | `Struct`, `Value`, `ListValue` | what JSON has |
  | `Any` | the map of its URL and bytes |

  The same goes the other way; a map may have atoms for keys, and `nil` is a field that is not there.

  ## Fields that are not there

  By default every field is in the map: a `proto3` field without `optional` is its zero, a repeated field `[]`, a map `%{}`, a field
  with a declared default that default, and any other one `nil`. Of a `oneof` only the field that is set is there, and extensions only if
  they are. With `defaults: :none` the map has what was sent.

  ## Fields that are there twice

  Elements of a repeated field are collected, messages are merged, and of all others the last one counts, as the specification says.

  ## Errors

  `{:error, error}` with an `Outrigger.Error`: `:bad_schema`, `:malformed` with byte `:offset` and `:path`, also for a required field that is
  missing and for bytes that were written with another schema; `:too_large` (see the bounds of `Outrigger.Events.JSON`); `:unknown_key` with
  `keys: :existing_atoms`; and `:bad_value` for what cannot be encoded.

  ## Limits

  `proto2` and `proto3`, no editions. 200 levels of messages, lists and maps at the most, whatever `:max_depth` is; other readers take
  100 messages inside each other.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.{Options, Plain, Problem, Registry}

  defmodule Schema do
    @moduledoc "A file that was read with all that it imports, see `Outrigger.Events.Protobuf.compile/2`."
    @enforce_keys [:reference]
    defstruct [:reference]

    @type t :: %__MODULE__{reference: reference}
  end

  defmodule Message do
    @moduledoc """
    A message of a file, see `Outrigger.Events.Protobuf.message/3`.

    `name` is its full name, `indexes` its place in the file, as a registry's frame has it; `nil` for a message of an imported file.
    """
    @enforce_keys [:reference, :name, :indexes]
    defstruct [:reference, :name, :indexes]

    @type t :: %__MODULE__{
            reference: reference,
            name: String.t(),
            indexes: [non_neg_integer] | nil
          }
  end

  # What a normal scheduler takes on in one call.
  @normal 16_384
  # The same of a term, in the external format.
  @term 8_192

  @ways %{
    {:defaults, :all} => {0, true},
    {:defaults, :none} => {0, false},
    {:unknown, :drop} => {1, false},
    {:unknown, :keep} => {1, true},
    {:well_known, :values} => {2, true},
    {:well_known, :messages} => {2, false}
  }
  @default_ways {true, false, true}

  @doc """
  Reads a `.proto` file.

    * `:imports` - the texts of the files that it imports, and of those that these do, by the names that they are imported by: a
      map or pairs. `google/protobuf/*.proto` are there, and so is what Kafka Connect's converter imports: `google/type/date.proto`,
      `google/type/timeofday.proto`, `confluent/type/decimal.proto` and `confluent/meta.proto`.
    * `:name` - what the file is called in errors, and by others that import it.
  """
  @spec compile(String.t(), imports: Enumerable.t(), name: String.t()) ::
          {:ok, Schema.t()} | {:error, Error.t()}
  def compile(text, options \\ []) when is_binary(text) do
    options = Keyword.validate!(options, imports: [], name: "schema.proto")
    imports = Enum.to_list(options[:imports])
    schema(Native.events_protobuf_compile(text, options[:name], imports))
  end

  @doc "Like `compile/2`, and raises `Outrigger.Error`."
  @spec compile!(String.t(), imports: Enumerable.t(), name: String.t()) :: Schema.t()
  def compile!(text, options \\ []), do: bang(compile(text, options))

  @doc """
  Reads an encoded `FileDescriptorSet`, as `protoc --descriptor_set_out --include_imports` writes it.

  `:file` is the file that names without a package and indexes are of; the last one if it is not given.
  """
  @spec load(binary, file: String.t()) :: {:ok, Schema.t()} | {:error, Error.t()}
  def load(descriptor_set, options \\ []) when is_binary(descriptor_set) do
    options = Keyword.validate!(options, file: nil)
    schema(Native.events_protobuf_load(descriptor_set, options[:file]))
  end

  @doc "Like `load/2`, and raises `Outrigger.Error`."
  @spec load!(binary, file: String.t()) :: Schema.t()
  def load!(descriptor_set, options \\ []), do: bang(load(descriptor_set, options))

  @doc """
  A message of a file: by its full name, its name in the file's package, or its place in the file (`[1, 0]` is the first message
  inside the second one).

    * `:defaults` - `:all` (default) or `:none`: whether fields that are not there are in the map, see above;
    * `:unknown` - `:drop` (default) or `:keep`: whether fields that the file does not know are kept, as bytes under the key
      `:__unknown_fields__`, from where `encode/2` writes them again;
    * `:well_known` - `:values` (default) or `:messages`: whether times, decimals, wrappers and `Struct` become what they mean, or maps of
      their fields.
  """
  @spec message(Schema.t(), String.t() | [non_neg_integer], keyword) ::
          {:ok, Message.t()} | {:error, Error.t()}
  def message(schema, which, options \\ [])

  def message(%Schema{reference: schema}, which, options)
      when is_binary(which) or (is_list(which) and which != [] and length(which) <= 16),
      do: of(schema, which, ways(options, "message/3"))

  @doc "Like `message/3`, and raises `Outrigger.Error`."
  @spec message!(Schema.t(), String.t() | [non_neg_integer], keyword) :: Message.t()
  def message!(schema, which, options \\ []), do: bang(message(schema, which, options))

  @doc """
  Decodes a message, which is all of `bytes`. `options` are `:keys`, `:strings` and the bounds of `Outrigger.Events.JSON.decode/2`. The keys of a
  `map` are data, and never become atoms.
  """
  @spec decode(binary, Message.t(), keyword) :: {:ok, term} | {:error, Error.t()}
  def decode(bytes, message, options \\ [])

  def decode(bytes, %Message{reference: plan}, []) when is_binary(bytes),
    do: run(plan, bytes, 0, nil)

  def decode(bytes, %Message{reference: plan}, options) when is_binary(bytes) do
    {flags, bounds} = Options.read(options, "Outrigger.Events.Protobuf.decode/3")
    run(plan, bytes, flags, bounds)
  end

  @doc "Like `decode/3`, and raises `Outrigger.Error`."
  @spec decode!(binary, Message.t(), keyword) :: term
  def decode!(bytes, message, options \\ []), do: bang(decode(bytes, message, options))

  @doc """
  Encodes a map as a message. Equal maps with keys of one kind are equal bytes: fields are written in the order of their numbers.
  """
  @spec encode(term, Message.t()) :: {:ok, binary} | {:error, Error.t()}
  def encode(term, %Message{reference: plan}) do
    with {:ok, plain} <- Plain.of(term) do
      if :erlang.external_size(plain) <= @term,
        do: answer(Native.events_protobuf_encode(plan, plain)),
        else: answer(Native.events_protobuf_encode_dirty(plan, plain))
    end
  end

  @doc "Like `encode/2`, and raises `Outrigger.Error`."
  @spec encode!(term, Message.t()) :: binary
  def encode!(term, message), do: bang(encode(term, message))

  @doc """
  Decodes what a registry's serializer wrote: the schema's id or GUID, the place of the message in the file, and the message.

  The schema with its references comes from `registry` (see `Outrigger.Events.Registry`), and what is made of it is kept there, so that a known
  id costs no message to any process. `options` are those of `message/3` and of `decode/3`. Beside the errors of these there
  are those of `Outrigger.Events.Registry`. Offsets in errors count from the message, behind its frame.
  """
  @spec decode_framed(binary, Registry.registry(), keyword) :: {:ok, term} | {:error, Error.t()}
  def decode_framed(bytes, registry, options \\ []) when is_binary(bytes) and is_atom(registry) do
    {ways, options} = Keyword.split(options, [:defaults, :unknown, :well_known])
    ways = ways(ways, "decode_framed/3")

    with {:ok, reference, body} <- Registry.unframe(bytes),
         {:ok, indexes, length} <- answer(Native.events_protobuf_indexes(body)),
         make = fn -> made(registry, reference, indexes, ways) end,
         {:ok, message} <- Registry.made(registry, {__MODULE__, reference, indexes, ways}, make) do
      decode(binary_part(body, length, byte_size(body) - length), message, options)
    end
  end

  @doc """
  Encodes a map with the frame of a registry in front: the schema's id or GUID, and the place of the message in its file.
  """
  @spec encode_framed(term, Message.t(), non_neg_integer | String.t()) ::
          {:ok, binary} | {:error, Error.t()}
  def encode_framed(_term, %Message{indexes: nil} = message, _reference) do
    {:error,
     Error.new(
       :bad_schema,
       "#{message.name} is of a file that is imported: take the message from the schema that is registered"
     )}
  end

  def encode_framed(term, %Message{indexes: indexes} = message, reference) do
    with {:ok, bytes} <- encode(term, message),
         do: {:ok, Registry.frame(reference, Native.events_protobuf_frame(indexes) <> bytes)}
  end

  # A plan is about as large as the texts that it is made of.
  defp made(registry, reference, indexes, ways) do
    with {:ok, found} <- Registry.schema(registry, reference),
         :ok <- protobuf(found),
         imports = Map.new(found.references, &{&1.name, &1.text}),
         {:ok, schema} <- compile(found.text, imports: imports),
         {:ok, message} <- of(schema.reference, indexes, ways),
         do: {:ok, message, Registry.Schema.bytes(found)}
  end

  defp protobuf(%{type: :protobuf}), do: :ok

  defp protobuf(%{type: type}) do
    {:error,
     Error.new(
       :bad_schema,
       "the message was written with a schema of the type #{type}, not Protobuf",
       %{
         type: type
       }
     )}
  end

  defp of(schema, which, ways) do
    with {:ok, reference, name, indexes} <-
           answer(Native.events_protobuf_message(schema, which, ways)),
         do: {:ok, %Message{reference: reference, name: name, indexes: indexes}}
  end

  defp schema(read) do
    with {:ok, reference} <- answer(read), do: {:ok, %Schema{reference: reference}}
  end

  @doc false
  # As the engine takes them: whether there are defaults, unknown fields, and meanings.
  @spec ways(keyword, String.t()) :: {boolean, boolean, boolean}
  def ways(options, function) do
    Enum.reduce(options, @default_ways, fn option, ways ->
      case @ways do
        %{^option => {place, way}} ->
          put_elem(ways, place, way)

        _none ->
          raise ArgumentError,
                "Outrigger.Events.Protobuf.#{function} has no option #{inspect(option)}: see its documentation for names and values"
      end
    end)
  end

  defp run(plan, bytes, flags, bounds) when byte_size(bytes) <= @normal do
    case Native.events_protobuf_decode(plan, bytes, flags, bounds) do
      :dirty -> answer(Native.events_protobuf_decode_dirty(plan, bytes, flags, bounds))
      done -> answer(done)
    end
  end

  defp run(plan, bytes, flags, bounds),
    do: answer(Native.events_protobuf_decode_dirty(plan, bytes, flags, bounds))

  defp answer({:error, problem}), do: {:error, Problem.error(problem)}
  defp answer(good), do: good

  defp bang({:ok, result}), do: result
  defp bang({:error, error}), do: raise(error)
end
