defmodule Outrigger.Watch.Source.LiveView do
  @moduledoc """
  Callbacks of LiveViews and their components. A callback that raises is counted among what fails, see `Outrigger.Watch.Storms`.
  """

  @behaviour Outrigger.Watch.Handler

  alias Outrigger.Watch.{Label, Requests, Store}

  @callbacks [
    {[:phoenix, :live_view, :mount], :mount},
    {[:phoenix, :live_view, :handle_params], :params},
    {[:phoenix, :live_view, :handle_event], :live_event},
    {[:phoenix, :live_view, :render], :render},
    {[:phoenix, :live_component, :handle_event], :component_event}
  ]

  @impl true
  def events(options) do
    if options[:phoenix] do
      for {name, family} <- @callbacks, step <- [:start, :stop, :exception] do
        {name ++ [step], {family, step}}
      end
    else
      []
    end
  end

  @impl true
  def event({_family, :start}, _times, _about, store), do: Requests.enter(store)

  def event({family, :stop}, times, about, store) do
    Requests.leave(store)
    Store.record(store, Store.series(store, key(family, about)), 0, times[:duration])
  end

  def event({family, :exception}, _times, about, store) do
    Requests.leave(store)

    view = if family == :component_event, do: about[:component], else: view(about)
    Store.count(store, {:failures, "live " <> Label.text(Label.tag(view))})
  end

  defp key(:component_event, about),
    do: {:component_event, Label.tag(about[:component]), Label.tag(about[:event])}

  defp key(:live_event, about),
    do: {:live_event, Label.tag(view(about)), Label.tag(about[:event])}

  defp key(family, about), do: {family, Label.tag(view(about))}

  defp view(%{socket: %{view: view}}), do: view
  defp view(_about), do: nil
end
