defmodule Outrigger.Limit.Server do
  @moduledoc """
  Keeps the name of a limiter, or of slots, while its supervisor wants it to run.

  The handle lies in `:persistent_term` under the name, so that a hit finds it without a message and without a copy. This process puts it
  there and takes it away, and does nothing else. See "Life and death" in `Outrigger.Limit`.
  """

  use GenServer

  alias Outrigger.Limit.Problem

  @doc "The child specification of `module` with the name among its options as its id."
  @spec child_spec(module, keyword) :: Supervisor.child_spec()
  def child_spec(module, options) do
    id = if Keyword.keyword?(options), do: Keyword.get(options, :name, module), else: module
    %{id: id, start: {module, :start_link, [options]}}
  end

  @doc "Keeps `handle` as `name`."
  @spec start_link(atom, struct) :: GenServer.on_start()
  def start_link(name, handle), do: GenServer.start_link(__MODULE__, {name, handle}, name: name)

  @doc "What is kept as `name`, if it is a handle of `module`."
  @spec fetch(module, term) :: {:ok, struct} | {:error, Outrigger.Error.t()}
  def fetch(module, name) do
    case :persistent_term.get(name, nil) do
      %{__struct__: ^module} = handle -> {:ok, handle}
      _none -> Problem.not_running(name)
    end
  end

  @impl true
  def init({name, handle}) do
    # So that `terminate/2` runs when the supervisor stops it.
    Process.flag(:trap_exit, true)
    :persistent_term.put(name, handle)
    {:ok, name}
  end

  @impl true
  def terminate(_reason, name), do: :persistent_term.erase(name)
end
