defmodule Outrigger.Events.CompatibilityTest do
  use Outrigger.Test.RegistryCase, async: true

  alias Outrigger.Error
  alias Outrigger.Events.Compatibility

  doctest Compatibility

  defp record(fields) do
    fields = for {name, rest} <- fields, do: ~s({"name":"#{name}",#{rest}})
    ~s({"type":"record","name":"R","fields":[#{Enum.join(fields, ",")}]})
  end

  defp found(new, earlier, options) do
    case Compatibility.check(new, earlier, options) do
      :ok ->
        :ok

      {:error, %Error{reason: :incompatible, details: %{incompatibilities: found, more: 0}}} ->
        for one <- found, do: {one.version, one.direction, one.path, one.kind}
    end
  end

  test "each level asks what it says" do
    one = record(id: ~s("type":"int"))
    two = record(id: ~s("type":"long"), note: ~s("type":"string"))
    three = record(id: ~s("type":"long"))
    backward = {0, :backward, "$.note", "missing_default"}
    forward = {0, :forward, "$.id", "type_mismatch"}

    assert found(two, [one], level: :none) == :ok
    assert found(two, [one], level: :backward) == [backward]
    assert found(two, [one], []) == [backward]
    assert found(two, [one], level: :forward) == [forward]
    assert found(two, [one], level: :full) == [backward, forward]

    assert found(three, [one, two], level: :forward) == [
             {1, :forward, "$.note", "missing_default"}
           ]

    assert found(three, [one, two], level: :forward_transitive) == [
             forward,
             {1, :forward, "$.note", "missing_default"}
           ]

    assert found(three, [one, two], level: :backward_transitive) == :ok
    assert found(three, [], level: :full_transitive) == :ok
  end

  test "JSON Schema and Protobuf" do
    short = ~s({"type":"string","maxLength":5})
    long = ~s({"type":"string","maxLength":10})
    assert found(long, [short], format: :json) == :ok

    assert found(short, [long], format: :json) == [
             {0, :backward, "#/maxLength", "max_length_decreased"}
           ]

    closed = ~s({"type":"object","properties":{"a":{"type":"string"}}})
    open = ~s({"type":"object"})
    assert [_ | _] = found(closed, [open], format: :json)
    assert found(closed, [open], format: :json, policy: :lenient) == :ok

    file = &~s(syntax = "proto3"; message Order { #{&1} id = 1; })

    assert found(file.("string"), [file.("int64")], format: :protobuf) == [
             {0, :backward, "#/Order/1", "field_scalar_kind_changed"}
           ]

    assert found(file.("int32"), [file.("int64")], format: :protobuf) == :ok
  end

  test "what is no schema says which one" do
    good = ~s("int")

    assert {:error, %Error{reason: :bad_schema, details: %{path: "$"}}} =
             Compatibility.check("{", [good])

    assert {:error, %Error{reason: :bad_schema, details: %{path: "version 1 $"}}} =
             Compatibility.check(good, [good, "{"])

    for wrong <- [[level: :sideways], [format: :xml], [policy: :soft], [strict: true]],
        do: assert_raise(ArgumentError, fn -> Compatibility.check(good, [], wrong) end)
  end

  test "the message has the first of many" do
    fields = for n <- 1..5, do: {"f#{n}", ~s("type":"string")}
    assert {:error, %Error{message: message}} = Compatibility.check(record(fields), [record([])])
    assert message =~ "$.f1" and message =~ "$.f3" and message =~ "and 2 more"
  end

  test "against the versions of a registry, with what they refer to" do
    dir = Path.join(System.tmp_dir!(), "outrigger-#{System.unique_integer([:positive])}")
    on_exit(fn -> File.rm_rf(dir) end)
    start_supervised!({Registry, name: __MODULE__.Folder, dir: dir})
    part = record(n: ~s("type":"long"))
    {:ok, _id} = Registry.register(__MODULE__.Folder, "part", part)
    reference = %{name: "R", subject: "part", version: 1}
    whole = ~s({"type":"record","name":"W","fields":[{"name":"r","type":"R"}]})

    {:ok, _id} =
      Registry.register(__MODULE__.Folder, "whole", text: whole, references: [reference])

    {:ok, same} = Registry.version(__MODULE__.Folder, "whole", 1)
    check = &Compatibility.check_subject(__MODULE__.Folder, "whole", &1, level: :full_transitive)
    assert check.(same) == :ok
    other = %{same | text: String.replace(whole, ~s("type":"R"), ~s("type":["null","R"]))}

    assert {:error, %Error{details: %{incompatibilities: [%{direction: :forward, version: 0}]}}} =
             check.(other)

    assert Compatibility.check_subject(__MODULE__.Folder, "unknown", whole <> "") |> elem(0) ==
             :error

    assert Compatibility.check_subject(__MODULE__.Folder, "unknown", part) == :ok

    assert {:error, %Error{reason: :not_started}} =
             Compatibility.check_subject(:nobody, "a", part)
  end
end
