defmodule Outrigger.Events.Registry.FolderTest do
  @moduledoc "The registry that is a folder, through the same functions as one over HTTP."
  use ExUnit.Case, async: true

  alias Outrigger.Events.Registry
  alias Outrigger.Events.Registry.Folder.Lock
  alias Outrigger.Test.Cluster

  @int ~s("int")
  @long ~s("long")

  setup do
    dir = Path.join(System.tmp_dir!(), Cluster.unique("outrigger-registry"))
    on_exit(fn -> File.rm_rf!(dir) end)
    %{dir: dir, subjects: Path.join(dir, "subjects")}
  end

  # Writers take turns, and on a busy machine many of them take long.
  defp options(dir) do
    name = :"#{__MODULE__}.#{System.unique_integer([:positive])}"
    [name: name, dir: dir, deadline: 60_000]
  end

  defp registry(dir, more \\ []) do
    options = Keyword.merge(options(dir), more)
    start_supervised!({Registry, options}, id: options[:name])
    options[:name]
  end

  defp write(dir, path, text) do
    path = Path.join([dir, "subjects", path])
    File.mkdir_p!(Path.dirname(path))
    File.write!(path, text)
    path
  end

  test "what is registered has an id, a GUID, a version, and keeps them", %{dir: dir} do
    registry = registry(dir)
    assert Registry.register(registry, "orders", @int) == {:ok, 1}
    assert Registry.register(registry, "orders", @long) == {:ok, 2}
    assert Registry.register(registry, "orders", @int) == {:ok, 1}
    # The same schema elsewhere, and one that differs in its type.
    assert Registry.register(registry, "a/b", @int) == {:ok, 1}
    assert Registry.register(registry, "..", type: :json, text: @int) == {:ok, 3}

    assert Registry.versions(registry, "orders") == {:ok, [1, 2]}

    assert {:ok, %{id: 2, subject: "orders", version: 2} = latest} =
             Registry.latest(registry, "orders")

    assert {:ok, %{id: 1, text: @int, type: :avro} = one} = Registry.schema(registry, 1)
    assert {:ok, %{id: 1, text: @int}} = Registry.schema(registry, one.guid)
    assert {:ok, %{id: 1, subject: "a/b"}} = Registry.version(registry, "a/b", 1)
    assert {:ok, %{type: :json}} = Registry.schema(registry, 3)

    assert "a%2Fb" in File.ls!(Path.join(dir, "subjects"))
    refute File.exists?(Path.join(dir, "ids.lock"))
    refute Enum.any?(Path.wildcard(Path.join(dir, "**")), &String.ends_with?(&1, ".new"))

    again = registry(dir)
    assert Registry.latest(again, "orders") == {:ok, latest}
    assert {:ok, %{id: 1}} = Registry.schema(again, {:guid, one.guid})
    assert Registry.register(again, "orders", ~s("string")) == {:ok, 4}
  end

  test "what is not there", %{dir: dir} do
    registry = registry(dir)
    assert {:error, %{reason: :unknown_schema}} = Registry.schema(registry, 1)
    assert {:error, %{reason: :unknown_subject}} = Registry.latest(registry, "orders")
    assert {:error, %{reason: :unknown_subject}} = Registry.versions(registry, "orders")
    assert {:error, %{reason: :unknown_version}} = Registry.version(registry, "orders", 1)
    assert {:error, %{reason: :unsupported} = error} = Registry.check(registry, "orders", @int)
    assert error.message =~ "mix outrigger.schema.check"
    assert {:error, %{reason: :bad_schema}} = Registry.register(registry, "orders", "{")
    assert {:ok, %{circuit: :closed, retries: 0}} = Registry.stats(registry)
  end

  test "files put there by hand get ids in their order, also later", %{dir: dir} do
    write(dir, "b/1.proto", "syntax = \"proto3\";")
    write(dir, "a%2Fx/2.avsc", @long)
    write(dir, "a%2Fx/1.avsc", @int)
    write(dir, "a%2Fx/README.md", "not a schema")
    write(dir, "a%2Fx/01.avsc", "nor this")
    registry = registry(dir, negative_ttl: 0)
    assert {:ok, %{text: @int}} = Registry.schema(registry, 1)
    assert {:ok, %{text: @long}} = Registry.schema(registry, 2)
    assert {:ok, %{type: :protobuf}} = Registry.schema(registry, 3)
    assert {:error, _unknown} = Registry.schema(registry, 4)
    write(dir, "a%2Fa/1.avsc", ~s("bytes"))
    assert {:ok, %{text: ~s("bytes")}} = Registry.schema(registry, 4)
    assert {:ok, %{id: 4}} = Registry.version(registry, "a/a", 1)
  end

  test "an id is not given again when its file and line are gone", %{dir: dir, subjects: subjects} do
    registry = registry(dir)
    for text <- [@int, @long], do: Registry.register(registry, "orders", text)
    File.rm!(Path.join(subjects, "orders/2.avsc"))
    index = Path.join(dir, "ids.json")
    lines = index |> File.read!() |> String.split("\n") |> List.delete_at(2)
    File.write!(index, lines |> Enum.join("\n") |> String.replace("},\n]", "}\n]"))
    assert {:ok, 3} = Registry.register(registry(dir), "orders", ~s("string"))
  end

  test "references come resolved, in their order, and have to be there", %{dir: dir} do
    registry = registry(dir)
    ref = fn name, subject -> %{name: name, subject: subject, version: 1} end
    draft = fn text, refs -> [type: :protobuf, text: text, references: refs] end

    assert {:error, error} =
             Registry.register(registry, "top", draft.("t", [ref.("l.proto", "leaf")]))

    assert {error.reason, error.details} == {:bad_schema, %{subject: "leaf", version: 1}}
    assert {:ok, 1} = Registry.register(registry, "leaf", draft.("leaf", []))
    assert {:ok, 2} = Registry.register(registry, "mid", draft.("mid", [ref.("l.proto", "leaf")]))
    both = [ref.("m.proto", "mid"), ref.("l.proto", "leaf")]
    assert {:ok, 3} = Registry.register(registry, "top", draft.("top", both))
    assert {:ok, %{references: [leaf, mid]}} = Registry.schema(registry, 3)
    assert %{name: "l.proto", text: "leaf", subject: "leaf", version: 1, references: []} = leaf
    assert %{name: "m.proto", text: "mid", id: 2} = mid
    # The same text with other references is another schema.
    assert {:ok, 4} = Registry.register(registry, "top", draft.("top", []))
  end

  test "what is wrong names the file and the remedy", %{dir: dir} do
    registry = registry(dir, negative_ttl: 0)
    assert {:ok, 1} = Registry.register(registry, "orders", @int)
    path = write(dir, "orders/1.avsc", @long)

    assert {:error, %{reason: :bad_folder, details: %{path: ^path}} = error} =
             Registry.schema(registry, 1)

    assert error.message =~ "was changed"
    File.rm!(path)
    assert {:error, %{reason: :bad_folder} = error} = Registry.schema(registry, 1)
    assert error.message =~ "restore it"

    write(dir, "orders/1.avsc", @int)
    # A start that fails ends its link with the error.
    Process.flag(:trap_exit, true)
    twice = write(dir, "orders/1.json", @int)

    assert {:error, %{reason: :bad_folder, details: %{path: ^twice}}} =
             Registry.versions(registry, "orders")

    File.rm!(twice)

    for text <- ["", "{", ~s({"next": 1}), ~s({"next": 1, "schemas": [{"id": 0}]})] do
      File.write!(Path.join(dir, "ids.json"), text)

      assert {:error, %{reason: :bad_folder} = error} = Registry.start_link(options(dir))

      assert error.message =~ "ids.json"
    end

    # Two branches that gave one id each to another schema, merged.
    entry = fn guid, version ->
      ~s({"id": 1, "guid": "#{guid}", "subject": "orders", "version": #{version}})
    end

    File.write!(
      Path.join(dir, "ids.json"),
      ~s({"next": 2, "schemas": [#{entry.("a", 1)}, #{entry.("b", 2)}]})
    )

    assert {:error, %{reason: :bad_folder}} = Registry.start_link(options(dir))
  end

  test "two registries on one folder give out each id once", %{dir: dir} do
    registries = for _ <- 1..2, do: registry(dir)

    ids =
      for n <- 1..30, registry <- registries do
        Task.async(fn ->
          Registry.register(
            registry,
            "s#{rem(n, 3)}",
            ~s({"type": "fixed", "name": "F", "size": #{n}})
          )
        end)
      end
      |> Task.await_many(120_000)

    assert Enum.frequencies(ids) == Map.new(1..30, &{{:ok, &1}, 2})
    assert {:ok, versions} = Registry.versions(hd(registries), "s0")
    assert versions == Enum.to_list(1..10)
  end

  test "nor do two nodes", %{dir: dir} do
    other = Cluster.start_node()
    far = options(dir)
    spec = Registry.child_spec(far)
    {:ok, _pid} = Cluster.call(other, Supervisor, :start_child, [Outrigger.Supervisor, spec])
    near = registry(dir)
    text = fn side, n -> ~s({"type": "fixed", "name": "#{side}", "size": #{n}}) end

    tasks =
      for n <- 1..20 do
        [
          Task.async(fn -> Registry.register(near, "near", text.("Near", n)) end),
          Task.async(fn ->
            Cluster.call(other, Registry, :register, [far[:name], "far", text.("Far", n)])
          end)
        ]
      end

    ids = tasks |> List.flatten() |> Task.await_many(120_000)
    assert Enum.sort(ids) == for(id <- 1..40, do: {:ok, id})
    assert {:ok, %{text: same}} = Registry.schema(near, 7)
    assert {:ok, %{text: ^same}} = Cluster.call(other, Registry, :schema, [far[:name], 7])
  end

  describe "the lock" do
    setup %{dir: dir} do
      File.mkdir_p!(dir)
      %{lock: Path.join(dir, "ids.lock")}
    end

    test "of one that died is taken over, by one", %{dir: dir, lock: lock} do
      File.write!(lock, "somebody@gone")
      File.touch!(lock, System.os_time(:second) - 11)
      inside = :atomics.new(1, [])

      tasks =
        for _ <- 1..8 do
          Task.async(fn ->
            Lock.hold(dir, fn held ->
              alone = :atomics.add_get(inside, 1, 1)
              ours = Lock.check(held)
              :atomics.sub(inside, 1, 1)
              {alone, ours}
            end)
          end)
        end

      assert tasks |> Task.await_many(60_000) |> Enum.uniq() == [{1, :ok}]
      assert File.ls!(dir) == []
    end

    test "of one that lives is waited for, and then an error that names it", %{
      dir: dir,
      lock: lock
    } do
      File.write!(lock, "somebody@else")
      assert {:error, %{reason: :bad_folder} = error} = Lock.hold(dir, fn _lock -> :never end, 0)
      assert error.message =~ lock
      assert error.message =~ "somebody@else"
    end

    test "that was taken from a slow holder is not its own any more", %{dir: dir, lock: lock} do
      assert {:error, %{reason: :bad_folder, message: message}} =
               Lock.hold(dir, fn held ->
                 File.write!(lock, "another")
                 Lock.check(held)
               end)

      assert message =~ "taken over"
      assert File.read!(lock) == "another"
    end

    test "is given back when the writer raises", %{dir: dir} do
      assert_raise RuntimeError, fn -> Lock.hold(dir, fn _lock -> raise "oh" end) end
      assert File.ls!(dir) == []
    end
  end
end
