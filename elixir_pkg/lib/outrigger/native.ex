defmodule Outrigger.Native do
  @moduledoc """
  The door to the engines that run inside the VM: stubs that the NIF in `priv/native` replaces.

  Only the module that gives an engine its Elixir face calls these functions (`Outrigger.Watch.Histogram` for
  histograms). Applications use those modules.

  Loading may fail, and then only what needs an engine in the VM fails: PubSub and the Rust node work without. A stub
  then raises an `Outrigger.Error` with reason `:not_loaded`, which says why and what to do; `status/0` tells the same
  without an exception.
  """

  alias Outrigger.Error

  @on_load :load

  # The Rust side is built for NIF 2.16 (OTP 24) and works on every later one.
  @library "outrigger_nif"
  @key {__MODULE__, :load_error}

  @typedoc "A histogram held by the NIF."
  @type histogram :: reference

  @typedoc "What the NIF says of itself: its version, the NIF version and the machine it was built for."
  @type info :: %{version: String.t(), nif_version: String.t(), arch: String.t(), os: String.t()}

  @doc """
  Whether the NIF is loaded into this VM.
  """
  @spec status() :: :ok | {:error, Error.t()}
  def status do
    case :persistent_term.get(@key, nil) do
      nil -> :ok
      {path, reason} -> {:error, not_loaded_error(path, reason)}
    end
  end

  @doc """
  Version and build of the loaded NIF.
  """
  @spec nif_info() :: info
  def nif_info, do: not_loaded()

  # native/nif/src/watch.rs

  @doc false
  @spec histogram_new() :: histogram
  def histogram_new, do: not_loaded()

  @doc false
  @spec histogram_record(histogram, non_neg_integer, non_neg_integer) :: :ok
  def histogram_record(_histogram, _nanoseconds, _count), do: not_loaded()

  @doc false
  @spec histogram_summary(histogram) :: map | nil
  def histogram_summary(_histogram), do: not_loaded()

  @doc false
  @spec histogram_percentile(histogram, float) :: non_neg_integer | nil
  def histogram_percentile(_histogram, _percentile), do: not_loaded()

  @doc false
  @spec histogram_merge(histogram, histogram) :: :ok
  def histogram_merge(_into, _from), do: not_loaded()

  @doc false
  @spec histogram_reset(histogram) :: :ok
  def histogram_reset(_histogram), do: not_loaded()

  @doc false
  def load do
    path = Path.join(Outrigger.Binary.directory(), @library)

    case :erlang.load_nif(String.to_charlist(path), 0) do
      :ok -> :persistent_term.erase(@key)
      {:error, reason} -> :persistent_term.put(@key, {path, reason})
    end

    # A module whose `on_load` fails is unloaded, and its callers would see `:undef` instead of what is wrong.
    :ok
  end

  # `:erlang.nif_error/1` raises like `raise/1`, and tells the type checkers that the stub never returns.
  defp not_loaded do
    {:error, error} = status()
    :erlang.nif_error(error)
  end

  defp not_loaded_error(path, {kind, text}) do
    Error.new(
      :not_loaded,
      "the NIF #{path}.so could not be loaded (#{text}). #{remedy(kind)}",
      %{path: path <> ".so", kind: kind, vm_nif_version: vm_nif_version()}
    )
  end

  defp remedy(:upgrade), do: "A NIF cannot be replaced in a running VM: restart it."
  defp remedy(:reload), do: "A NIF cannot be loaded again in a running VM: restart it."

  defp remedy(_load_failed) do
    "Build it on this machine with `mix compile` (in an application `mix deps.compile outrigger --force`), with the " <>
      "Erlang/OTP that will load it or an older one."
  end

  defp vm_nif_version, do: List.to_string(:erlang.system_info(:nif_version))
end
