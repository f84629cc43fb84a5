defmodule Outrigger.Events.Registry.Folder.Lock do
  @moduledoc """
  One writer at a time in a folder, across processes and nodes: whoever has made the file `ids.lock`.

  The file says who has made it. Others look again every few milliseconds, for as long as it goes from hand to hand; one that has the same
  holder in front of it for 12 seconds gives up.

  A holder writes two or three small files, so one that has the lock for more than 10 seconds has died, and the file is taken
  away. Only one does this at a time, whoever has made `ids.lock.takeover`, and looks again once it has. A holder that was only slow finds
  out before it writes `ids.json`, and gives up. A process that dies during a takeover leaves both files: the error of those that wait names
  them, and they are deleted by hand.
  """

  alias Outrigger.Error
  alias Outrigger.Events.Registry.Folder.Files

  @stale_s 10
  @patience_ms 12_000
  @again_ms 5

  @enforce_keys [:path, :own]
  defstruct @enforce_keys

  @type t :: %__MODULE__{path: String.t(), own: String.t()}

  @doc "Runs `write` with the lock of `dir`."
  @spec hold(String.t(), (t -> result), non_neg_integer) :: result | {:error, Error.t()}
        when result: term
  def hold(dir, write, patience \\ @patience_ms) do
    lock = %__MODULE__{path: Path.join(dir, "ids.lock"), own: own()}

    with :ok <- acquire(lock, {patience, now() + patience, nil}) do
      try do
        write.(lock)
      after
        if check(lock) == :ok, do: File.rm(lock.path)
      end
    end
  end

  @doc "Is the lock still ours?"
  @spec check(t) :: :ok | {:error, Error.t()}
  def check(lock) do
    if File.read(lock.path) == {:ok, lock.own},
      do: :ok,
      else:
        {:error,
         Files.bad(
           lock.path,
           "was held for more than #{@stale_s} seconds and taken over by another: try again"
         )}
  end

  defp acquire(lock, waiting) do
    case create(lock.path, lock.own) do
      :ok ->
        :ok

      {:error, :eexist} ->
        wait(lock, waiting)

      {:error, reason} ->
        {:error, Files.bad(lock.path, "cannot be made (#{:file.format_error(reason)})")}
    end
  end

  defp wait(lock, {patience, until, holder}) do
    if stale?(lock.path), do: take_over(lock.path)

    case holder(lock.path) do
      ^holder ->
        if now() < until, do: again(lock, {patience, until, holder}), else: held(lock, holder)

      another ->
        again(lock, {patience, now() + patience, another})
    end
  end

  defp holder(path) do
    case File.read(path) do
      {:ok, holder} -> holder
      {:error, _gone} -> "another"
    end
  end

  # Nobody tells of a file that is gone.
  defp again(lock, waiting) do
    Process.sleep(@again_ms)
    acquire(lock, waiting)
  end

  defp held(lock, holder) do
    {:error,
     Files.bad(
       lock.path,
       "is held by #{holder |> String.slice(0, 200) |> String.trim()}: if that has died, delete the file, and ids.lock.takeover if it is there"
     )}
  end

  defp take_over(path) do
    takeover = path <> ".takeover"

    if create(takeover, own()) == :ok do
      # The stale one may have been taken away, and a new one made, since we looked.
      if stale?(path), do: File.rm(path)
      File.rm(takeover)
    end
  end

  defp stale?(path) do
    case File.stat(path, time: :posix) do
      {:ok, %{mtime: made}} -> System.os_time(:second) - made > @stale_s
      {:error, _gone} -> false
    end
  end

  defp create(path, text) do
    with {:ok, file} <- :file.open(path, [:write, :exclusive, :raw, :binary]) do
      written = :file.write(file, text)
      :file.close(file)
      # A full disk: nobody else should wait for it.
      if written != :ok, do: File.rm(path)
      written
    end
  end

  defp own do
    random = 8 |> :crypto.strong_rand_bytes() |> Base.encode16()
    "#{node()} (OS process #{System.pid()}), #{DateTime.utc_now()}, #{random}\n"
  end

  defp now, do: System.monotonic_time(:millisecond)
end
