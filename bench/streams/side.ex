defmodule Bench.Streams.Side do
  @moduledoc """
  What runs inside the measured nodes: a PubSub, a stream on it, and a process that takes what comes until it has seen the last event.
  """

  alias Outrigger.{Events, PubSub}

  @pubsub Bench.Streams.PubSub
  @stream Bench.Streams.Stream
  @fields [
    id: "after.id",
    email: "after.email",
    op: "op",
    table: "source.table",
    lsn: "source.lsn"
  ]
  # Ids of one event in ten.
  @tenth Enum.map(101..200, &(&1 * 10))
  # Events that a publisher hands over at once.
  @chunk 100

  @doc "Starts the Rust node."
  def start_rust do
    {:ok, _started} = Application.ensure_all_started(:outrigger)
    keep({Outrigger.Node, server: Bench.Rust, name: "streams-rust-#{System.pid()}"})
    %{name: name, os_pid: os_pid} = Outrigger.Node.info(Bench.Rust)
    %{name: String.to_atom(name), os_pid: os_pid}
  end

  @doc "Starts PubSub and stream."
  def start(rust) do
    {:ok, _started} = Application.ensure_all_started(:outrigger)
    Logger.configure(level: :warning)
    true = Node.connect(rust)
    keep({PubSub, name: @pubsub, path: :relay})

    keep(
      {Events.Stream,
       name: @stream,
       pubsub: @pubsub,
       views: [
         whole: [topic: "whole"],
         fields: [topic: "fields", fields: @fields],
         tenth: [topic: "tenth", where: [{"after.id", :in, @tenth}]]
       ]}
    )
  end

  # The caller is a process of one call; what it starts has to outlive it.
  defp keep(child) do
    {:ok, supervisor} = Supervisor.start_link([child], strategy: :one_for_one)
    Process.unlink(supervisor)
    :ok
  end

  @doc "Waits until the router reaches `others` nodes."
  def await(others) do
    if length(PubSub.info(@pubsub).covered) == others do
      :ok
    else
      Process.sleep(50)
      await(others)
    end
  end

  @doc "Starts a subscriber for a case: `{:ours, view}`, or `{decoder, view}` of raw events. It answers when it has seen the last one."
  def subscribe({how, view}) do
    caller = self()

    pid =
      spawn(fn ->
        {:ok, _owner} = register(how, view)
        send(caller, :subscribed)
        take(how, view, 0)
      end)

    receive do: (:subscribed -> pid)
  end

  @doc "Waits until the router knows that this node wants one topic, and no more those of before."
  def await_wanted do
    if PubSub.info(@pubsub).interest.patterns == 1 do
      :ok
    else
      Process.sleep(50)
      await_wanted()
    end
  end

  defp register(:ours, view), do: subscribed(Atom.to_string(view))
  defp register(_decoder, _view), do: subscribed("raw")

  defp subscribed(topic),
    do: with(:ok <- PubSub.subscribe(@pubsub, topic, confirm: true), do: {:ok, topic})

  defp take(how, view, count) do
    receive do
      {@stream, ^view, _data} ->
        take(how, view, count + 1)

      {:raw, event} ->
        take(how, view, count + decoded(how, view, event))

      {:count, from} ->
        send(from, {:count, self(), count})
        take(how, view, count)

      :stop ->
        :ok
    end
  end

  defp decoded(:jiffy, view, event),
    do: chosen(view, :jiffy.decode(event, [:return_maps, :use_nil]))

  # Not always there, so it is not named where the compiler looks for it.
  defp decoded(:jason, view, event), do: chosen(view, apply(Jason, :decode!, [event]))

  defp decoded(:nif, view, event), do: chosen(view, Events.JSON.decode!(event))

  defp chosen(:whole, %{}), do: 1

  defp chosen(:fields, event) do
    %{"after" => %{"id" => id, "email" => email}, "op" => op, "source" => source} = event
    %{"table" => table, "lsn" => lsn} = source

    %{id: _, email: _, op: _, table: _, lsn: _} = %{
      id: id,
      email: email,
      op: op,
      table: table,
      lsn: lsn
    }

    1
  end

  defp chosen(:tenth, %{"after" => %{"id" => id}}), do: if(id in @tenth, do: 1, else: 0)

  @doc "How many of these events a view takes."
  def wanted(view, events),
    do: Enum.sum(for event <- events, do: chosen(view, Events.JSON.decode!(event)))

  @doc "How many events a subscriber has had so far."
  def count(pid) do
    send(pid, {:count, self()})
    receive do: ({:count, ^pid, count} -> count)
  end

  @doc "Ends a subscriber."
  def stop(pid) do
    send(pid, :stop)
    :ok
  end

  @doc "Has events ready to be published."
  def prepare(events), do: :persistent_term.put(__MODULE__, Enum.chunk_every(events, @chunk))

  @doc "Publishes all events that are ready, so many times."
  def publish(how, times) do
    chunks = :persistent_term.get(__MODULE__)
    for _ <- 1..times, chunk <- chunks, do: :ok = hand_over(how, chunk)
    :ok
  end

  defp hand_over(:ours, chunk), do: Events.Stream.publish(@stream, chunk)

  defp hand_over(_decoder, chunk),
    do: PubSub.broadcast_many(@pubsub, for(event <- chunk, do: {"raw", {:raw, event}}))
end
