defmodule Outrigger.Events.Registry.Folder.Files do
  @moduledoc """
  The files of a folder of schemas: their names, and reading and writing them whole.

  Errors have the reason `:bad_folder`, and name the file and what to do about it.
  """

  alias Outrigger.Error
  alias Outrigger.Events.JSON
  alias Outrigger.Events.Registry.Schema

  @endings %{".avsc" => :avro, ".json" => :json, ".proto" => :protobuf}
  @endings_of Map.new(@endings, fn {ending, type} -> {type, ending} end)

  @spec prepare(String.t()) :: :ok | {:error, Error.t()}
  def prepare(dir) do
    subjects = Path.join(dir, "subjects")

    if File.dir?(subjects),
      do: :ok,
      else: done(File.mkdir_p(subjects), subjects, "cannot be made")
  end

  @doc "All schemas: subject, version and type. A version that two files claim is an error."
  @spec list(String.t()) ::
          {:ok, [{String.t(), pos_integer, Schema.type()}]} | {:error, Error.t()}
  def list(dir) do
    subjects = Path.join(dir, "subjects")

    with {:ok, names} <- done(File.ls(subjects), subjects, "cannot be read") do
      files =
        for name <- names,
            {:ok, files} <- [File.ls(Path.join(subjects, name))],
            file <- files,
            {version, type} <- version(file),
            subject <- subject(name),
            do: {subject, version, type}

      files = Enum.sort(files)

      case files -- Enum.uniq_by(files, fn {subject, version, _type} -> {subject, version} end) do
        [] ->
          {:ok, files}

        [{subject, version, type} | _] ->
          {:error,
           bad(
             path(dir, subject, version, type),
             "is not the only one of its version: give it another number"
           )}
      end
    end
  end

  @spec path(String.t(), String.t(), pos_integer, Schema.type()) :: String.t()
  def path(dir, subject, version, type),
    do: Path.join(folder(dir, subject), "#{version}#{@endings_of[type]}")

  @doc "What type a version is of, by the ending of its file."
  @spec type(String.t(), String.t(), pos_integer) :: {:ok, Schema.type()} | {:error, Error.t()}
  def type(dir, subject, version) do
    types =
      for {_ending, type} <- @endings, File.exists?(path(dir, subject, version, type)), do: type

    case types do
      [type] ->
        {:ok, type}

      _none ->
        missing = Path.join(folder(dir, subject), "#{version}.*")
        {:error, bad(missing, "is not there, and has an id in ids.json: restore it")}
    end
  end

  @spec read(String.t(), String.t(), pos_integer, Schema.type(), pos_integer) ::
          {:ok, Schema.draft()} | {:error, Error.t()}
  def read(dir, subject, version, type, max_bytes) do
    path = path(dir, subject, version, type)

    with {:ok, text} <- contents(path, max_bytes),
         :ok <- if(String.valid?(text), do: :ok, else: {:error, bad(path, "is not UTF-8")}),
         {:ok, references} <- references(dir, subject, version, max_bytes),
         do: {:ok, %{type: type, text: text, references: references}}
  end

  @doc "Writes a schema: what it refers to before the file that makes it seen."
  @spec write(String.t(), String.t(), pos_integer, Schema.draft()) :: :ok | {:error, Error.t()}
  def write(dir, subject, version, draft) do
    folder = folder(dir, subject)

    with :ok <- done(File.mkdir_p(folder), folder, "cannot be made"),
         :ok <- write_references(dir, subject, version, draft.references),
         do: replace(path(dir, subject, version, draft.type), draft.text)
  end

  @spec index(String.t()) :: String.t()
  def index(dir), do: Path.join(dir, "ids.json")

  @spec read_index(String.t()) :: {:ok, String.t() | nil} | {:error, Error.t()}
  def read_index(dir) do
    case File.read(index(dir)) do
      {:error, :enoent} -> {:ok, nil}
      read -> done(read, index(dir), "cannot be read")
    end
  end

  @spec write_index(String.t(), String.t()) :: :ok | {:error, Error.t()}
  def write_index(dir, text), do: replace(index(dir), text)

  @spec bad(String.t(), String.t()) :: Error.t()
  def bad(path, problem), do: Error.new(:bad_folder, "#{path} #{problem}", %{path: path})

  defp folder(dir, subject), do: Path.join([dir, "subjects", escape(subject)])

  # "." and ".." are folders already.
  defp escape(dots) when dots in [".", ".."], do: String.replace(dots, ".", "%2E")
  defp escape(subject), do: URI.encode(subject, &URI.char_unreserved?/1)

  defp version(file) do
    with {version, ending} when version > 0 and is_map_key(@endings, ending) <-
           Integer.parse(file),
         # 01.avsc would be a second name for 1.avsc.
         true <- file == "#{version}#{ending}" do
      [{version, @endings[ending]}]
    else
      _other -> []
    end
  end

  # A folder with a name that no subject has is none of ours.
  defp subject(name) do
    subject = URI.decode(name)
    if escape(subject) == name, do: [subject], else: []
  rescue
    ArgumentError -> []
  end

  defp references_path(dir, subject, version),
    do: Path.join(folder(dir, subject), "#{version}.references.json")

  defp references(dir, subject, version, max_bytes) do
    path = references_path(dir, subject, version)

    if File.exists?(path) do
      with {:ok, text} <- contents(path, max_bytes) do
        with {:ok, list} <- JSON.decode(text), {:ok, references} <- Schema.references(list) do
          {:ok, references}
        else
          _other ->
            {:error, bad(path, ~s(should be [{"name": "…", "subject": "…", "version": 1}]))}
        end
      end
    else
      {:ok, []}
    end
  end

  # One that a writer left behind that died is not that of this schema.
  defp write_references(dir, subject, version, []) do
    path = references_path(dir, subject, version)
    if File.exists?(path), do: done(File.rm(path), path, "cannot be deleted"), else: :ok
  end

  defp write_references(dir, subject, version, references),
    do: replace(references_path(dir, subject, version), JSON.encode!(references) <> "\n")

  defp contents(path, max_bytes) do
    case File.stat(path) do
      {:ok, %{size: size}} when size > max_bytes ->
        {:error,
         bad(path, "has more than #{max_bytes} bytes: raise option :max_bytes if it is wanted")}

      _other ->
        done(File.read(path), path, "cannot be read")
    end
  end

  # Only whoever holds the lock writes, so the name beside is free.
  defp replace(path, text) do
    beside = path <> ".new"

    with :ok <- done(File.write(beside, text, [:sync]), beside, "cannot be written"),
         do: done(File.rename(beside, path), path, "cannot be replaced")
  end

  defp done({:error, reason}, path, what),
    do:
      {:error,
       bad(path, "#{what} (#{:file.format_error(reason)}): see to its permissions and the disk")}

  defp done(done, _path, _what), do: done
end
