defmodule Outrigger.Events.PgOutputTest do
  use ExUnit.Case, async: true

  alias Outrigger.Error
  alias Outrigger.Events.{Change, JSON, PgOutput, Transaction}
  alias Outrigger.Test.TaggedTerms

  doctest PgOutput

  # The golden corpus, which the Rust tests read as well: tests/vectors/events/README.md.
  @corpus Path.expand("../../../../tests/vectors/events", __DIR__)
  @structs %{"change" => Change, "transaction" => Transaction}

  for file <- Path.wildcard(Path.join(@corpus, "pgoutput-*.json")) do
    test "every case of #{Path.basename(file)} decodes as it says" do
      cases = JSON.decode!(File.read!(unquote(file)))["cases"]
      assert cases != []

      for case <- cases, strings <- [:copy, :reference] do
        decoder = PgOutput.new(options(case["options"] || %{}) ++ [strings: strings])
        frames = for frame <- case["frames"], do: Base.decode16!(frame["hex"], case: :lower)
        results = one_by_one(decoder, frames)
        assert {^results, %PgOutput{}} = PgOutput.decode_all(decoder, frames)

        for {result, frame} <- Enum.zip(results, case["frames"]),
            do: check(case["name"], frame, result)
      end
    end
  end

  defp one_by_one(decoder, frames) do
    {results, _decoder} =
      Enum.map_reduce(frames, decoder, fn frame, decoder ->
        {kind, what, decoder} = PgOutput.decode(decoder, frame)
        {{kind, what}, decoder}
      end)

    results
  end

  defp check(name, %{"error" => wrong} = frame, result) do
    hex = frame["hex"]

    assert {^name, ^hex, {:error, %Error{reason: reason, details: details}}} = {name, hex, result}

    assert {name, Atom.to_string(reason), details[:path]} ==
             {name, wrong["reason"], wrong["path"]}
  end

  defp check(name, %{"records" => expected} = frame, result) do
    hex = frame["hex"]
    assert {^name, ^hex, {:ok, records}} = {name, hex, result}
    assert {name, hex, length(records)} == {name, hex, length(expected)}

    for {%struct{} = record, %{"record" => kind, "expect" => parts}} <-
          Enum.zip(records, expected) do
      assert struct == @structs[kind]
      # No field is missing, and none is there that the struct does not have.
      assert Enum.sort(Map.keys(record)) == Enum.sort(Map.keys(struct(struct)))

      for {path, expected} <- parts do
        found = path |> String.split(".") |> Enum.reduce(record, &step/2)
        assert {name, path, found} == {name, path, own(path, expected)}
      end
    end
  end

  # The maps under these have our own names for keys.
  defp own(path, %{"map" => map}) when path in ["source", "position", "transaction", "message"] do
    for {key, value} <- map, into: %{} do
      {String.to_existing_atom(key), own(key, value)}
    end
  end

  defp own(_path, expected), do: TaggedTerms.term(expected)

  defp step(step, map) when is_map_key(map, step), do: Map.fetch!(map, step)
  defp step(step, map), do: Map.fetch!(map, String.to_existing_atom(step))

  defp options(options) do
    for {name, value} <- options do
      value = if name in ["json", "floats"], do: String.to_existing_atom(value), else: value
      {String.to_existing_atom(name), value}
    end
  end

  defp begin(xid), do: <<"B", 900::64, 762_344_130_123_456::64, xid::32>>
  defp commit, do: <<"C", 0, 900::64, 910::64, 762_344_130_123_456::64>>

  defp relation(oid, name),
    do:
      <<"R", oid::32, "public", 0, name::binary, 0, "d", 2::16, 1, "id", 0, 23::32, -1::32, 0,
        "t", 0, 25::32, -1::32>>

  defp insert(oid, id, text) do
    id = Integer.to_string(id)

    <<"I", oid::32, "N", 2::16, "t", byte_size(id)::32, id::binary, "t", byte_size(text)::32,
      text::binary>>
  end

  test "a list of any length is decoded in order, the large frames on a dirty scheduler" do
    for sizes <- [
          [],
          [1],
          List.duplicate(10, 5_000),
          [60_000, 1, 60_000, 60_000],
          List.duplicate(9_000, 40)
        ] do
      inserts =
        for {size, id} <- Enum.with_index(sizes), do: insert(7, id, String.duplicate("x", size))

      frames = [begin(1), relation(7, "t")] ++ inserts ++ ["?", commit()]
      {results, decoder} = PgOutput.decode_all(PgOutput.new(), frames)
      assert results == one_by_one(PgOutput.new(), frames)

      assert {[{:ok, [%Transaction{status: :begin}]}, {:ok, []}], changes} =
               Enum.split(results, 2)

      assert {changes, [{:error, %Error{reason: :malformed}}, {:ok, [%Transaction{} = ended]}]} =
               Enum.split(changes, -2)

      count = length(sizes)
      assert {ended.status, ended.event_count} == {:end, count}

      for {{:ok, [change]}, id} <- Enum.with_index(changes) do
        assert {change.after["id"], change.position.index} == {id, id + 1}
        assert byte_size(change.after["t"]) == Enum.at(sizes, id)
      end

      # What is known goes on.
      assert {:ok, [_begin], decoder} = PgOutput.decode(decoder, begin(2))
      assert {:ok, [%Change{table: "t"}], _decoder} = PgOutput.decode(decoder, insert(7, 1, ""))
    end
  end

  test "a truncate of many tables" do
    relations = for oid <- 1..1_000, do: relation(oid, "t#{oid}")
    {_results, decoder} = PgOutput.decode_all(PgOutput.new(), relations)
    {:ok, _begun, decoder} = PgOutput.decode(decoder, begin(1))

    for count <- [1, 255, 256, 1_000] do
      frame = <<"T", count::32, 0, for(oid <- 1..count, into: "", do: <<oid::32>>)::binary>>
      assert {:ok, changes, _decoder} = PgOutput.decode(decoder, frame)
      assert {[{:ok, ^changes}], _decoder} = PgOutput.decode_all(decoder, [frame])

      for {change, place} <- Enum.with_index(changes, 1) do
        assert {change.op, change.table} == {:truncate, "t#{place}"}
        assert change.position.index == place
      end
    end
  end

  test "a decoder is a value: whoever has it goes on from where it stands" do
    decoder = PgOutput.new()
    {:ok, _begun, begun} = PgOutput.decode(decoder, begin(1))
    {:ok, [], known} = PgOutput.decode(begun, relation(7, "t"))

    # Another process decodes the same, dies, and harms nobody.
    {pid, monitor} =
      spawn_monitor(fn ->
        {:ok, [_change], ahead} = PgOutput.decode(known, insert(7, 1, "a"))
        {:ok, [_changed], _ahead} = PgOutput.decode(ahead, commit())
        exit(:in_the_middle)
      end)

    assert_receive {:DOWN, ^monitor, :process, ^pid, :in_the_middle}

    assert {:ok, [%Change{position: %{index: 1}}], ahead} =
             PgOutput.decode(known, insert(7, 1, "a"))

    assert {:ok, [%Change{position: %{index: 2}}], _} = PgOutput.decode(ahead, insert(7, 1, "a"))
    assert {:ok, [%Change{position: %{index: 1}}], _} = PgOutput.decode(known, insert(7, 1, "a"))
    assert {:error, %Error{reason: :malformed}, _} = PgOutput.decode(begun, insert(7, 1, "a"))
    assert {:error, %Error{reason: :malformed}, _} = PgOutput.decode(decoder, commit())
  end

  test "floats that the VM does not have are atoms" do
    floats = ["NaN", "Infinity", "-Infinity", "-0"]

    relation =
      <<"R", 7::32, "s", 0, "t", 0, "n", 4::16,
        for(n <- 1..4, into: "", do: <<0, "#{n}", 0, 701::32, -1::32>>)::binary>>

    insert =
      <<"I", 7::32, "N", 4::16,
        for(f <- floats, into: "", do: <<"t", byte_size(f)::32, f::binary>>)::binary>>

    {results, _decoder} = PgOutput.decode_all(PgOutput.new(), [begin(1), relation, insert])
    assert {:ok, [%Change{after: row}]} = List.last(results)
    assert %{"1" => :NaN, "2" => :inf, "3" => :"-inf"} = row
    assert row["4"] === -0.0
  end

  test "options that there are not raise" do
    for wrong <- [
          [version: 5],
          [version: "1"],
          [json: :maps],
          [types: %{"public.mood" => "no_such_type"}],
          [types: %{"public.mood" => :text}],
          [keys: %{"public.t" => []}],
          [keys: %{"public.t" => ["id", :name]}],
          [keys: :atoms],
          [duplicate_keys: :first],
          [max_bytes: 0]
        ] do
      assert_raise ArgumentError, fn -> PgOutput.new(wrong) end
    end
  end

  test "no frame makes an atom" do
    names =
      for part <- ~w(schema table column origin gid), do: "#{part}_#{System.unique_integer()}"

    [schema, table, column, origin, gid] = names

    frames = [
      begin(1),
      <<"O", 1::64, origin::binary, 0>>,
      <<"R", 7::32, schema::binary, 0, table::binary, 0, "d", 1::16, 1, column::binary, 0, 23::32,
        -1::32>>,
      <<"I", 7::32, "N", 1::16, "t", 1::32, "7">>,
      commit(),
      <<"b", 1::64, 2::64, 3::64, 4::32, gid::binary, 0>>
    ]

    {results, _decoder} = PgOutput.decode_all(PgOutput.new(), frames)
    assert Enum.all?(results, &match?({:ok, _}, &1))
    for name <- names, do: assert_raise(ArgumentError, fn -> String.to_existing_atom(name) end)
  end
end
