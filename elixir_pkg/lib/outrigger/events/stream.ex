defmodule Outrigger.Events.Stream do
  @moduledoc """
  Events from any node, decoded once for the whole cluster, and handed as terms to those who want them.

      children = [
        {Outrigger.PubSub, name: MyApp.PubSub},
        {Outrigger.Events.Stream,
         name: MyApp.Orders,
         pubsub: MyApp.PubSub,
         format: :debezium,
         views: [
           all: [topic: "orders"],
           paid: [
             topic: ["orders:", {:path, "after.customer_id"}],
             where: [{"op", :in, ["create", "update"]}, {"after.state", :==, "paid"}],
             fields: [id: "after.id", sum: "after.sum"]
           ]
         ]}
      ]

      # in whatever reads events: a consumer of Kafka, a webhook
      :ok = Outrigger.Events.Stream.publish(MyApp.Orders, bytes)

      # in a LiveView, on any node
      :ok = Outrigger.PubSub.subscribe(MyApp.PubSub, "orders:42")
      def handle_info({MyApp.Orders, :paid, %{id: id, sum: sum}}, socket), do: …

  An event is its bytes, or `{key, value}`; `nil` stands for a value that is a tombstone. It goes to the Rust node as it is, which decodes
  it once and sends each view's message to the nodes where somebody has subscribed to its topic. Without a Rust node, or while not all nodes are
  reached through one, the publisher's node decodes it with the NIF. Subscribers see no difference.

  ## Views

  A view is what one kind of subscriber wants:

    * `:topic` - of the PubSub: a string, or a list of strings and `{:path, path}`, whose value (a string, an integer or a boolean) stands in the
      topic. An event without that value makes no message;
    * `:where` - filters as of `Outrigger.Events.plan/2`, all of which have to be passed;
    * `:fields` - `[name: path]`: a map with these names. Without it, all of the event.

  Paths are those of `Outrigger.Events.plan/2`, into what was decoded: of the format `:debezium` into the `Outrigger.Events.Change`, whose own names are
  strings to filters and paths: `{"op", :==, "update"}`, `"after.id"`.

  A message is `{stream, view, data}`. Views that are known when the application starts stand in `:views`; `subscribe/2` adds one for as long as
  somebody wants it.

  ## Dead letters

  An event that cannot be decoded stops nothing: `{stream, :dead_letter, %Outrigger.Events.DeadLetter{}}` goes to the stream's dead-letter topic, with the
  reason and the bytes.

  ## Schemas of a registry

  With `:registry`, events of `:avro`, `:protobuf` and `:debezium` begin with the frame of a registry (Debezium's keys, too; its documents may go without).
  Whoever publishes looks the schema up in its own registry, where it is known from the second time on, and sends its text along; the Rust node and
  other nodes ask nobody. An event whose schema is not to be had, since the id is unknown or the registry down, is a dead letter with that reason.

      {Outrigger.Events.Stream, name: MyApp.Orders, pubsub: MyApp.PubSub, format: :avro, registry: MyApp.Schemas,
       views: [all: [topic: "orders", fields: [id: "id", state: "state"]]]}

  ## Options

  #{Outrigger.Options.docs(Outrigger.Events.Stream.Text.schema())}

  ## What holds

    * Messages of one publishing process come in its order, exactly once while nodes live: they are broadcasts of `Outrigger.PubSub`.
    * Whoever has subscribed, by topic or by `subscribe/2`, gets what is published after that has returned, on every node that is connected.
    * A view is known on every node that runs the stream, whichever of them declared it: nodes with other views than others, as in a rolling
      deploy, publish for all.

  ## Errors

  `publish/2`: `:not_running`, and `:unavailable` as of `Outrigger.PubSub`. `subscribe/2` besides: `:bad_plan`.

  ## Limits

  Events are 200 levels deep at most, whatever `:max_depth` is. A CloudEvent of Debezium's that has a frame inside is a dead letter. 64 views at a time, 64 fields and 16 filters of each; topics of 4 KiB. Up to 128 events, or 1 MiB, go to the Rust node
  as one, and the text of all views goes with each: publish lists where there are many events.
  """

  alias Outrigger.Error
  alias Outrigger.Events.DeadLetter
  alias Outrigger.Events.Stream.{Requests, Text, Views}
  alias Outrigger.Native
  alias Outrigger.PubSub.{Many, Place, Publisher}

  @typedoc "An event: its value, or its key and its value."
  @type event :: binary | nil | {key :: binary | nil, value :: binary | nil}

  # Where the worst of events takes less than a millisecond.
  @normal 16_384

  @doc "A child of a supervisor, on every node that publishes or subscribes."
  @spec child_spec(keyword) :: Supervisor.child_spec()
  def child_spec(options), do: %{id: options[:name], start: {__MODULE__, :start_link, [options]}}

  @doc "Starts the stream. `{:error, error}` with the reason `:bad_option` or `:bad_plan` says what is wrong with its options."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options) do
    with {:ok, config} <- Text.config(options), do: Views.start_link(config)
  end

  @doc """
  Publishes an event, or a list of them.
  """
  @spec publish(atom, event | [event]) :: :ok | {:error, Error.t() | :unavailable}
  def publish(stream, events) when is_atom(stream) do
    with {:ok, compiled} <- Views.fetch(stream) do
      place = Place.of(compiled.pubsub)

      events
      |> List.wrap()
      |> or_tombstone(events)
      |> Requests.cut(compiled.format.framed)
      |> each(place, compiled)
    end
  end

  @doc """
  Subscribes the caller to a view of its own, for as long as it lives or until `unsubscribe/2` with the same options.

      :ok = Outrigger.Events.Stream.subscribe(MyApp.Orders, where: [{"after.state", :==, "failed"}], fields: [id: "after.id"], as: :failed)

  Options: `:where` and `:fields` of a view, and `:as`, its name in messages (`:event`). Subscribers with the same options share a view. What the
  stream's nodes publish from now on comes, also if they are only told of the view by this call.
  """
  @spec subscribe(atom, keyword) :: :ok | {:error, Error.t() | term}
  def subscribe(stream, options \\ []) do
    with {:ok, %{pubsub: pubsub}} <- Views.fetch(stream),
         {:ok, view} <- Text.subscription(stream, options),
         :ok <- Outrigger.PubSub.subscribe(pubsub, hd(view.topic)) do
      with {:error, _reason} = error <- Views.want(stream, view, self()) do
        :ok = Outrigger.PubSub.unsubscribe(pubsub, hd(view.topic))
        error
      end
    end
  end

  @doc "Ends what `subscribe/2` with the same options has begun."
  @spec unsubscribe(atom, keyword) :: :ok | {:error, Error.t()}
  def unsubscribe(stream, options \\ []) do
    with {:ok, %{pubsub: pubsub}} <- Views.fetch(stream),
         {:ok, view} <- Text.subscription(stream, options) do
      :ok = Outrigger.PubSub.unsubscribe(pubsub, hd(view.topic))
      Views.want_no_more(stream, view, self())
    end
  end

  @doc false
  # What a worker does with events that came as they are, through a router that does not decode them.
  @spec messages([binary], [event]) :: {:ok, [{binary, term}]} | {:error, term}
  def messages(texts, events) do
    with true <- texts?(texts) and events?(events),
         [text | schemas] = texts,
         {:ok, stream} <- Native.events_stream(text),
         {:ok, schemas} <- compiled(schemas, []) do
      {:ok, portions(events, {stream, schemas, true}, [])}
    else
      false -> {:error, :no_events}
      error -> error
    end
  end

  # What comes from another node is looked at before it is taken for what it should be.
  defp texts?([text]), do: is_binary(text)
  defp texts?([text | texts]), do: is_binary(text) and texts?(texts)
  defp texts?(_other), do: false

  defp events?([]), do: true
  defp events?([{key, value} | events]), do: part?(key) and part?(value) and events?(events)
  defp events?([event | events]), do: part?(event) and events?(events)
  defp events?(_other), do: false

  defp part?(part), do: is_nil(part) or is_binary(part)

  defp compiled([], done), do: {:ok, Enum.reverse(done)}

  defp compiled([text | texts], done) do
    with {:ok, schema} <- Native.events_stream_schema(text), do: compiled(texts, [schema | done])
  end

  # A tombstone by itself is no empty list.
  defp or_tombstone([], nil), do: [nil]
  defp or_tombstone(events, _given), do: events

  defp each(requests, place, compiled) do
    Enum.reduce_while(requests, :ok, fn request, :ok ->
      case one(request, place, compiled) do
        :ok -> {:cont, :ok}
        error -> {:halt, error}
      end
    end)
  end

  defp one({:events, events, schemas}, %{adapter: Outrigger.PubSub.Adapter} = place, compiled) do
    weight = length(events) * compiled.views
    texts = [compiled.text | for({text, _reference} <- schemas, do: text)]

    case Publisher.broadcast_events(place.group, texts, events, weight, Outrigger.PubSub) do
      :ok ->
        if wanted_here?(place, compiled),
          do: Many.here(place, :none, decode(events, schemas, compiled), Outrigger.PubSub),
          else: :ok

      :decode ->
        everywhere(decode(events, schemas, compiled), place)

      {:error, _reason} = error ->
        error
    end
  end

  # Another adapter, or one that puts some topics in order, which is not for a router that decodes.
  defp one({:events, events, schemas}, place, compiled),
    do: everywhere(decode(events, schemas, compiled), place)

  defp one({:letter, event, error}, place, compiled) do
    {key, value} = if is_tuple(event), do: event, else: {nil, event}
    letter = %DeadLetter{reason: error.reason, message: error.message, key: key, value: value}
    everywhere([{compiled.dead_letter, {compiled.name, :dead_letter, letter}}], place)
  end

  defp everywhere(messages, place) do
    with {:error, {reason, _sent}} <-
           Many.broadcast(place.pubsub, :none, messages, Outrigger.PubSub),
         do: {:error, reason}
  end

  # A topic that depends on the event is known when it is decoded.
  defp wanted_here?(place, %{topics: :any}), do: Many.anybody_here?(place)
  defp wanted_here?(place, %{topics: topics}), do: Many.anybody_here?(place, topics)

  defp decode(events, schemas, compiled) do
    schemas = for {_text, reference} <- schemas, do: reference
    portions(events, {compiled.reference, schemas, compiled.format.slow?}, [])
  end

  defp portions([], _by, messages), do: messages |> Enum.reverse() |> Enum.concat()

  defp portions([event | _] = events, {stream, schemas, slow?} = by, messages) do
    {more, left} =
      with true <- not slow? and Requests.size(event) <= @normal,
           {_messages, _left} = taken <- Native.events_stream_take(stream, events) do
        taken
      else
        _large -> Native.events_stream_take_dirty(stream, schemas, events)
      end

    portions(left, by, [more | messages])
  end
end
