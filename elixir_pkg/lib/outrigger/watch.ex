defmodule Outrigger.Watch do
  alias Outrigger.Watch.Source

  @schema [
    ecto: [
      type: {:list, {:or, [:atom, {:tuple, [:atom, {:list, :atom}]}]}},
      default: [],
      doc:
        "Repos, such as `MyApp.Repo`; or `{MyApp.Repo, [:my_app, :repo]}` with the prefix of its events if it is not in the repo's configuration."
    ],
    phoenix: [
      type: :boolean,
      default: true,
      doc: "Endpoint, router, sockets, channels and LiveViews."
    ],
    oban: [type: :boolean, default: true, doc: "Jobs of Oban."],
    broadway: [type: :boolean, default: true, doc: "Messages and batches of Broadway."],
    events: [
      type: {:list, :keyword},
      default: [],
      doc: "Events of your own, see below."
    ],
    n_plus_one: [
      type: {:or, [:pos_integer, {:in, [false]}]},
      default: 10,
      doc:
        "A request that runs one query so many times is counted as N + 1. `false` does not look."
    ],
    series: [
      type: :pos_integer,
      default: 100,
      doc:
        "Series of one event at most, not counting the one called `other`, which takes the rest."
    ]
  ]

  @moduledoc """
  Latencies of a node, for `outrigger watch` and `outrigger gate` to read from outside.

      children = [
        MyApp.Repo,
        {Outrigger.Watch, ecto: [MyApp.Repo]},
        MyAppWeb.Endpoint
      ]

  It attaches to telemetry events and counts durations in log-linear histograms, from where a node that looks takes what has grown since it
  looked last. Nobody looking costs nothing but the counting: nothing is sent, logged or kept per event. docs/telemetry.md says what is counted and
  what it costs.

  ## Options

  #{Outrigger.Options.docs(@schema)}

  An event of `:events` is a keyword list, and counted as `app.event` with the labels `event="my_app.checkout.stop"` and its tags:

  #{Outrigger.Options.docs(Source.Own.schema())}

  ## Invariants

  - A figure is within 1.6 % of the duration that it stands for, and counts of several nodes add up exactly.
  - No row, parameter, text of a query, message or session is kept or leaves the node. Labels are names: of repos, tables, routes, modules, events.
  - Memory is bounded, whatever events carry: two dozen families of series, each with at most `:series` and `other`; 9.3 KiB for each of its metrics.
  - A handler never raises. What it cannot understand is counted as a fault.
  - Stopped or killed, its handlers are gone.

  ## Limits

  One of them on a node. It needs the `:telemetry` library, which Phoenix and Ecto bring along; without it `start_link/1` returns an
  `Outrigger.Error` with reason `:no_telemetry`. Events of a Broadway batch and of LiveView's callbacks are counted when they end, so one that hangs is not
  seen here (`outrigger top` shows its process).
  """

  alias Outrigger.{Options, Telemetry}
  alias Outrigger.Watch.{Handler, Reading, Server}

  @doc "As a child of a supervisor."
  @spec child_spec(keyword) :: Supervisor.child_spec()
  def child_spec(options), do: %{id: __MODULE__, start: {__MODULE__, :start_link, [options]}}

  @doc """
  Starts to count.

  Errors: `:bad_option`, and `:no_telemetry` if there is no `:telemetry` library, or it was not started.
  """
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options \\ []) do
    with {:ok, options} <- Options.validate(options, @schema, __MODULE__),
         {:ok, events} <- Source.Own.validate(options[:events], __MODULE__),
         :ok <- Telemetry.ready() do
      GenServer.start_link(Server, Keyword.put(options, :events, events), name: __MODULE__)
    end
  end

  @doc false
  # For the guest of `outrigger watch`; shapes and meaning in `Outrigger.Watch.Reading`.
  @spec read(term) :: {map | nil, term}
  def read(state) do
    case Handler.store() do
      nil -> {nil, :new}
      store -> Reading.read(store, state)
    end
  end
end
