defmodule Outrigger.Events.JSONOTPTest do
  @moduledoc "Beside OTP's own `json`, from OTP 27 on: where both agree, and in what they differ."
  use ExUnit.Case, async: true

  alias Outrigger.Error
  alias Outrigger.Events.JSON

  unless Code.ensure_loaded?(:json), do: @moduletag(skip: "this OTP has no json: it came with 27")

  # A run that fails says with which seed.
  @rounds 3_000

  defp theirs(document) do
    # `null` is an atom of its own there, unless it is told otherwise.
    case apply(:json, :decode, [document, :ok, %{null: nil}]) do
      {term, :ok, rest} -> if String.trim(rest, " ") == "", do: {:ok, term}, else: :error
    end
  rescue
    _refused -> :error
  end

  defp ours(document, options \\ []) do
    with {:error, %Error{}} <- JSON.decode(document, options), do: :error
  end

  defp written(term) do
    IO.iodata_to_binary(apply(:json, :encode, [term, &write/2]))
  end

  # The atom is written as text there.
  defp write(nil, _encode), do: "null"
  defp write(term, encode), do: apply(:json, :encode_value, [term, encode])

  defp each(work) do
    for round <- 1..@rounds do
      seed = {17, 29, round}
      :rand.seed(:exsss, seed)
      {given, ours, theirs} = work.()
      assert {seed, given, ours} == {seed, given, theirs}
    end
  end

  # Control characters have several spellings: numbers with small letters here, short names and large letters there.
  defp spelled(json) do
    json =
      String.replace(json, [~S(\b), ~S(\f)], &%{~S(\b) => ~S(\u0008), ~S(\f) => ~S(\u000c)}[&1])

    Regex.replace(~r/\\u00[01][0-9A-F]/, json, &String.downcase/1)
  end

  # Documents, with the space that is allowed between their parts.

  defp document(0), do: scalar()

  defp document(depth) do
    case :rand.uniform(4) do
      1 -> scalar()
      2 -> "[" <> parts(depth, &document/1) <> "]"
      _ -> "{" <> parts(depth, &(string() <> space() <> ":" <> document(&1))) <> "}"
    end
    |> then(&(space() <> &1 <> space()))
  end

  defp parts(depth, part) do
    count = :rand.uniform(5) - 1
    if count == 0, do: space(), else: Enum.map_join(1..count, ",", fn _ -> part.(depth - 1) end)
  end

  defp space, do: Enum.random(["", "", "", " ", "\n", "\t\r "])

  defp scalar do
    case :rand.uniform(3) do
      1 -> Enum.random(["null", "true", "false"])
      2 -> number()
      3 -> string()
    end
  end

  defp number do
    sign = Enum.random(["", "-"])
    whole = Enum.random(["0", "7", "#{:rand.uniform(1_000_000)}", digits(20), digits(60)])
    fraction = Enum.random(["", "", ".0", ".5", "." <> digits(3), "." <> digits(30)])
    exponent = Enum.random(["", "", "", "e3", "E+2", "e-7", "e-300", "e200"])
    sign <> whole <> fraction <> exponent
  end

  defp digits(count), do: "1" <> for(_ <- 2..count, into: "", do: "#{:rand.uniform(10) - 1}")

  @pieces ["a", "key", "é", "😀", "\u2028", "\x7F", " ", "/", "'"] ++
            [~S(\"), ~S(\\), ~S(\/), ~S(\b), ~S(\f), ~S(\n), ~S(\r), ~S(\t)] ++
            [~S(\u0000), ~S(\u001f), ~S(\u00e9), ~S(\u00E9), ~S(\ud83d\ude00), ~S(\uffff)]

  defp string do
    count = :rand.uniform(6) - 1
    # A number makes keys differ: what becomes of equal ones is a test of its own.
    ~s("#{for _ <- 1..count//1, do: Enum.random(@pieces)}#{:rand.uniform(1_000_000_000)}")
  end

  test "documents are the same terms" do
    each(fn ->
      document = document(4)
      {document, ours(document), theirs(document)}
    end)
  end

  test "what one refuses the other refuses" do
    bytes = ["", "x", "\"", "\\", "{", "]", ",", ":", "0", "-", "+", ".", "e", "\0", "\x1F"]
    bytes = bytes ++ [<<0x80>>, <<0xFF>>, <<0xC0, 0x80>>, <<0xED, 0xA0, 0x80>>, "\\u", "\\ud800"]

    each(fn ->
      document = document(3)
      place = :rand.uniform(byte_size(document) + 1) - 1
      left = max(byte_size(document) - place - (:rand.uniform(3) - 1), 0)
      rest = binary_part(document, byte_size(document), -left)
      document = binary_part(document, 0, place) <> Enum.random(bytes) <> rest
      # Damage may make two keys equal.
      {document, ours(document, duplicate_keys: :first), theirs(document)}
    end)

    for document <-
          ["", " ", "nul", "NaN", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "1e", "'a'"] ++
            ["\"\t\"", ~S("\x"), ~S("\u12g4"), ~S("\ud800"), ~S("\udc00"), "\uFEFF1", "1 2"] do
      assert {document, ours(document), theirs(document)} == {document, :error, :error}
    end
  end

  test "what one writes the other reads, and both write the same" do
    each(fn ->
      term = JSON.decode!(document(4))
      {:ok, json} = JSON.encode(term)
      {term, {theirs(json), ours(written(term))}, {{:ok, term}, {:ok, term}}}
    end)

    each(fn ->
      # Maps of several keys are written in an order of their own.
      term = for _ <- 1..3, do: JSON.decode!(scalar())
      {term, JSON.encode!(term), spelled(written(term))}
    end)

    for term <- [self(), make_ref(), {1, 2}, %{{1} => 2}, <<0xFF>>, [1 | 2]] do
      assert {:error, %Error{reason: :unencodable}} = JSON.encode(term)
      assert catch_error(written(term))
    end
  end

  describe "they differ in" do
    test "equal keys: there the first one counts, here the last one unless it is told otherwise" do
      document = ~s({"a": 1, "b": 2, "a": 3})
      assert theirs(document) == {:ok, %{"a" => 1, "b" => 2}}
      assert ours(document) == {:ok, %{"a" => 3, "b" => 2}}
      assert ours(document, duplicate_keys: :first) == theirs(document)
      assert ours(document, duplicate_keys: :error) == :error
    end

    test "bounds, of which there are none there" do
      long = String.duplicate("9", 2_000)
      assert {:ok, number} = theirs(long)
      assert {:error, %Error{reason: :too_large}} = JSON.decode(long)
      assert ours(long, max_digits: 2_000) == {:ok, number}
      deep = String.duplicate("[", 600) <> String.duplicate("]", 600)
      assert {:ok, _list} = theirs(deep)
      assert {:error, %Error{reason: :too_large}} = JSON.decode(deep)
      assert ours(deep, max_depth: 600) == theirs(deep)
    end

    test "how control characters are spelled" do
      assert JSON.encode!("\b\f\n\x1F") == ~S("\u0008\u000c\n\u001f")
      assert written("\b\f\n\x1F") == ~S("\b\f\n\u001F")
      assert spelled(written("\b\f\n\x1F")) == JSON.encode!("\b\f\n\x1F")
    end

    test "nothing, where a float has no place for a number: both refuse it" do
      for document <- ["1e400", "-1e400", "[1.5e309]"],
          do: assert({document, ours(document), theirs(document)} == {document, :error, :error})

      assert {:ok, %{coef: 1, exp: 400}} = JSON.decode("1e400", floats: :decimals)
    end

    test "digits that a float does not hold, which here are there for the asking" do
      document = "0.1000000000000000055511151231257827"
      assert ours(document) == theirs(document)
      assert {:ok, %{coef: coef, exp: -34}} = JSON.decode(document, floats: :decimals)
      assert Integer.to_string(coef) == "1000000000000000055511151231257827"
    end
  end
end
