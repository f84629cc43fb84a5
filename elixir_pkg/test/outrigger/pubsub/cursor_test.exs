defmodule Outrigger.PubSub.CursorTest do
  use ExUnit.Case, async: true

  alias Outrigger.PubSub.Cursor

  doctest Cursor

  @cursors [
    Cursor.beginning(),
    Cursor.new({1, :a@h}, -1),
    Cursor.new({1, :a@h}, 0),
    Cursor.new({1, :b@h}, -1),
    Cursor.new({2, :a@h}, 7),
    Cursor.new({1_795_246_523_000_000, :ü@h}, 0xFFFFFFFF)
  ]

  test "in order, and the same behind a text" do
    assert Enum.sort_by(Enum.shuffle(@cursors), & &1, Cursor) == @cursors

    for cursor <- @cursors do
      text = Cursor.encode(cursor)
      assert text =~ ~r/^[\w-]+$/ and Cursor.decode(text) == {:ok, cursor}
      assert Cursor.compare(cursor, cursor) == :eq
    end
  end

  test "every cut and every changed letter is an error or another cursor, and no new atom" do
    text = Cursor.encode(List.last(@cursors))

    for cut <- 0..(byte_size(text) - 1),
        do: assert(Cursor.decode(binary_part(text, 0, cut)) != {:ok, List.last(@cursors)})

    for at <- 0..(byte_size(text) - 1), byte <- 0..255 do
      front = binary_part(text, 0, at)
      back = binary_part(text, at + 1, byte_size(text) - at - 1)

      case Cursor.decode(<<front::binary, byte, back::binary>>) do
        {:ok, cursor} -> assert Cursor.decode(Cursor.encode(cursor)) == {:ok, cursor}
        other -> assert other == :error
      end
    end

    for wrong <- [nil, 1, "", String.duplicate("A", 401), <<255>>, ["a"]],
        do: assert(Cursor.decode(wrong) == :error)

    router = "no-#{System.unique_integer([:positive])}@host"
    text = Base.url_encode64(<<1, 5::64, 1::64, router::binary>>, padding: false)
    assert {:ok, _cursor} = Cursor.decode(text)
    assert_raise ArgumentError, fn -> String.to_existing_atom(router) end
    beyond = Base.url_encode64(<<1, -1::64, 1::64, "r@h">>, padding: false)
    assert Cursor.decode(beyond) == :error
  end
end
