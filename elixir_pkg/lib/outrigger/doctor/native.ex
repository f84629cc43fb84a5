defmodule Outrigger.Doctor.Native do
  @moduledoc """
  Are the binary and the NIF built, for this machine and this VM, and of this package's version?
  """

  alias Outrigger.{Binary, Error}
  alias Outrigger.Doctor.{Check, Command}
  alias Outrigger.Node.Failure

  @timeout 5_000
  @rebuild "build it on this machine: `mix compile --force`, or `mix deps.compile outrigger --force` in an application"

  @doc "Checks the binary at `path`."
  @spec binary(Path.t()) :: Check.t()
  def binary(path) do
    with {:ok, path} <- Binary.check(path),
         {:ok, output, 0} <- Command.run(path, ["version"], @timeout) do
      version(path, output)
    else
      {:error, %Error{} = error} ->
        failed("binary", error)

      {:ok, output, status} ->
        failed("binary", Failure.exited(path, status, last_line(output), path))

      {:error, :timeout} ->
        Check.fail("binary", "#{path} does not answer `version` within #{@timeout} ms", @rebuild)

      {:error, posix} ->
        failed("binary", Failure.not_opened(path, posix))
    end
  end

  defp version(path, output) do
    case Regex.run(~r/\boutrigger (\S+)/, output) do
      [_, version] -> same_version("binary", path, version)
      nil -> Check.fail("binary", "#{path} is not the outrigger binary", @rebuild)
    end
  end

  @doc "Loads the NIF into this VM and asks it for its version."
  @spec nif() :: Check.t()
  def nif do
    # Loading happens when the module is loaded; asking for the status does both.
    case Outrigger.Native.status() do
      :ok ->
        info = Outrigger.Native.nif_info()
        path = Path.join(Binary.directory(), "outrigger_nif.so")
        same_version("nif", "#{path}, NIF #{info.nif_version},", info.version)

      {:error, error} ->
        failed("nif", error)
    end
  end

  defp same_version(check, what, version) do
    case Outrigger.version() do
      ^version ->
        Check.ok(check, "#{what} is of version #{version}")

      other ->
        Check.fail(
          check,
          "#{what} is of version #{version}, but the package of #{other}",
          @rebuild
        )
    end
  end

  # What the binary itself said last names no remedy.
  defp failed(check, %Error{reason: :exited, message: message}),
    do: Check.fail(check, message, @rebuild)

  # The errors of this package name their remedy themselves, after the first sentence.
  defp failed(check, %Error{message: message}) do
    case String.split(message, ~r/\. (?=[A-Z])/, parts: 2) do
      [detail, remedy] -> Check.fail(check, detail, remedy)
      [detail] -> Check.fail(check, detail, @rebuild)
    end
  end

  defp last_line(output), do: output |> String.split("\n", trim: true) |> List.last()
end
