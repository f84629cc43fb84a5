defmodule Outrigger.OptionsTest do
  use ExUnit.Case, async: true

  doctest Outrigger.Options

  alias Outrigger.{Error, Options}

  @schema [
    name: [type: :atom, required: true, doc: "The name."],
    size: [type: :pos_integer, default: 10, doc: "How many\nthere are."],
    mode: [type: {:in, [:fast, :safe]}, doc: "How."],
    cookie: [type: :string, secret: true, default_doc: "that of the node", doc: "The cookie."]
  ]

  defp refused(options) do
    assert {:error, %Error{reason: :bad_option} = error} =
             Options.validate(options, @schema, MyApp)

    assert String.starts_with?(error.message, "MyApp: ")
    error
  end

  test "defaults are filled in, in the order of the schema; what is not given and has none stays away" do
    assert Options.validate([mode: :safe, name: :a], @schema, MyApp) ==
             {:ok, [name: :a, size: 10, mode: :safe]}
  end

  test "a missing option" do
    error = refused([])
    assert error.message == "MyApp: option :name is required: give an atom"
    assert error.details == %{option: :name, problem: :missing}
  end

  test "an unknown option, with the closest name or all of them" do
    assert refused(name: :a, siez: 1).message ==
             "MyApp: unknown option :siez, did you mean :size?"

    assert refused(name: :a, zzz: 1).message ==
             "MyApp: unknown option :zzz, known are: :name, :size, :mode, :cookie"
  end

  test "a wrong type" do
    error = refused(name: :a, mode: :slow)
    assert error.message == "MyApp: option :mode must be one of :fast, :safe, got: :slow"
    assert error.details == %{option: :mode, problem: :type, value: :slow}
  end

  test "an option given twice, and no keyword list" do
    assert refused(name: :a, name: :b).details.problem == :duplicate
    assert refused(%{name: :a}).details.problem == :not_keyword
    assert refused([:name]).details.problem == :not_keyword
  end

  test "a secret value is shown nowhere" do
    refute inspect(refused(name: :a, cookie: :hush_hush)) =~ "hush"
  end

  test "the bang twin raises" do
    assert Options.validate!([name: :a], @schema, MyApp) == [name: :a, size: 10]
    assert_raise Error, ~r/:name is required/, fn -> Options.validate!([], @schema, "MyApp") end
  end

  test "docs" do
    assert Options.docs(@schema) == """
             * `:name` (atom, required) - The name.
             * `:size` (positive integer) - How many
               there are. Default: `10`.
             * `:mode` (`:fast` or `:safe`) - How.
             * `:cookie` (string) - The cookie. Default: that of the node.\
           """
  end
end
