defmodule Outrigger.Watch.Source.Jobs do
  @moduledoc """
  Jobs of Oban, messages and batches of Broadway.
  """

  @behaviour Outrigger.Watch.Handler

  alias Outrigger.Watch.{Label, Requests, Store}

  @oban [
    {[:oban, :job, :start], :job_start},
    {[:oban, :job, :stop], :job_stop},
    {[:oban, :job, :exception], :job_exception}
  ]
  @broadway [
    {[:broadway, :processor, :message, :start], :start},
    {[:broadway, :processor, :message, :stop], :message},
    {[:broadway, :processor, :message, :exception], :message_exception},
    {[:broadway, :batch_processor, :start], :start},
    {[:broadway, :batch_processor, :stop], :batch}
  ]

  @impl true
  def events(options) do
    for {wanted, events} <- [oban: @oban, broadway: @broadway],
        options[wanted],
        event <- events,
        do: event
  end

  @impl true
  def event(:job_start, _times, _about, store), do: Requests.begin(store)
  def event(:start, _times, _about, store), do: Requests.begin(store)

  def event(:job_stop, times, about, store) do
    Requests.leave(store)
    job(store, times, about)
  end

  def event(:job_exception, times, about, store) do
    Requests.leave(store)
    job(store, times, about)
    {queue, worker} = names(about)
    Store.count(store, {:job_errors, queue, worker})
    Store.count(store, {:failures, "job " <> Label.text(worker)})
  end

  def event(:message, times, about, store) do
    Requests.leave(store)
    one(store, {:message, pipeline(about), Label.tag(about[:processor_key])}, times)
  end

  def event(:message_exception, times, about, store) do
    event(:message, times, about, store)
    Store.count(store, {:failures, "pipeline " <> Label.text(pipeline(about))})
  end

  def event(:batch, times, about, store) do
    Requests.leave(store)
    batcher = if is_map(about[:batch_info]), do: Map.get(about[:batch_info], :batcher)
    one(store, {:batch, pipeline(about), Label.tag(batcher)}, times)
  end

  defp job(store, times, about) do
    {queue, worker} = names(about)
    array = Store.series(store, {:job, queue, worker})
    Store.record(store, array, 0, times[:duration])
    Store.record(store, array, 1, times[:queue_time])
  end

  # Of older Obans in the metadata itself.
  defp names(%{job: %{queue: queue, worker: worker}}), do: {Label.tag(queue), Label.tag(worker)}
  defp names(about), do: {Label.tag(about[:queue]), Label.tag(about[:worker])}

  defp pipeline(about), do: Label.tag(about[:topology_name])

  defp one(store, key, times),
    do: Store.record(store, Store.series(store, key), 0, times[:duration])
end
