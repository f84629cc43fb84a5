defmodule Outrigger.Events.Registry.Folder.Index do
  @moduledoc """
  Which id the files of a folder have: the contents of `ids.json`.

      {"next": 3, "schemas": [
      {"id": 1, "guid": "…", "subject": "orders", "version": 1},
      {"id": 2, "guid": "…", "subject": "orders", "version": 2}
      ]}

  One line for each file, so that version control shows what is new. `next` is above every id that was ever given, also where its line is
  gone. The GUID is a hash of the type, the text and the references. Pure.
  """

  alias Outrigger.Events.JSON
  alias Outrigger.Events.Registry.{Frame, Schema}

  defstruct next: 1, entries: []

  @type entry :: %{
          id: pos_integer,
          guid: String.t(),
          subject: String.t(),
          version: pos_integer
        }
  @type t :: %__MODULE__{next: pos_integer, entries: [entry]}

  @doc "Reads the file's text, `nil` for one that is not there yet."
  @spec parse(String.t() | nil) :: {:ok, t} | :error
  def parse(nil), do: {:ok, %__MODULE__{}}

  def parse(text) do
    with {:ok, %{"next" => next, "schemas" => list}} when is_integer(next) and is_list(list) <-
           JSON.decode(text),
         entries = Enum.map(list, &entry/1),
         false <- :error in entries do
      # A merge of two branches may have left the smaller number.
      highest = entries |> Enum.map(& &1.id) |> Enum.max(fn -> 0 end)

      if clash?(entries),
        do: :error,
        else: {:ok, %__MODULE__{next: max(next, highest + 1), entries: entries}}
    else
      _other -> :error
    end
  end

  @spec render(t) :: String.t()
  def render(index) do
    lines =
      Enum.map_join(index.entries, ",\n", fn entry ->
        ~s({"id": #{entry.id}, "guid": "#{entry.guid}", "subject": #{JSON.encode!(entry.subject)}, "version": #{entry.version}})
      end)

    ~s({"next": #{index.next}, "schemas": [\n#{lines}\n]}\n)
  end

  @doc "An entry by id, GUID, place, or by place and contents."
  @spec find(t, tuple) :: entry | nil
  def find(index, {:id, id}), do: Enum.find(index.entries, &(&1.id == id))
  def find(index, {:guid, guid}), do: Enum.find(index.entries, &(&1.guid == guid))

  def find(index, {:version, subject, version}),
    do: Enum.find(index.entries, &(&1.subject == subject and &1.version == version))

  def find(index, {:same, subject, guid}),
    do: Enum.find(index.entries, &(&1.subject == subject and &1.guid == guid))

  @doc "The next version of a subject, which none has had."
  @spec next_version(t, String.t()) :: pos_integer
  def next_version(index, subject) do
    versions = for %{subject: ^subject, version: version} <- index.entries, do: version
    Enum.max(versions, fn -> 0 end) + 1
  end

  @doc "Adds a file: under the id of the same contents, if they have one."
  @spec add(t, String.t(), pos_integer, String.t()) :: {entry, t}
  def add(index, subject, version, guid) do
    same = find(index, {:guid, guid})
    id = if same, do: same.id, else: index.next
    entry = %{id: id, guid: guid, subject: subject, version: version}
    next = if same, do: index.next, else: index.next + 1
    {entry, %{index | next: next, entries: index.entries ++ [entry]}}
  end

  @doc "Those files that have no id, in the order in which they get one."
  @spec unlisted(t, [{String.t(), pos_integer, Schema.type()}]) ::
          [{String.t(), pos_integer, Schema.type()}]
  def unlisted(index, files) do
    listed = MapSet.new(index.entries, &{&1.subject, &1.version})

    files
    |> Enum.reject(fn {subject, version, _type} -> {subject, version} in listed end)
    |> Enum.sort()
  end

  @doc "The GUID of a schema in a folder: the same wherever it is."
  @spec guid(Schema.draft()) :: String.t()
  def guid(draft) do
    references = for ref <- draft.references, do: [ref.name, ref.subject, ref.version]
    hashed = JSON.encode!([Schema.type_name(draft.type), draft.text, references])
    <<guid::binary-16, _rest::binary>> = :crypto.hash(:sha256, hashed)
    Frame.text(guid)
  end

  # Two files with one id have the same contents, and no place is listed twice.
  defp clash?(entries) do
    places = Enum.uniq_by(entries, &{&1.subject, &1.version})
    contents = entries |> Enum.map(&{&1.id, &1.guid}) |> Enum.uniq()

    length(places) < length(entries) or
      length(contents) > length(Enum.uniq_by(contents, &elem(&1, 0)))
  end

  defp entry(%{"id" => id, "guid" => guid, "subject" => subject, "version" => version})
       when is_integer(id) and id > 0 and is_binary(guid) and is_binary(subject) and
              is_integer(version) and version > 0,
       do: %{id: id, guid: guid, subject: subject, version: version}

  defp entry(_other), do: :error
end
