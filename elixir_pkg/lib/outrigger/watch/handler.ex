defmodule Outrigger.Watch.Handler do
  @moduledoc """
  The one function that is attached to events. It never raises: telemetry would detach it for good.

  Its configuration is `{source, about}`: a module that knows the event's family, and which of its events this is. The store is in a
  `:persistent_term`, from where it is not copied; telemetry copies a configuration for each event. What a source does not understand is counted
  as a fault.
  """

  alias Outrigger.Watch.Store

  @doc "What a source makes of an event."
  @callback event(about :: term, measurements :: map, metadata :: map, Store.t()) :: term

  @doc "The events of a source, with `about`."
  @callback events(options :: keyword) :: [{[atom], about :: term}]

  @key Outrigger.Watch

  @doc false
  def handle(_event, measurements, metadata, {source, about}) do
    store = :persistent_term.get(@key)

    try do
      source.event(about, measurements, metadata, store)
    catch
      _kind, _reason -> Store.fault(store)
    end
  catch
    # Nothing is kept any more: it is being stopped.
    _kind, _reason -> :ok
  end

  @doc "Makes a store the one that events go to."
  @spec keep(Store.t()) :: :ok
  def keep(%Store{} = store), do: :persistent_term.put(@key, store)

  @doc "The store that events go to."
  @spec store() :: Store.t() | nil
  def store, do: :persistent_term.get(@key, nil)

  @doc "Ends the life of a store, unless another one is kept by now."
  @spec drop(Store.t()) :: :ok
  def drop(%Store{life: life}) do
    with %Store{life: ^life} <- store(), do: :persistent_term.erase(@key)
    :ok
  end
end
