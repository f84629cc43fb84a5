defmodule Outrigger.EventsTest do
  use ExUnit.Case, async: true

  alias Outrigger.{Error, Events}
  alias Outrigger.Events.{JSON, Plan}

  doctest Events

  defp documents(count) do
    for n <- 1..count do
      ~s({"before":null,"after":{"id":#{n},"name":"row #{n}","tags":["a",{"deep":#{rem(n, 7)}}]},"op":"#{Enum.at(~w(c u d), rem(n, 3))}"})
    end
  end

  test "rows hold what the documents hold, however many they are" do
    paths = ["after.id", "after.tags[1].deep", "op", "not.there", "after"]
    plan = Events.plan!(paths)
    named = Events.plan!(Enum.zip([:id, :deep, :op, :none, :row], paths), strings: :reference)

    for count <- [1, 2, 500, 5_000] do
      documents = documents(count)

      expected =
        for document <- documents do
          whole = JSON.decode!(document)
          [_, %{"deep" => deep}] = whole["after"]["tags"]
          {whole["after"]["id"], deep, whole["op"], nil, whole["after"]}
        end

      maps =
        for {id, deep, op, none, row} <- expected,
            do: %{id: id, deep: deep, op: op, none: none, row: row}

      array = "[" <> Enum.join(documents, " , ") <> "]"

      assert Events.project(documents, plan) == {expected, []}
      assert Events.project(array, plan) == {expected, []}
      assert Events.project(documents, named) == {maps, []}
      assert Events.project(array, named) == {maps, []}
    end

    assert Events.project([], plan) == {[], []}
    assert Events.project(" [ ] ", plan) == {[], []}
  end

  test "documents of all sizes stand beside each other" do
    large = ~s({"id": 2, "text": "#{String.duplicate("x", 200_000)}"})
    documents = [~s({"id": 1}), large, ~s({"id": 3}), "{", large]
    assert {[{1}, {2}, {3}, {2}], [{3, error}]} = Events.project(documents, Events.plan!(["id"]))
    assert error.reason == :malformed
    # An array larger than a normal scheduler checks.
    array = "[" <> Enum.map_join(1..10, ",", fn _ -> large end) <> "]"
    assert {rows, []} = Events.project(array, Events.plan!(["id"]))
    assert rows == List.duplicate({2}, 10)
  end

  test "filters hold documents back" do
    plan =
      Events.plan!(["after.id"],
        where: [{"op", :in, ["c", "u"]}, {"after.id", :>, 10}, {"after.id", :!=, 12}]
      )

    {rows, []} = Events.project(documents(20), plan)
    assert rows == for(n <- 11..20, rem(n, 3) != 2, n != 12, do: {n})
    assert Events.project(["{}"], Events.plan!(["a"], where: [{"b", :==, nil}])) == {[{nil}], []}
    assert Events.project(["{}"], Events.plan!(["a"], where: [{"b", :not_in, [nil]}])) == {[], []}
  end

  test "types are read exactly, or the document is refused with its place" do
    plan = Events.plan!(price: {"price", :decimal}, at: {"at", :microsecond}, n: {"n", :integer})

    documents = [
      ~s({"price": 0.10, "at": 1700000000123456, "n": 1}),
      ~s({"price": "12345678901234567890.5", "at": null, "n": 18446744073709551616}),
      ~s({"n": 1.5}),
      ~s({"n": 1, "at": -1, "price": [1]}),
      ~s({"n": 2})
    ]

    decimal = fn coef, exp -> %{__struct__: Decimal, sign: 1, coef: coef, exp: exp} end

    assert {rows, [{2, third}, {3, fourth}]} = Events.project(documents, plan)

    assert rows == [
             %{price: decimal.(10, -2), at: ~U[2023-11-14 22:13:20.123456Z], n: 1},
             %{
               price: decimal.(123_456_789_012_345_678_905, -1),
               at: nil,
               n: 18_446_744_073_709_551_616
             },
             %{price: nil, at: nil, n: 2}
           ]

    assert %Error{reason: :malformed, details: %{path: "$.n", offset: 6}} = third
    assert %Error{reason: :malformed, details: %{path: "$.price"}} = fourth
  end

  test "an array that is wrong is refused as a whole" do
    plan = Events.plan!(["a"])

    for {array, path} <- [{~s([{"a":1},{"a":]), "$[1].a"}, {"{}", "$"}, {"[1] 2", "$"}, {"", "$"}] do
      assert {[], [{0, %Error{reason: :malformed, details: details}}]} =
               Events.project(array, plan)

      assert {array, details.path} == {array, path}
    end
  end

  test "a plan that is wrong says what is" do
    for {fields, options} <- [
          {[], []},
          {["a..b"], []},
          {[{"a", :number}], []},
          {[:a], []},
          {[a: "x", a: "y"], []},
          {["a"], [where: [{"a", :like, "x"}]]},
          {["a"], [where: [{"a", :<, 1.5}]]},
          {["a"], [where: [{"a", :in, 5}]]},
          {["a"], [where: [{"a", :==, 1.5}]]},
          {["a"], [where: %{}]},
          {["a"], [where: ["a"]]},
          {List.duplicate("a", 257), []},
          {["a"], [where: List.duplicate({"a", :==, 1}, 65)]}
        ] do
      assert {:error, %Error{reason: :bad_plan} = error} = Events.plan(fields, options)
      assert_raise Error, Exception.message(error), fn -> Events.plan!(fields, options) end
    end

    assert_raise ArgumentError, fn -> Events.plan(["a"], nonsense: 1) end
  end

  test "a plan is for many processes at once" do
    plan = Events.plan!(["after.id", "op"])
    documents = documents(200)
    {expected, []} = Events.project(documents, plan)

    tasks =
      for _ <- 1..8, do: Task.async(fn -> for _ <- 1..50, do: Events.project(documents, plan) end)

    for task <- tasks, rows <- Task.await(task, 60_000), do: assert(rows == {expected, []})
    assert %Plan{} = plan
  end
end
