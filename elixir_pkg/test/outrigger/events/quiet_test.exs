defmodule Outrigger.Events.QuietTest do
  # Alone: calls are traced, and the VM is asked for its long schedules.
  use ExUnit.Case, async: false

  alias Outrigger.{Events, Native}
  alias Outrigger.Events.{Avro, Debezium, JSON, PgOutput, Protobuf}

  @root Path.expand("../../../..", __DIR__)
  {:ok, _modules, _warnings} =
    Kernel.ParallelCompiler.compile(Path.wildcard(Path.join(@root, "bench/events/worst*.ex")))

  # Other modules compile to these names in the bench.
  @worst Bench.Events.Worst

  # The shortest of so many calls counts: a busy machine makes a call longer, and none shorter.
  @calls 100
  @millisecond 1_000

  test "no call on a normal scheduler takes a millisecond, whatever it is given" do
    long =
      for {function, input, call} <- @worst.cases(),
          us = @worst.shortest(call, @calls, @millisecond - 1),
          us >= @millisecond,
          do: {function, input, us}

    assert long == []
  end

  test "a process that calls again and again is let go when it has had half a millisecond" do
    unpaid =
      for {function, input, call} <- @worst.cases(),
          not Enum.any?(1..@calls, fn _ -> paid?(call) end),
          do: {function, input}

    assert unpaid == []
  end

  # A slice has 4,000 reductions. Half of what the time comes to will do; of a call that is off to a dirty scheduler nothing is asked.
  defp paid?(call) do
    {:reductions, before} = Process.info(self(), :reductions)
    {us, result} = :timer.tc(call)
    {:reductions, behind} = Process.info(self(), :reductions)
    us < 100 or result == :dirty or behind - before >= min(div(us * 4_000, 500), 4_000) / 2
  end

  test "work of a millisecond is seen, and so is work that nobody pays for" do
    work = fn -> :crypto.hash(:sha512, String.duplicate("x", 4_000_000)) end
    assert @worst.shortest(work, 5, @millisecond - 1) >= @millisecond
    refute paid?(fn -> Process.sleep(1) end)
  end

  test "every function on a normal scheduler is in the table" do
    sources = Path.wildcard(Path.join(@root, "native/nif/src/events/*.rs"))
    normal = ~r/#\[rustler::nif\]\s*(?:#\[[^\]]*\]\s*)*fn (events_\w+)/

    functions =
      for source <- sources,
          [_all, name] <- Regex.scan(normal, File.read!(source)),
          do: String.to_existing_atom(name)

    table = for {function, _input, _call} <- @worst.cases(), uniq: true, do: function
    assert functions != []
    assert Enum.sort(functions) == Enum.sort(table ++ @worst.small())
  end

  describe "what a normal scheduler is given" do
    test "ends at the size that the documentation says" do
      for {limit, call, normal, dirty} <- limits() do
        assert {limit, called(fn -> call.(limit) end)} == {limit, [normal]}
        assert {limit + 1, called(fn -> call.(limit + 1) end)} == {limit + 1, [dirty]}
      end
    end

    test "is less of what becomes much" do
      plan = Events.plan!(["a"], where: [{"a", :in, Enum.to_list(1..1_000)}])
      dates = ~s({"type":"array","items":{"type":"int","logicalType":"date"}})
      dates = Avro.plan!(Avro.schema!(dates))
      nothing = Avro.plan!(Avro.schema!(~s({"type":"array","items":"null"})))
      schema = Avro.schema!(~s({"type":"array","items":{"type":"map","values":"long"}}))

      many_dates = items(16_000, <<0>>)
      many_nothings = items(60_000, "")

      for {call, normal, dirty} <- [
            {fn -> JSON.decode(numbers(20_000, "1e5"), floats: :decimals) end, :events_json,
             :events_json_dirty},
            {fn -> JSON.decode(numbers(30_000, ~s({"a":0,"a":0}))) end, :events_json,
             :events_json_dirty},
            {fn -> Events.project([~s({"a":#{text(2_100)}})], plan) end, :events_project,
             :events_project_dirty},
            {fn -> Events.project("[" <> text(100_000) <> "]", plan) end, :events_project_list,
             :events_project_list_dirty},
            {fn -> Avro.decode(many_dates, dates) end, :events_avro_decode,
             :events_avro_decode_dirty},
            {fn -> Avro.decode(many_nothings, nothing) end, :events_avro_decode,
             :events_avro_decode_dirty}
          ] do
        assert called(call) == [normal, dirty]
      end

      assert called(fn -> Avro.encode(List.duplicate(%{}, 2), schema) end) == [
               :events_avro_encode
             ]
    end
  end

  # A size, a call of that size, and the function that it is for up to there and beyond.
  defp limits do
    plan = Events.plan!(["a"])
    long = Avro.schema!(~s("string"))
    avro = Avro.plan!(long)
    proto = Protobuf.compile!(~s(syntax = "proto3"; message M { bytes a = 1; }))
    proto = Protobuf.message!(proto, "M")
    pg = PgOutput.new(version: 1)

    [
      {32_768, &JSON.decode(text(&1)), :events_json, :events_json_dirty},
      {32_768, &Events.project([text(&1)], plan), :events_project, :events_project_dirty},
      {32_768, &Debezium.decode(text(&1)), :events_debezium, :events_debezium_dirty},
      {32_768, &Debezium.decode_all([text(&1)]), :events_debezium_all,
       :events_debezium_all_dirty},
      {32_768, &Avro.decode(<<0, String.duplicate("x", &1 - 1)::binary>>, avro),
       :events_avro_decode, :events_avro_decode_dirty},
      # The external format has six bytes beside a string.
      {8_192, &Avro.encode(String.duplicate("x", &1 - 6), long), :events_avro_encode,
       :events_avro_encode_dirty},
      {16_384, &Protobuf.decode(String.duplicate(<<0>>, &1), proto), :events_protobuf_decode,
       :events_protobuf_decode_dirty},
      {8_192, &PgOutput.decode(pg, "?" <> String.duplicate("x", &1 - 1)), :events_pgoutput,
       :events_pgoutput_dirty},
      {1_024, &PgOutput.decode(pg, "T" <> String.duplicate("x", &1 - 1)), :events_pgoutput,
       :events_pgoutput_dirty}
    ]
  end

  defp text(bytes), do: ~s(") <> String.duplicate("x", bytes - 2) <> ~s(")
  defp numbers(bytes, number), do: @worst.list(number, bytes)

  # A list of Avro: its count, zigzag in four bytes at the most, its items, and the end.
  defp items(count, item) do
    count = Avro.encode!(count, Avro.schema!(~s("long"))) <> String.duplicate(item, count)
    count <> <<0>>
  end

  # The functions of the NIF that a call comes to.
  defp called(call) do
    # A function that nobody has called yet is not loaded.
    {:module, Native} = Code.ensure_loaded(Native)
    :erlang.trace_pattern({Native, :_, :_}, true, [:local])
    # Nobody traces himself.
    task = Task.async(fn -> receive(do: (:go -> call.())) end)
    :erlang.trace(task.pid, true, [:call])
    send(task.pid, :go)
    Task.await(task)
    delivered = :erlang.trace_delivered(task.pid)
    assert_receive {:trace_delivered, _pid, ^delivered}
    :erlang.trace_pattern({Native, :_, :_}, false, [:local])
    functions([])
  end

  defp functions(seen) do
    receive do
      {:trace, _pid, :call, {Native, function, _arguments}} -> functions([function | seen])
    after
      0 -> Enum.reverse(seen)
    end
  end
end
