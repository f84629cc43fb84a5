defmodule Bench.Events.WorstDocuments do
  @moduledoc """
  JSON documents, and plans that they are held against, see `Bench.Events.Worst`.
  """

  import Bench.Events.Worst, only: [list: 2, many: 3]

  alias Outrigger.{Events, Native}

  @document 32_768
  @list 524_288

  @atoms_that_are 1
  @decimals 4
  @first 16

  @spec cases() :: [Bench.Events.Worst.case()]
  def cases, do: whole() ++ portions() ++ projected()

  defp whole do
    for {name, document, flags} <-
          Enum.map(elements(), fn {name, element} -> {name, list(element, @document), 0} end) ++
            [
              {"decimals", list("1e5", @document), @decimals},
              {"decimals of 1,000 digits", list("0." <> digits(1_000), @document), @decimals},
              {"keys that are no atoms", list(~s({"no such key":0}), @document), @atoms_that_are},
              {"one map", map(& &1), 0},
              {"one map, each key twice", map(&div(&1, 2)), 0},
              {"one map of one key", map(fn _ -> 0 end), 0},
              {"one map of one key, the first of which counts", map(fn _ -> 0 end), @first},
              {"maps of 32 keys, each twice", list(twice(), @document), 0},
              {"one string of escapes", ~s(") <> bytes(~S(\u0001), @document) <> ~s("), 0},
              {"depth", String.duplicate("[", 512) <> String.duplicate("]", 512), 0},
              {"wrong behind all of it", binary_part(map(& &1), 0, @document - 8) <> "x", 0},
              {"wrong inside of long keys", bytes(~s({"#{digits(80)}":), @document), 0},
              {"wrong, of no UTF-8", ~s(") <> bytes("ü", @document - 8) <> <<255, ?">>, 0}
            ] do
      {:events_json, name, fn -> Native.events_json(document, flags, nil) end}
    end
  end

  # In the first portion a list is checked to be UTF-8 to its end.
  defp portions do
    wide = ~s(["") <> String.duplicate(~s(,"#{String.duplicate("ü→", 300)}"), 347) <> "]"
    true = byte_size(wide) in (@list - 8_192)..@list
    wrong = list("0", @list - 8) |> binary_part(0, @list - 9) |> Kernel.<>("x]")

    for {name, document, flags, from} <-
          Enum.map(elements(), fn {name, element} -> {name, list(element, 100_000), 0, nil} end) ++
            [
              {"decimals", list("1e5", 100_000), @decimals, nil},
              {"characters beyond ASCII", wide, 0, nil},
              {"wrong at the end", wrong, 0, byte_size(wrong) - 1_001}
            ] do
      {:events_json_portion, name,
       fn -> Native.events_json_portion(document, flags, nil, from) end}
    end
  end

  defp projected do
    few = plan(["a", "1", "[0]"])
    many = plan(Enum.map(1..256, &"k#{&1}"))
    typed = plan([{"a", :decimal}, {"b", :microsecond}])
    number = plan([{"n", :integer}])
    filtered = plan(["a"], where: for(n <- 1..64, do: {"a", :not_in, Enum.to_list(n..(n + 100))}))

    lists =
      for(
        {name, element} <- elements(),
        do: {name, few, list(element, 100_000)}
      ) ++
        [
          {"256 fields of empty maps", many, list("{}", 100_000)},
          {"256 fields of one map", many, "[" <> map(& &1) <> "]"},
          {"one document", few, "[" <> list("{}", @list - 2) <> "]"},
          {"decimals and times", typed, list(~s({"a":0,"b":0}), 100_000)},
          {"64 filters", filtered, list(~s({"a":0}), 100_000)},
          {"fields of other types", number, list(~s({"n":""}), 100_000)}
        ]

    documents = [
      {"empty maps", few, "{}"},
      {"256 fields of empty maps", many, "{}"},
      {"256 fields of one map", many, map(1..700, & &1)},
      {"decimals and times", typed, ~s({"a":0,"b":0})},
      {"64 filters", filtered, ~s({"a":0})},
      {"no bytes", few, ""},
      {"fields of other types", number, ~s({"n":""})},
      {"wrong behind all of it", few, binary_part(map(& &1), 0, @document - 8) <> "x"}
    ]

    for(
      {name, plan, list} <- lists,
      do: {:events_project_list, name, fn -> Native.events_project_list(plan, list, nil) end}
    ) ++
      for {name, plan, document} <- documents do
        documents = List.duplicate(document, 40_000)
        {:events_project, name, fn -> Native.events_project(plan, documents, 0) end}
      end ++
      [
        {:events_project_list, "fields of other types, at the end",
         (fn ->
            list = list(~s({"n":""}), @list)
            fn -> Native.events_project_list(number, list, {100_000, byte_size(list) - 9_001}) end
          end).()}
      ]
  end

  defp plan(fields, options \\ []), do: Events.plan!(fields, options).reference

  defp elements do
    [
      {"empty maps", "{}"},
      {"empty lists", "[]"},
      {"maps of one key", ~s({"a":0})},
      {"maps of 33 keys", map(1..33, & &1)},
      {"keys in falling order", map(32..1, &(100 + &1))},
      {"keys alike in eight bytes", map(32..1, &"the same #{100 + &1}")},
      {"digits", "1"},
      {"floats of two digits", "1.5"},
      {"floats", "1.7976931348623157e308"},
      {"floats between two", "9007199254740993.0000000000000000000001"},
      {"floats of 1,000 digits", "0." <> digits(1_000)},
      {"integers of 20 digits", "18446744073709551616"},
      {"integers of 1,000 digits", digits(1_000)},
      {"escapes", ~S("\ud83d\ude00")},
      {"empty strings", ~s("")},
      {"strings of 65 bytes", ~s("#{String.duplicate("x", 65)}")},
      {"words", "null"}
    ]
  end

  # Of all the bytes that a normal scheduler is given.
  defp map(key), do: map(1..div(@document, 9), &(10_000 + key.(&1)))
  defp map(range, key), do: "{" <> Enum.map_join(range, ",", &~s("#{key.(&1)}":0)) <> "}"

  defp twice, do: map(1..32, &div(&1, 2))
  defp digits(count), do: String.duplicate("7", count)
  defp bytes(part, size), do: part |> many(size, 0) |> IO.iodata_to_binary()
end
