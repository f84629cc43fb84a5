defmodule Outrigger.Events.Avro.Container do
  @moduledoc """
  Avro object container files: many data behind one schema, in blocks.

      iex> alias Outrigger.Events.Avro
      iex> alias Outrigger.Events.Avro.Container
      iex> schema = Avro.schema!(~s({"type": "record", "name": "User", "fields": [{"name": "id", "type": "int"}]}))
      iex> file = Enum.into(Container.write([%{"id" => 1}, %{"id" => 2}], schema), "")
      iex> Enum.to_list(Container.stream(file))
      [%{"id" => 1}, %{"id" => 2}]

  A file of any size is read and written in constant memory, that of a block:

      "users.avro" |> File.stream!([], 65_536) |> Container.stream() |> Enum.take(10)
      users |> Container.write(schema, codec: :deflate) |> Enum.into(File.stream!("users.avro"))

  Both are lazy: what is wrong raises an `Outrigger.Error` when it is come to, and what came before was right. All work is done on dirty
  schedulers. Codecs are `:null` and `:deflate`; a file with another one is `:unsupported`.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.Avro.{Plan, Schema}
  alias Outrigger.Events.{Options, Plain, Problem}

  # Data that are written in one call, blocks of which are some 64 KiB.
  @written 256
  @part 65_536

  @doc """
  The data of a file: a binary, or the parts of one in whatever sizes. Options:

    * `:reader` - the `Outrigger.Events.Avro.Schema` that the data are wanted in; that of the file by default;
    * those of `Outrigger.Events.Avro.decode/3`. `:max_bytes` bounds a block as well, and strings are always copies.
  """
  @spec stream(binary | Enumerable.t(), keyword) :: Enumerable.t()
  def stream(file, options \\ []) do
    {own, json} = Keyword.split(options, [:reader])
    {flags, bounds} = Options.read(json, "Outrigger.Events.Avro.Container.stream/2")

    file
    |> parts()
    |> Stream.concat([:end])
    |> Stream.transform({:header, ""}, &read(&1, &2, {own[:reader], flags, bounds}))
  end

  @doc """
  The schema of a file's data, and its metadata, of a binary that holds at least the header.

      iex> {:error, error} = Outrigger.Events.Avro.Container.header("no file")
      iex> error.reason
      :malformed
  """
  @spec header(binary) ::
          {:ok, %{schema: String.t(), codec: String.t(), metadata: %{String.t() => binary}}}
          | {:error, Error.t()}
  def header(bytes) when is_binary(bytes) do
    case Native.events_container_open(bytes, nil) do
      {:ok, _reader, _schema, metadata, _length} ->
        metadata = Map.new(metadata)
        codec = Map.get(metadata, "avro.codec", "null")
        {:ok, %{schema: metadata["avro.schema"], codec: codec, metadata: metadata}}

      :more ->
        {:error, cut_off()}

      {:error, problem} ->
        {:error, Problem.error(problem)}
    end
  end

  @doc """
  The bytes of a file with these data, in parts. The option `:codec` is `:null` (default) or `:deflate`. The schema refers to no others, or
  nobody could read the file.
  """
  @spec write(Enumerable.t(), Schema.t(), keyword) :: Enumerable.t()
  def write(data, %Schema{text: text}, options \\ []) do
    codec = Keyword.get(options, :codec, :null)

    if Keyword.keys(options) -- [:codec] != [] or codec not in [:null, :deflate] do
      raise ArgumentError,
            "Outrigger.Events.Avro.Container.write/3 has the option codec: :null | :deflate, got: #{inspect(options)}"
    end

    data
    |> Stream.chunk_every(@written)
    |> Stream.concat([:end])
    |> Stream.transform(nil, fn
      part, nil ->
        # The marker between blocks is one that no data have.
        {:ok, writer, header} = good(Native.events_container_writer(text, codec, :rand.bytes(16)))
        {[header | append(writer, part)], writer}

      part, writer ->
        {append(writer, part), writer}
    end)
  end

  defp append(writer, :end), do: bytes(Native.events_container_flush(writer))

  defp append(writer, data) do
    plain =
      Enum.map(data, fn datum ->
        case Plain.of(datum) do
          {:ok, plain} -> plain
          {:error, error} -> raise error
        end
      end)

    bytes(Native.events_container_append(writer, plain))
  end

  defp bytes(answer) do
    case good(answer) do
      {:ok, ""} -> []
      {:ok, bytes} -> [bytes]
    end
  end

  # A part is what is decoded at once.
  defp parts(file) when is_binary(file) do
    Stream.unfold(file, fn
      "" -> nil
      <<part::binary-size(@part), rest::binary>> -> {part, rest}
      last -> {last, ""}
    end)
  end

  defp parts(file), do: file

  defp read(:end, {:header, _buffer}, _ways), do: raise(cut_off())
  defp read(:end, {_state, ""}, _ways), do: {[], nil}
  defp read(:end, _state, _ways), do: raise(cut_off())

  defp read(part, {:header, buffer}, {wanted, _flags, bounds} = ways) do
    buffer = buffer <> part

    case good(Native.events_container_open(buffer, bounds)) do
      :more ->
        {[], {:header, buffer}}

      {:ok, reader, written, _metadata, length} ->
        {:ok, plan} = good(Native.events_avro_plan(written, wanted && wanted.reference))
        blocks(rest(buffer, length), {reader, %Plan{reference: plan}}, ways, [])
    end
  end

  defp read(part, {file, buffer}, ways), do: blocks(buffer <> part, file, ways, [])

  # The blocks that are whole.
  defp blocks("", file, _ways, read), do: {read |> Enum.reverse() |> Enum.concat(), {file, ""}}

  defp blocks(buffer, {reader, plan} = file, {_wanted, flags, bounds} = ways, read) do
    case good(Native.events_container_block(reader, plan.reference, buffer, flags, bounds)) do
      :more -> {read |> Enum.reverse() |> Enum.concat(), {file, buffer}}
      {:ok, data, length} -> blocks(rest(buffer, length), file, ways, [data | read])
    end
  end

  defp rest(buffer, length), do: binary_part(buffer, length, byte_size(buffer) - length)

  defp good({:error, problem}), do: raise(Problem.error(problem))
  defp good(answer), do: answer

  defp cut_off do
    Error.new(:malformed, "the Avro file ends inside its header or a block: it was cut off", %{
      path: "$"
    })
  end
end
