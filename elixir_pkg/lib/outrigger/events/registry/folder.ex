defmodule Outrigger.Events.Registry.Folder do
  @moduledoc """
  A registry that is a folder of files: for tests, and for set-ups that keep their schemas in version control.

      {Outrigger.Events.Registry, name: MyApp.Schemas, dir: "priv/schemas"}

  ## Layout

      priv/schemas/ids.json                              which file has which id
      priv/schemas/subjects/orders-value/1.avsc          version 1 of subject orders-value: .avsc, .json or .proto
      priv/schemas/subjects/orders-value/2.avsc
      priv/schemas/subjects/orders-value/2.references.json
                                                         what it refers to: [{"name": …, "subject": …, "version": …}]
      priv/schemas/ids.lock                              while somebody writes

  A subject is escaped as in a url, so `a/b` is the folder `a%2Fb`. Files may be put there by hand: one that `ids.json` does not list
  gets the next id when it is first seen, in the order of subjects and versions. Commit `ids.json` along with them: it is what keeps ids
  the same. It also has a hash of each file, and a file that was changed after it got its id is an error, for an id never changes.

  ## What holds

    * The same schema (type, text and references) has one id, in whatever subjects it is.
    * Files are written beside their place and renamed, the schema before `ids.json`: a reader sees all or nothing, and a writer that dies in
      between leaves a file that gets its id when it is next seen.
    * Two writers, also of two nodes, do not give out one id: a writer has made `ids.lock` and nobody else had
      (`Outrigger.Events.Registry.Folder.Lock`, which also says what happens if it dies).

  ## Limits

  GUIDs are made here and are not those of a Confluent registry. `check/4` is `:unsupported`, and `register/3` takes what is no longer
  compatible: `mix outrigger.schema.check` has the rules. A file system on which exclusive creation or renaming is not atomic (some network
  file systems) is none for this.
  """

  @behaviour Outrigger.Events.Registry.Source

  alias Outrigger.Error
  alias Outrigger.Events.JSON
  alias Outrigger.Events.Registry.Folder.{Files, Index, Lock}
  alias Outrigger.Events.Registry.Schema

  @enforce_keys [:dir, :max_bytes]
  defstruct @enforce_keys

  @type t :: %__MODULE__{dir: String.t(), max_bytes: pos_integer}

  @doc "Makes the folder if it is not there, and gives ids to the files that have none."
  @spec open(String.t(), map) :: {:ok, {module, t}} | {:error, Error.t()}
  def open(dir, options) do
    folder = %__MODULE__{dir: Path.expand(dir), max_bytes: options.max_bytes}

    with :ok <- Files.prepare(folder.dir),
         {:ok, _index} <- index(folder),
         do: {:ok, {__MODULE__, folder}}
  end

  @impl true
  def fetch(folder, {:latest, subject}) do
    case versions(folder, subject) do
      {:ok, versions} -> fetch(folder, {:version, subject, Enum.max(versions)})
      {:error, error} -> {:error, error}
    end
  end

  def fetch(folder, key) do
    with {:ok, index} <- read_index(folder),
         {:ok, entry} <- find(folder, index, key),
         do: read(folder, entry, key)
  end

  @impl true
  def versions(folder, subject) do
    with {:ok, files} <- Files.list(folder.dir) do
      case for({^subject, version, _type} <- files, do: version) do
        [] -> {:error, unknown(folder, {:latest, subject})}
        versions -> {:ok, versions}
      end
    end
  end

  @impl true
  def register(folder, subject, draft) do
    with :ok <- sound(draft) do
      Lock.hold(folder.dir, fn lock ->
        with {:ok, index} <- adopted(folder, lock),
             :ok <- referred(index, draft) do
          guid = Index.guid(draft)

          case Index.find(index, {:same, subject, guid}) do
            nil -> add(folder, lock, index, subject, draft, guid)
            entry -> {:ok, entry.id}
          end
        end
      end)
    end
  end

  @impl true
  def check(_folder, _subject, _draft, _version) do
    {:error,
     Error.new(
       :unsupported,
       "a folder of schemas does not check them: run mix outrigger.schema.check where they are kept"
     )}
  end

  defp add(folder, lock, index, subject, draft, guid) do
    version = Index.next_version(index, subject)
    {entry, index} = Index.add(index, subject, version, guid)

    with :ok <- Files.write(folder.dir, subject, version, draft),
         :ok <- Lock.check(lock),
         :ok <- Files.write_index(folder.dir, Index.render(index)),
         do: {:ok, entry.id}
  end

  # A file that was put there since may be it.
  defp find(folder, index, key) do
    with nil <- Index.find(index, key),
         {:ok, index} <- index(folder),
         nil <- Index.find(index, key) do
      {:error, unknown(folder, key)}
    else
      %{} = entry -> {:ok, entry}
      {:error, error} -> {:error, error}
    end
  end

  # All files that are there have an id in it. Without one to give, nothing is locked or written.
  defp index(folder) do
    with {:ok, index} <- read_index(folder),
         {:ok, files} <- Files.list(folder.dir) do
      if Index.unlisted(index, files) == [],
        do: {:ok, index},
        else: Lock.hold(folder.dir, &adopted(folder, &1))
    end
  end

  defp adopted(folder, lock) do
    with {:ok, index} <- read_index(folder),
         {:ok, files} <- Files.list(folder.dir),
         {:ok, grown} <- adopt(folder, index, Index.unlisted(index, files)),
         :ok <- Lock.check(lock),
         :ok <-
           if(grown == index, do: :ok, else: Files.write_index(folder.dir, Index.render(grown))),
         do: {:ok, grown}
  end

  defp adopt(_folder, index, []), do: {:ok, index}

  defp adopt(folder, index, [{subject, version, type} | files]) do
    with {:ok, draft} <- Files.read(folder.dir, subject, version, type, folder.max_bytes) do
      {_entry, index} = Index.add(index, subject, version, Index.guid(draft))
      adopt(folder, index, files)
    end
  end

  defp read_index(folder) do
    with {:ok, text} <- Files.read_index(folder.dir) do
      case Index.parse(text) do
        {:ok, index} ->
          {:ok, index}

        :error ->
          {:error,
           Files.bad(
             Files.index(folder.dir),
             "is not what was written: restore it, for it has the ids that data was written with"
           )}
      end
    end
  end

  defp read(folder, entry, key) do
    %{subject: subject, version: version, guid: guid} = entry

    with {:ok, type} <- Files.type(folder.dir, subject, version),
         {:ok, draft} <- Files.read(folder.dir, subject, version, type, folder.max_bytes) do
      if Index.guid(draft) == guid do
        {:ok, schema(entry, draft, key), draft.references}
      else
        {:error,
         Files.bad(
           Files.path(folder.dir, subject, version, type),
           "was changed after it got the id #{entry.id}: restore it, and add the change as another version"
         )}
      end
    end
  end

  defp schema(entry, draft, key) do
    schema = %Schema{id: entry.id, guid: entry.guid, type: draft.type, text: draft.text}

    # A schema by its id may be in several subjects.
    if match?({:version, _subject, _version}, key),
      do: %{schema | subject: entry.subject, version: entry.version},
      else: schema
  end

  defp sound(%{type: :protobuf}), do: :ok

  defp sound(draft) do
    case JSON.decode(draft.text) do
      {:ok, _json} -> :ok
      {:error, error} -> {:error, Error.new(:bad_schema, error.message, error.details)}
    end
  end

  defp referred(index, draft) do
    case Enum.find(draft.references, &(not there?(index, &1))) do
      nil ->
        :ok

      %{subject: subject, version: version} ->
        {:error,
         Error.new(
           :bad_schema,
           "the schema refers to version #{version} of #{subject}, which is not there: register that first",
           %{subject: subject, version: version}
         )}
    end
  end

  defp there?(index, reference),
    do: Index.find(index, {:version, reference.subject, reference.version}) != nil

  defp unknown(folder, {:latest, subject}),
    do:
      Error.new(:unknown_subject, "there is no subject #{subject} in #{folder.dir}", %{
        subject: subject
      })

  defp unknown(folder, {:version, subject, version}) do
    Error.new(
      :unknown_version,
      "there is no version #{version} of subject #{subject} in #{folder.dir}",
      %{subject: subject, version: version}
    )
  end

  defp unknown(folder, {kind, id}),
    do:
      Error.new(:unknown_schema, "there is no schema with the #{kind} #{id} in #{folder.dir}", %{
        kind => id
      })
end
