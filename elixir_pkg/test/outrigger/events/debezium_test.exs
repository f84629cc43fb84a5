defmodule Outrigger.Events.DebeziumTest do
  use ExUnit.Case, async: true

  alias Outrigger.Error
  alias Outrigger.Events.{Change, DeadLetter, Debezium, Stream, Tombstone}
  alias Outrigger.Test.DebeziumCorpus

  doctest Debezium
  doctest Change

  # What a stream makes of an event is what it decodes to: in the external term format, by another writer.
  defp of_a_stream(event, options) do
    config = [name: Some.Stream, pubsub: Some.PubSub, format: :debezium, options: options]

    {:ok, config} =
      Stream.Text.config(config ++ [dead_letter: "dead", views: [all: [topic: "t"]]])

    {:ok, messages} = Stream.messages([Stream.Text.text(config, config.views)], [event])

    case messages do
      [{"t", {Some.Stream, :all, decoded}}] ->
        {:ok, decoded}

      [{"dead", {Some.Stream, :dead_letter, letter}}] ->
        {key, value} = event
        assert %DeadLetter{key: ^key, value: ^value} = letter
        {:error, error} = Debezium.decode(event, options)
        assert letter.reason == error.reason
        {:error, error}
    end
  end

  for file <- DebeziumCorpus.files() do
    test "every case of #{Path.basename(file)} decodes as it says" do
      for case <- DebeziumCorpus.cases(unquote(file)), strings <- [:copy, :reference] do
        options = DebeziumCorpus.options(case) ++ [strings: strings]
        record = DebeziumCorpus.record(case)
        decoded = Debezium.decode(record, options)
        assert [decoded] == Debezium.decode_all([record], options)
        assert decoded == of_a_stream(record, options)
        DebeziumCorpus.check(case, decoded)
      end
    end
  end

  test "a list of any length is decoded in order, the large ones in many portions" do
    event = fn id, size ->
      ~s({"after":{"id":#{id},"text":"#{String.duplicate("x", size)}"},"source":{},"op":"c"})
    end

    options = Debezium.options(untyped: :as_is)

    for sizes <- [
          [],
          [1],
          List.duplicate(10, 5_000),
          [60_000, 1, 60_000, 60_000],
          List.duplicate(9_000, 40)
        ] do
      events = for {size, id} <- Enum.with_index(sizes), do: event.(id, size)
      # One that is wrong in the middle, and what has no value.
      records = events ++ ["{"] ++ [nil] ++ Enum.map(events, &{nil, &1})
      results = Debezium.decode_all(records, options)
      assert length(results) == length(records)
      {first, [wrong, tombstone | second]} = Enum.split(results, length(events))
      assert {:error, %Error{reason: :malformed}} = wrong
      assert tombstone == {:ok, %Tombstone{}}
      assert first == second

      assert for({:ok, change} <- first, do: change.after["id"]) ==
               Enum.to_list(0..(length(sizes) - 1)//1)
    end
  end

  test "options that there are not raise" do
    for wrong <- [
          [shape: :square],
          [columns: %{"price" => :decimal}],
          [columns: %{"a.b" => :money}],
          [columns: %{"a.b" => {:time, :hour}}],
          [binary: :utf8],
          [prefix: 1],
          [keys: :atoms],
          [max_bytes: 0]
        ] do
      assert_raise ArgumentError, fn -> Debezium.options(wrong) end
    end
  end

  test "no document makes an atom" do
    for n <- 1..50 do
      # Nobody else has these: other tests make atoms meanwhile.
      [column, snapshot, key, member] =
        names =
        for part <- ~w(column snapshot key member), do: "#{part}_#{n}_#{System.unique_integer()}"

      text =
        ~s({"after":{"#{column}":1},"source":{"snapshot":"#{snapshot}","#{key}":1},"op":"c","#{member}":1})

      assert {:ok, %Change{}} = Debezium.decode(text, untyped: :as_is)
      for name <- names, do: assert_raise(ArgumentError, fn -> String.to_existing_atom(name) end)
    end
  end
end
