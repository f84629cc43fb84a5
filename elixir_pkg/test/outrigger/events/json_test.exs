defmodule Outrigger.Events.JSONTest do
  use ExUnit.Case, async: true

  alias Outrigger.Error
  alias Outrigger.Events.JSON

  doctest JSON

  describe "a document" do
    test "is the term that it says" do
      for {text, term} <- [
            {"null", nil},
            {" true ", true},
            {"false", false},
            {"-0", 0},
            {"-0.0", -0.0},
            {"9223372036854775807", 9_223_372_036_854_775_807},
            {"9223372036854775808", 9_223_372_036_854_775_808},
            {"-9223372036854775809", -9_223_372_036_854_775_809},
            {"1" <> String.duplicate("0", 700), Integer.pow(10, 700)},
            {"1.5", 1.5},
            {"1e3", 1.0e3},
            {"5e-324", 5.0e-324},
            {~s(""), ""},
            {~s("é\\u00e9\\ud83d\\ude00\\n"), "éé😀\n"},
            {"[]", []},
            {"{}", %{}},
            {"[[],{},[{}]]", [[], %{}, [%{}]]},
            {~s({"":1,"a":{"b":[1,2]}}), %{"" => 1, "a" => %{"b" => [1, 2]}}}
          ] do
        assert {text, JSON.decode(text)} == {text, {:ok, term}}
        assert {text, JSON.decode(text, strings: :reference)} == {text, {:ok, term}}
      end
    end

    test "has maps of any size, with keys in any order" do
      for size <- [1, 2, 8, 31, 32, 33, 100, 5_000] do
        keys =
          for n <- Enum.shuffle(1..size),
              do: Enum.random(["k", "a longer key ", "é", "\0"]) <> "#{n}"

        # Keys that agree in their first eight bytes, and one that ends where another has a zero.
        keys = ["same first bytes 1", "same first bytes 0", "z", "z\0" | keys]
        map = keys |> Enum.with_index() |> Map.new()
        pairs = Enum.map_join(keys, ",", &"#{inspect_key(&1)}:#{map[&1]}")
        assert JSON.decode("{" <> pairs <> "}") == {:ok, map}
        assert JSON.decode("[{#{pairs}},{#{pairs}}]", strings: :reference) == {:ok, [map, map]}
      end
    end

    test "that is a list is decoded in portions, and refused as a whole" do
      text = fn items -> "[" <> Enum.join(items, ", ") <> "]" end

      items =
        for n <- 1..3_000, do: ~s({"n": #{n}, "text": "#{String.duplicate("é", rem(n, 50))}"})

      terms = for item <- items, do: JSON.decode!(item)
      long = ~s("#{String.duplicate("x", 40_000)}")
      assert JSON.decode(text.(items)) == {:ok, terms}
      assert JSON.decode("[\n" <> text.(items) <> ", 1\t]  ") == {:ok, [terms, 1]}

      assert JSON.decode(text.(items), strings: :reference, keys: :atoms) ==
               {:ok, for(t <- terms, do: Map.new(t, fn {k, v} -> {String.to_atom(k), v} end))}

      assert JSON.decode(text.([long, long | items])) ==
               {:ok, [JSON.decode!(long), JSON.decode!(long) | terms]}

      assert JSON.decode(text.(items ++ [long])) == {:ok, terms ++ [JSON.decode!(long)]}

      for {wrong, path} <- [
            {"x", "$[2000]"},
            {~s({"n": [1, 2, }), "$[2000].n[2]"},
            {"1 2", "$"}
          ] do
        {front, back} = Enum.split(items, 2_000)
        assert {:error, error} = JSON.decode(text.(front ++ [wrong | back]))
        assert {error.reason, error.details.path} == {:malformed, path}
      end

      assert {:error, %{reason: :malformed}} = JSON.decode(text.(items) <> "]")
      assert {:error, %{reason: :malformed}} = JSON.decode("[" <> Enum.join(items, ","))

      assert {:error, %{reason: :unknown_key}} =
               JSON.decode(text.(items ++ [~s({"no atom has this name": 1})]),
                 keys: :existing_atoms
               )

      assert {:error, %{reason: :malformed}} = JSON.decode(text.(items ++ [<<34, 255, 34>>]))
    end

    test "of any size is decoded, the large ones on a dirty scheduler" do
      for count <- [10, 2_000, 50_000] do
        items = for n <- 1..count, do: %{"id" => n, "text" => String.duplicate("x", rem(n, 90))}

        text =
          "[" <> Enum.map_join(items, ",", &~s({"id":#{&1["id"]},"text":"#{&1["text"]}"})) <> "]"

        assert JSON.decode(text) == {:ok, items}
      end
    end

    test "may be decoded by many processes at once" do
      text = ~s({"a":[1,2,{"b":"c"}],"d":18446744073709551616})
      expected = %{"a" => [1, 2, %{"b" => "c"}], "d" => 18_446_744_073_709_551_616}
      tasks = for _ <- 1..8, do: Task.async(fn -> for _ <- 1..2_000, do: JSON.decode!(text) end)
      for task <- tasks, decoded <- Task.await(task, 60_000), do: assert(decoded == expected)
    end
  end

  describe "options" do
    test "say what keys become" do
      assert JSON.decode(~s({"keys":{"strings":1}}), keys: :atoms) ==
               {:ok, %{keys: %{strings: 1}}}

      assert JSON.decode(~s({"keys":{"strings":1}}), keys: :existing_atoms) ==
               {:ok, %{keys: %{strings: 1}}}

      assert JSON.decode(~s({"schlüssel":1}), keys: :atoms) == {:ok, %{schlüssel: 1}}

      key = "no atom #{System.unique_integer()}"
      unknown = ~s({"keys":{"#{key}":1}})

      assert {:error, %Error{reason: :unknown_key, details: %{offset: 10}}} =
               JSON.decode(unknown, keys: :existing_atoms)

      assert_raise ArgumentError, fn -> String.to_existing_atom(key) end
      # More than an atom can hold.
      long = ~s({"#{String.duplicate("k", 256)}":1})
      assert {:error, %Error{reason: :unknown_key}} = JSON.decode(long, keys: :atoms)
    end

    test "say which of two equal keys counts" do
      text = ~s({"b":0,"a":1,"c":{"x":[],"x":{}},"a":2,"a":3})
      assert JSON.decode(text) == {:ok, %{"a" => 3, "b" => 0, "c" => %{"x" => %{}}}}

      assert JSON.decode(text, duplicate_keys: :first) ==
               {:ok, %{"a" => 1, "b" => 0, "c" => %{"x" => []}}}

      assert {:error, %Error{reason: :malformed, details: details}} =
               JSON.decode(text, duplicate_keys: :error)

      assert details == %{offset: 31, path: "$.c"}

      large = "{" <> Enum.map_join(1..2_000, ",", &~s("k#{rem(&1, 1_000)}":#{&1})) <> "}"
      assert {:ok, %{"k1" => 1_001, "k0" => 2_000} = map} = JSON.decode(large)
      assert map_size(map) == 1_000
      assert {:ok, %{"k1" => 1, "k0" => 1_000}} = JSON.decode(large, duplicate_keys: :first)
    end

    test "make decimals of fractions" do
      decimal = fn sign, coef, exp -> %{__struct__: Decimal, sign: sign, coef: coef, exp: exp} end

      assert JSON.decode("[1.50,-0.0,1e400,123456789012345678901234567890.12,7]",
               floats: :decimals
             ) ==
               {:ok,
                [
                  decimal.(1, 150, -2),
                  decimal.(-1, 0, -1),
                  decimal.(1, 1, 400),
                  decimal.(1, 12_345_678_901_234_567_890_123_456_789_012, -2),
                  7
                ]}
    end

    test "let strings refer to the document" do
      text = :binary.copy(~s(["#{String.duplicate("x", 100)}"]))
      assert {:ok, [string]} = JSON.decode(text, strings: :reference)
      assert :binary.referenced_byte_size(string) == byte_size(text)
      assert {:ok, [string]} = JSON.decode(text)
      assert :binary.referenced_byte_size(string) == 100
    end

    test "bound what is taken on" do
      assert {:error, %Error{reason: :too_large, details: %{what: "bytes", limit: 3, offset: 3}}} =
               JSON.decode("[1, 2]", max_bytes: 3)

      assert {:error, %Error{reason: :too_large, details: %{what: "levels", limit: 2}}} =
               JSON.decode("[[[]]]", max_depth: 2)

      digits = String.duplicate("7", 1_025)
      assert {:error, %Error{reason: :too_large, details: %{limit: 1_024}}} = JSON.decode(digits)
      assert JSON.decode(digits, max_digits: 2_000) == {:ok, String.to_integer(digits)}
      deep = String.duplicate("[", 100_000)

      assert {:error, %Error{reason: :too_large, details: %{limit: 512, offset: 512}}} =
               JSON.decode(deep)
    end

    test "that there are not raise" do
      for wrong <- [[keys: :atom], [max_depth: 0], [max_bytes: "1"], [nonsense: 1], [:keys]] do
        assert_raise ArgumentError, fn -> JSON.decode("1", wrong) end
      end
    end
  end

  test "what is no JSON is an error with its place, and harms nothing" do
    for {text, offset, path} <- [
          {"", 0, "$"},
          {"{", 1, "$"},
          {~s({"a":[1,{"b":tru}]}), 13, "$.a[1].b"},
          {"[\"a\",\"\xFF\"]", 6, "$[1]"},
          {"[\"\xED\xA0\x80\"]", 2, "$[0]"},
          {"[NaN]", 1, "$[0]"},
          {"[1]]", 3, "$"},
          {"[1e999]", 1, "$[0]"}
        ] do
      assert {:error, %Error{reason: :malformed, details: details} = error} = JSON.decode(text)
      assert {text, details} == {text, %{offset: offset, path: path}}
      assert_raise Error, Exception.message(error), fn -> JSON.decode!(text) end
      # Nothing of it stands in the next one.
      assert JSON.decode("[1]") == {:ok, [1]}
    end
  end

  describe "a term" do
    test "comes back from its JSON" do
      :rand.seed(:exsss, {1, 2, 3})

      for _ <- 1..500 do
        term = term(4)
        assert JSON.decode(JSON.encode!(term)) == {:ok, term}
      end
    end

    test "has one form" do
      decimal = fn sign, coef, exp -> %{__struct__: Decimal, sign: sign, coef: coef, exp: exp} end

      for {term, json} <- [
            {%{a: 1}, ~s({"a":1})},
            {%{1 => :b}, ~s({"1":"b"})},
            {decimal.(-1, 150, -2), "-1.50"},
            {decimal.(1, 5, -3), "0.005"},
            {decimal.(1, 15, 3), "15E3"},
            {decimal.(1, 15, -300), "15E-300"},
            {~D[2026-01-02], ~s("2026-01-02")},
            {0.1, "0.1"},
            {"\0\e\"\\/é", ~S("\u0000\u001b\"\\/é")}
          ] do
        assert JSON.encode!(term) == json
      end
    end

    test "that has none is an error with its path" do
      for {term, path} <- [
            {self(), []},
            {%{"a" => [1, {2}]}, ["a", 1]},
            {[1 | 2], [0]},
            {%{a: <<0xFF>>}, ["a"]},
            {%{[1] => 2}, []},
            {%{a: %URI{}}, ["a"]},
            {[%{__struct__: Decimal, sign: 1, coef: :NaN, exp: 0}], [0]}
          ] do
        assert {:error, %Error{reason: :unencodable, details: %{path: ^path}} = error} =
                 JSON.encode(term)

        assert_raise Error, Exception.message(error), fn -> JSON.encode!(term) end
      end
    end
  end

  defp term(0),
    do:
      Enum.random([
        nil,
        true,
        false,
        0,
        -17,
        18_446_744_073_709_551_616,
        1.5,
        1.0e-300,
        "",
        "é\n\"😀",
        "a"
      ])

  defp term(depth) when rem(depth, 2) == 0,
    do: for(_ <- 1..:rand.uniform(4), do: term(Enum.random(0..(depth - 1))))

  defp term(depth),
    do: Map.new(1..:rand.uniform(40), &{"key #{&1}", term(Enum.random(0..(depth - 1)))})

  defp inspect_key(key), do: ~s(") <> String.replace(key, "\0", "\\u0000") <> ~s(")
end
