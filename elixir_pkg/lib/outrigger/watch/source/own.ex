defmodule Outrigger.Watch.Source.Own do
  @moduledoc """
  Events that the application names itself: `app.event`, with the event's name and its tags as labels.
  """

  @behaviour Outrigger.Watch.Handler

  alias Outrigger.Options
  alias Outrigger.Watch.{Buckets, Label, Store}

  @schema [
    name: [type: {:list, :atom}, required: true, doc: "The event."],
    measurement: [type: :atom, default: :duration, doc: "Which of its measurements."],
    unit: [
      type: {:in, [:native, :nanosecond, :microsecond, :millisecond, :second]},
      default: :native,
      doc: "What it is measured in."
    ],
    tags: [
      type: {:list, :atom},
      default: [],
      doc:
        "Metadata that become labels, 4 at most: names of things, never ids or what a user typed."
    ]
  ]

  @tags 4
  # Labels that are there already.
  @taken [:event, :node, :le]

  @doc "The options of one event."
  @spec schema() :: Options.schema()
  def schema, do: @schema

  @doc "Checks the list of events."
  @spec validate([term], module) :: {:ok, [keyword]} | {:error, Outrigger.Error.t()}
  def validate(events, owner) do
    Enum.reduce_while(events, {:ok, []}, fn event, {:ok, valid} ->
      case one(event, owner) do
        {:ok, event} -> {:cont, {:ok, valid ++ [event]}}
        {:error, error} -> {:halt, {:error, error}}
      end
    end)
  end

  defp one(event, owner) do
    place = "#{inspect(owner)}, of :events"

    with {:ok, event} <- Options.validate(event, @schema, place) do
      cond do
        event[:name] == [] ->
          bad(place, "an event has a name, such as [:my_app, :checkout, :stop]")

        length(event[:tags]) > @tags or Enum.any?(event[:tags], &(not name?(&1))) ->
          bad(
            place,
            "at most #{@tags} tags, in lower case, none of them #{inspect(@taken)}: #{inspect(event[:tags])}"
          )

        true ->
          {:ok, event}
      end
    end
  end

  defp name?(tag), do: tag not in @taken and Atom.to_string(tag) =~ ~r/\A[a-z][a-z0-9_]*\z/

  defp bad(place, message),
    do: {:error, Outrigger.Error.new(:bad_option, "#{place}: #{message}", %{option: :events})}

  @impl true
  def events(options) do
    for {event, n} <- Enum.with_index(options[:events]) do
      per_second = System.convert_time_unit(1, :second, event[:unit])
      {event[:name], {n, event[:measurement], per_second, event[:tags]}}
    end
  end

  @impl true
  def event({n, measurement, per_second, tags}, measurements, about, store) do
    case measurements do
      %{^measurement => time} when is_integer(time) ->
        tags = Enum.map(tags, &Label.tag(Map.get(about, &1)))
        array = Store.series(store, List.to_tuple([{:event, n} | tags]))
        Buckets.record(array, 0, div(time * 1_000_000_000, per_second))

      _other ->
        Store.fault(store)
    end
  end
end
