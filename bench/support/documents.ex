defmodule Bench.Documents do
  @moduledoc """
  Events in the shapes that change data capture sends: made here, the same ones each time.

  A row event has `before` and `after` of eight columns and a `source` of fourteen fields; with its schema in front it is 3.7 KB. A batch is
  a list of 115 row events.
  """

  @columns [
    {"id", "int64", nil},
    {"first_name", "string", nil},
    {"last_name", "string", nil},
    {"email", "string", nil},
    {"score", "double", nil},
    {"active", "boolean", nil},
    {"created_at", "int64", "io.debezium.time.MicroTimestamp"},
    {"note", "string", nil}
  ]

  @source [
    {"version", "string", nil},
    {"connector", "string", nil},
    {"name", "string", nil},
    {"ts_ms", "int64", nil},
    {"snapshot", "string", nil},
    {"db", "string", nil},
    {"sequence", "string", nil},
    {"ts_us", "int64", nil},
    {"ts_ns", "int64", nil},
    {"schema", "string", nil},
    {"table", "string", nil},
    {"txId", "int64", nil},
    {"lsn", "int64", nil},
    {"xmin", "int64", nil}
  ]

  @doc "One row event, payload only: some 1 KB."
  @spec event(pos_integer) :: String.t()
  def event(n) do
    ~s({"before":#{row(n)},"after":#{row(n + 1)},"source":#{source(n)},"transaction":) <>
      ~s({"id":"#{700 + n}:#{24_023_128 + n}","total_order":1,"data_collection_order":1},) <>
      ~s("op":"u","ts_ms":#{1_700_000_100_000 + n},"ts_us":#{1_700_000_100_000_321 + n},"ts_ns":#{1_700_000_100_000_321_987 + n}})
  end

  @doc "The same with its schema."
  @spec with_schema(pos_integer) :: String.t()
  def with_schema(n), do: ~s({"schema":#{schema()},"payload":#{event(n)}})

  @doc "A list of events."
  @spec batch(pos_integer) :: String.t()
  def batch(count), do: "[" <> Enum.map_join(1..count, ",", &short/1) <> "]"

  @doc "A transaction of so many changes of a table with seven columns, as PostgreSQL sends it: frames, the first two without a row."
  @spec transaction(pos_integer) :: [binary]
  def transaction(count) do
    columns = [
      id: 20,
      email: 25,
      balance: 1700,
      born: 1082,
      seen: 1184,
      settings: 3802,
      active: 16
    ]

    relation =
      for {name, oid} <- columns, into: <<"R", 7::32, "public", 0, "customers", 0, "d", 7::16>> do
        <<if(name == :id, do: 1, else: 0), "#{name}", 0, oid::32, -1::32>>
      end

    [<<"B", 900::64, 762_344_130_123_456::64, 700::32>>, relation] ++
      Enum.map(1..count, &change/1) ++
      [<<"C", 0, 900::64, 910::64, 762_344_130_123_456::64>>]
  end

  defp change(n) do
    values = [
      "#{1_000 + n}",
      "annek.#{n}@noanswer.example.org",
      "#{n}.25",
      "1933-04-23",
      "2024-02-29 10:15:30.123456+00",
      ~s({"theme": "dark", "mails": [1, 2]}),
      "t"
    ]

    op = if rem(n, 2) == 0, do: "I", else: "U"

    for value <- values, into: <<op::binary, 7::32, "N", 7::16>> do
      <<"t", byte_size(value)::32, value::binary>>
    end
  end

  @doc "The Avro schema of the event's own data."
  @spec avro_schema() :: String.t()
  def avro_schema, do: avro("")

  @doc "The same as a reader wants it: with a field more."
  @spec avro_reader() :: String.t()
  def avro_reader, do: avro(~s(,{"name":"added","type":["null","string"],"default":null}))

  @doc "The event, as Avro has it."
  @spec avro_event() :: map
  def avro_event, do: 7 |> short() |> Outrigger.Events.JSON.decode!()

  defp avro(added) do
    types = %{
      "int64" => "long",
      "string" => "string",
      "double" => "double",
      "boolean" => "boolean"
    }

    fields = fn columns ->
      Enum.map_join(columns, ",", fn {name, type, _semantic} ->
        ~s({"name":"#{name}","type":["null","#{types[type]}"],"default":null})
      end)
    end

    ~s({"type":"record","name":"Envelope","fields":[) <>
      ~s({"name":"before","type":["null",{"type":"record","name":"Value","fields":[#{fields.(@columns)}#{added}]}],"default":null},) <>
      ~s({"name":"after","type":["null","Value"],"default":null},) <>
      ~s({"name":"source","type":{"type":"record","name":"Source","fields":[#{fields.(@source)}]}},) <>
      ~s({"name":"transaction","type":["null","string"],"default":null},{"name":"op","type":"string"},) <>
      ~s({"name":"ts_ms","type":["null","long"],"default":null}]})
  end

  @doc "The file of the event's message `Envelope`."
  @spec proto() :: String.t()
  def proto do
    fields = fn columns ->
      columns
      |> Enum.with_index(1)
      |> Enum.map_join(" ", fn {{name, type, _semantic}, number} ->
        "optional #{if type == "boolean", do: "bool", else: type} #{name} = #{number};"
      end)
    end

    ~s(syntax = "proto3"; message Value { #{fields.(@columns)} } message Source { #{fields.(@source)} } ) <>
      "message Envelope { Value before = 1; Value after = 2; Source source = 3; optional string transaction = 4; " <>
      "string op = 5; optional int64 ts_ms = 6; }"
  end

  # As above, without the transaction: 115 of them are 100 KB.
  defp short(n) do
    ~s({"before":#{row(n)},"after":#{row(n + 1)},"source":#{source(n)},"transaction":null,) <>
      ~s("op":"u","ts_ms":#{1_700_000_100_000 + n}})
  end

  defp row(n) do
    ~s({"id":#{1_000 + n},"first_name":"Anne-Marie","last_name":"Kretchmar-Lindqvist","email":"annek.#{n}@noanswer.example.org",) <>
      ~s("score":#{rem(n, 90)}.25,"active":true,"created_at":#{1_700_000_000_000_000 + n * 977},"note":"called twice, no answer, wrote to the old address again"})
  end

  defp source(n) do
    lsn = 24_023_128 + n

    ~s({"version":"2.7.0.Final","connector":"postgresql","name":"dbserver1","ts_ms":#{1_700_000_099_000 + n},"snapshot":"false",) <>
      ~s("db":"inventory","sequence":"[\\"#{lsn - 40}\\",\\"#{lsn}\\"]","ts_us":#{1_700_000_099_000_123 + n},) <>
      ~s("ts_ns":#{1_700_000_099_000_123_456 + n},"schema":"public","table":"customers","txId":#{700 + n},"lsn":#{lsn},"xmin":null})
  end

  defp schema do
    columns = fields(@columns)

    row =
      ~s("type":"struct","fields":[#{columns}],"optional":true,"name":"dbserver1.public.customers.Value")

    block =
      fields([
        {"id", "string", nil},
        {"total_order", "int64", nil},
        {"data_collection_order", "int64", nil}
      ])

    times = fields(for name <- ["ts_ms", "ts_us", "ts_ns"], do: {name, "int64", nil})

    ~s({"type":"struct","fields":[{#{row},"field":"before"},{#{row},"field":"after"},) <>
      ~s({"type":"struct","fields":[#{fields(@source)}],"optional":false,"name":"io.debezium.connector.postgresql.Source","version":1,"field":"source"},) <>
      ~s({"type":"struct","fields":[#{block}],"optional":true,"name":"event.block","version":1,"field":"transaction"},) <>
      ~s({"type":"string","optional":false,"field":"op"},#{times}],"optional":false,"name":"dbserver1.public.customers.Envelope","version":2})
  end

  defp fields(fields) do
    Enum.map_join(fields, ",", fn
      {name, type, nil} ->
        ~s({"type":"#{type}","optional":true,"field":"#{name}"})

      {name, type, semantic} ->
        ~s({"type":"#{type}","optional":true,"name":"#{semantic}","version":1,"field":"#{name}"})
    end)
  end
end
