defmodule Outrigger.Events.Avro.ContainerTest do
  use ExUnit.Case, async: true

  alias Outrigger.Error
  alias Outrigger.Events.Avro
  alias Outrigger.Events.Avro.Container

  doctest Container

  @schema ~s({"type":"record","name":"Row","fields":[{"name":"id","type":"long"},{"name":"text","type":"string"}]})

  defp rows(count), do: for(id <- 1..count//1, do: %{"id" => id, "text" => "row #{id} ééé"})

  defp file(rows, options \\ []),
    do: Enum.into(Container.write(rows, Avro.schema!(@schema), options), "")

  defp parts(file, size) do
    for at <- 0..(byte_size(file) - 1)//size,
        do: binary_part(file, at, min(size, byte_size(file) - at))
  end

  test "what was written is read, in parts of any size" do
    for codec <- [:null, :deflate], count <- [0, 1, 255, 256, 257, 20_000] do
      rows = rows(count)
      file = file(rows, codec: codec)
      assert {:ok, %{codec: name, schema: @schema}} = Container.header(file)
      assert name == Atom.to_string(codec)

      for size <- [7_919, 65_536, 10_000_000],
          do: assert(Enum.to_list(Container.stream(parts(file, size))) == rows)

      assert Enum.to_list(Container.stream(file)) == rows
      if count == 257, do: assert(Enum.to_list(Container.stream(parts(file, 1))) == rows)
    end
  end

  test "through files, in the schema of a reader" do
    path = Path.join(System.tmp_dir!(), "outrigger-#{System.unique_integer([:positive])}.avro")
    on_exit(fn -> File.rm(path) end)
    rows = rows(3_000)

    rows
    |> Container.write(Avro.schema!(@schema), codec: :deflate)
    |> Enum.into(File.stream!(path))

    wanted =
      Avro.schema!(
        ~s({"type":"record","name":"Row","fields":[{"name":"key","aliases":["id"],"type":"double"},
          {"name":"more","type":"string","default":"-"}]})
      )

    read = path |> File.stream!([], 4_096) |> Container.stream(reader: wanted)
    assert Enum.to_list(read) == for(row <- rows, do: %{"key" => row["id"] / 1, "more" => "-"})
    keys = path |> File.stream!([], 4_096) |> Container.stream(keys: :existing_atoms)
    assert [%{id: 1, text: "row 1 ééé"}] = Enum.take(keys, 1)
    unknown = "no_atom_#{System.unique_integer([:positive])}"
    schema = Avro.schema!(String.replace(@schema, "id", unknown))
    file = Enum.into(Container.write([%{unknown => 1, "text" => ""}], schema), "")

    assert %Error{reason: :unknown_key} =
             catch_error(Enum.to_list(Container.stream(file, keys: :existing_atoms)))

    datum = Avro.encode!(%{unknown => 1, "text" => ""}, schema)

    assert {:error, %Error{reason: :unknown_key}} =
             Avro.decode(datum, Avro.plan!(schema), keys: :existing_atoms)
  end

  test "no more is read than is wanted" do
    file = file(rows(20_000))
    test = self()

    parts =
      Stream.map(parts(file, 65_536), fn part ->
        send(test, :part)
        part
      end)

    assert [%{"id" => 1}] = Enum.take(Container.stream(parts), 1)
    assert_received :part
    {:messages, messages} = Process.info(self(), :messages)
    assert length(messages) < 3
  end

  test "a file that is damaged raises where it is damaged, and what came before was right" do
    file = file(rows(20_000))
    half = binary_part(file, 0, div(byte_size(file), 2))

    {good, error} =
      half
      |> parts(1_000)
      |> Container.stream()
      |> Stream.transform(fn -> 0 end, fn _row, count -> {[count + 1], count + 1} end, fn _ ->
        :ok
      end)
      |> collect()

    assert good > 1_000
    assert %Error{reason: :malformed, message: message} = error
    assert message =~ "cut off"

    for wrong <- ["", "Obj", "no file at all", <<"Obj", 2>>],
        do: assert_raise(Error, fn -> Enum.to_list(Container.stream(wrong)) end)

    marker = binary_part(file, byte_size(file) - 16, 16)

    other = String.replace(file, marker, String.duplicate("x", 16), global: false)

    assert_raise Error, fn -> Enum.to_list(Container.stream(other)) end
    assert_raise Error, fn -> Enum.to_list(Container.stream(file, max_bytes: 100)) end
  end

  defp collect(stream) do
    Enum.reduce(stream, fn count, _last ->
      Process.put(:count, count)
      count
    end)
  rescue
    error in Error -> {Process.get(:count), error}
  end

  test "what does not fit, and options that there are not, raise" do
    schema = Avro.schema!(@schema)
    assert_raise Error, fn -> Enum.to_list(Container.write([%{"id" => "x"}], schema)) end
    assert_raise ArgumentError, fn -> Container.write([], schema, codec: :snappy) end
    assert_raise ArgumentError, fn -> Container.write([], schema, level: 1) end
    assert_raise ArgumentError, fn -> Container.stream("", wanted: schema) end

    snappy =
      "Obj\x01" <>
        <<4, 22>> <>
        "avro.schema" <>
        <<12>> <>
        ~s("long") <>
        <<20>> <> "avro.codec" <> <<12>> <> "snappy" <> <<0>> <> String.duplicate("m", 16)

    assert {:error, %Error{reason: :unsupported}} = Container.header(snappy)
  end
end
