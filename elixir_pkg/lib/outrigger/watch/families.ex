defmodule Outrigger.Watch.Families do
  @moduledoc """
  What is counted together: a family is an event's metrics and the labels that tell its series apart.

  Names, labels and units are those of the catalogue of `outrigger_watch` (`native/watch/src/catalogue/table.rs`), where their meaning stands. Series of
  one family have one row of `Outrigger.Watch.Store`, with an array for all its histograms, or with one counter.
  """

  @type family :: atom | {:event, non_neg_integer}
  @typedoc "`labels` are named by tags in their order, `fixed` are those of all series."
  @type t :: %{
          kind: :histograms | :counter,
          labels: [String.t()],
          metrics: [String.t()],
          fixed: %{String.t() => String.t()}
        }

  @histograms [
    ecto:
      {~w(repo source),
       ~w(ecto.total_time ecto.queue_time ecto.query_time ecto.decode_time ecto.idle_time)},
    endpoint: {~w(method status), ~w(phoenix.endpoint)},
    router: {~w(route status), ~w(phoenix.router)},
    channel_join: {~w(channel), ~w(phoenix.channel.join)},
    channel_in: {~w(channel event), ~w(phoenix.channel.in)},
    socket: {~w(socket), ~w(phoenix.socket)},
    mount: {~w(view), ~w(phoenix.live_view.mount)},
    params: {~w(view), ~w(phoenix.live_view.params)},
    live_event: {~w(view event), ~w(phoenix.live_view.event)},
    render: {~w(view), ~w(phoenix.live_view.render)},
    component_event: {~w(component event), ~w(phoenix.live_component.event)},
    job: {~w(queue worker), ~w(oban.job oban.queue_time)},
    message: {~w(pipeline processor), ~w(broadway.message)},
    batch: {~w(pipeline batcher), ~w(broadway.batch)}
  ]
  @counters [
    n_plus_one: {~w(source), ~w(ecto.n_plus_one)},
    refused: {~w(repo reason), ~w(ecto.refused)},
    disconnects: {~w(repo), ~w(ecto.disconnects)},
    errors: {~w(route), ~w(phoenix.errors)},
    job_errors: {~w(queue worker), ~w(oban.errors)},
    storms: {~w(source), ~w(retry.storms)},
    # Of what fails, by what `Outrigger.Watch.Storms` calls it. It is not told: storms are made of it.
    failures: {~w(source), []}
  ]

  @doc "All families, with those of the events that the application names."
  @spec all([keyword]) :: %{family => t}
  def all(events) do
    fixed =
      for {kind, families} <- [histograms: @histograms, counter: @counters],
          {family, {labels, metrics}} <- families,
          into: %{},
          do: {family, %{kind: kind, labels: labels, metrics: metrics, fixed: %{}}}

    for {event, n} <- Enum.with_index(events), into: fixed do
      name = Enum.map_join(event[:name], ".", &Atom.to_string/1)
      tags = Enum.map(event[:tags], &Atom.to_string/1)
      metrics = ["app.event"]

      {{:event, n},
       %{kind: :histograms, labels: tags, metrics: metrics, fixed: %{"event" => name}}}
    end
  end
end
