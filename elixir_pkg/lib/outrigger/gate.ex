defmodule Outrigger.Gate do
  @moduledoc """
  What the gates say now, answered from local memory: code that sheds load asks before each unit of work.

      # on every node
      children = [{Outrigger.Gate, pubsub: MyApp.PubSub}]

      # beside them: outrigger node --join app@host --gates outrigger.toml

      if Outrigger.Gate.open?("serve") do
        expensive(conn)
      else
        send_resp(conn, 503, "busy")
      end

  The Rust node watches the cluster's nodes, judges the gates of `outrigger.toml` over and over, and tells all nodes. The file and its budgets are those
  of `mix outrigger.gate`; see `docs/gates.md`.

  ## What holds

    * `status/1` and `open?/1` read one word of memory: no message, no table, no lock, less than 100 nanoseconds however many gates there are
      (`make bench-gate_open`), from any process.
    * **A verdict does not outlive the one who gave it.** Each comes with a time; when nothing more is heard within it, the status is
      `:unknown`, as before the first verdict.
    * Of several Rust nodes that judge a gate of one name the worst verdict counts.
    * Each change is told once on each node, in the order in which it happened there.

  ## Changes

  `subscribe/1` is for processes that want to know at once. They get

      {Outrigger.Gate, "serve", %{status: :fail, was: :pass, why: "…", at: ~U[…], by: :"outrigger@host"}}

  on the PubSub topic `"outrigger:gate:serve"` of the `:pubsub` given, which other subscribers may use, too. The telemetry event is `[:outrigger, :gate, :changed]`
  with the same metadata and `name`.

  ## Options

  #{Outrigger.Options.docs(Outrigger.Gate.Server.schema())}

  ## Limits

  64 gates. Without an `Outrigger.Gate` among the children every status is `:unknown`, and `open?/1` is `true`: a missing watcher is no reason to turn users
  away, unless `otherwise: :closed` says so.
  """

  alias Outrigger.Gate.Server

  @typedoc "The verdict, or `:unknown` when there is none that is fresh."
  @type status :: :pass | :warn | :fail | :inconclusive | :not_run | :unknown

  # As they are packed into a word: the status in the low three bits, whether the gate is open above them.
  @statuses {:unknown, :pass, :warn, :fail, :inconclusive, :not_run}

  @doc "A child specification. Options: see above."
  @spec child_spec(keyword) :: Supervisor.child_spec()
  def child_spec(options), do: %{id: __MODULE__, start: {Server, :start_link, [options]}}

  @doc """
  What a gate's last fresh verdict is.

      iex> Outrigger.Gate.status("a gate that nobody judges")
      :unknown
  """
  @spec status(String.t()) :: status
  def status(name) when is_binary(name) do
    elem(@statuses, Bitwise.band(word(name), 7))
  end

  @doc """
  Whether work behind a gate should be done: not if it fails.

  What is neither pass, warn nor fail is as `:otherwise` says.

      iex> Outrigger.Gate.open?("a gate that nobody judges")
      true
  """
  @spec open?(String.t()) :: boolean
  def open?(name) when is_binary(name), do: Bitwise.band(word(name), 8) != 0

  @doc """
  All that is known of a gate: its status, why, since when, and what each Rust node says.
  """
  @spec report(String.t()) :: map | nil
  def report(name) when is_binary(name), do: Server.report(name)

  @doc "Subscribes the caller to the changes of a gate."
  @spec subscribe(String.t()) :: :ok | {:error, term}
  def subscribe(name) when is_binary(name), do: Server.subscribe(name)

  @doc false
  @spec code(status) :: 0..5
  for code <- 0..5, do: def(code(unquote(elem(@statuses, code))), do: unquote(code))

  # One term for all gates: it is replaced when a gate is heard of for the first time, and its words change in place.
  defp word(name) do
    case :persistent_term.get(__MODULE__, nil) do
      {words, slots, otherwise} ->
        case slots do
          %{^name => slot} -> :atomics.get(words, slot)
          %{} -> otherwise
        end

      nil ->
        8
    end
  end
end
