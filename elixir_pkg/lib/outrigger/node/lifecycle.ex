defmodule Outrigger.Node.Lifecycle do
  @moduledoc """
  When a node counts as started, and what happens when it dies. A state machine without a process or a clock.

      starting --ready--> up --gone--> waiting --retry--> starting
          |                                                  |
          +--gone, first start--> failed       gone, later --+--> waiting

    * The **first** start must succeed: it fails loudly, with the error given to whoever started it.
      One exception: a name that is taken is tried again for 1.5 s. When a supervisor restarts the process around this, or an
      init system the VM, the Rust node from before may still be leaving.
    * Every **later** death is retried for ever. The first retry comes at once, the next after 200 ms, then twice as long each
      time up to 30 s. A node that stayed up for 10 s has earned a fresh count.
    * A supervisor's restart intensity (3 in 5 s by default) is therefore never used up by a node that flaps.

  `step/3` takes an input and the monotonic time in milliseconds; it returns the new state and actions for the process around it.

  ## Example

      iex> alias Outrigger.Node.Lifecycle
      iex> {life, []} = Lifecycle.step(Lifecycle.new(), :opened, 0)
      iex> {life, [{:up, 120, 1}]} = Lifecycle.step(life, :ready, 120)
      iex> error = Outrigger.Error.new(:exited, "killed")
      iex> {life, [{:down, 880, ^error}, {:retry, 0}]} = Lifecycle.step(life, {:gone, error}, 1000)
      iex> life.phase
      :waiting
  """

  alias Outrigger.Error

  @stable_ms 10_000
  @name_patience_ms 1_500
  @name_pause_ms 100
  @first_pause_ms 200
  @longest_pause_ms 30_000

  defstruct phase: :waiting,
            first?: true,
            failures: 0,
            since: 0,
            born: nil,
            starts: 0,
            joined: [],
            error: nil

  @typedoc """
  `failures` counts since the last stable time, `starts` since the node was last up, `since` is when the phase began,
  `born` of the very first start, `joined` are the nodes the Rust node has links to, latest first, `error` is why it is not up.
  """
  @type t :: %__MODULE__{
          phase: :starting | :up | :waiting | :failed,
          first?: boolean,
          failures: non_neg_integer,
          since: integer,
          born: integer | nil,
          starts: non_neg_integer,
          joined: [String.t()],
          error: Error.t() | nil
        }

  @type input ::
          :opened
          | :ready
          | {:joined, String.t()}
          | {:left, String.t()}
          | {:gone, Error.t()}

  @type action ::
          {:up, duration_ms :: non_neg_integer, attempts :: pos_integer}
          | {:down, uptime_ms :: non_neg_integer, Error.t()}
          | {:retry, pause_ms :: non_neg_integer}
          | {:start_failed, Error.t()}
          | {:give_up, Error.t()}

  @doc "A node that has not been started."
  @spec new() :: t
  def new, do: %__MODULE__{}

  @doc "Takes one input at the time `now`."
  @spec step(t, input, now :: integer) :: {t, [action]}
  def step(%__MODULE__{phase: :waiting} = life, :opened, now) do
    starting = %{life | phase: :starting, since: now, starts: life.starts + 1, joined: []}
    {%{starting | born: life.born || now}, []}
  end

  def step(%__MODULE__{phase: :starting} = life, :ready, now) do
    up = %{life | phase: :up, first?: false, since: now, starts: 0, error: nil}
    {up, [{:up, now - life.since, life.starts}]}
  end

  def step(%__MODULE__{phase: phase} = life, {:joined, node}, _now)
      when phase in [:starting, :up] do
    {%{life | joined: [node | List.delete(life.joined, node)]}, []}
  end

  def step(%__MODULE__{} = life, {:left, node}, _now) do
    {%{life | joined: List.delete(life.joined, node)}, []}
  end

  def step(%__MODULE__{phase: :up} = life, {:gone, error}, now) do
    uptime = now - life.since
    failures = if uptime >= @stable_ms, do: 1, else: life.failures + 1
    wait(life, error, failures, [{:down, uptime, error}], now)
  end

  def step(
        %__MODULE__{phase: :starting, first?: true, born: born} = life,
        {:gone, %Error{reason: :name_taken} = error},
        now
      )
      when now - born < @name_patience_ms do
    {%{life | phase: :waiting, since: now, joined: [], error: error}, [{:retry, @name_pause_ms}]}
  end

  # A start can also fail before anything was opened: no binary, no distribution.
  def step(%__MODULE__{phase: phase, first?: true} = life, {:gone, error}, now)
      when phase in [:starting, :waiting] do
    {%{life | phase: :failed, since: now, error: error}, [{:give_up, error}]}
  end

  def step(%__MODULE__{phase: phase} = life, {:gone, error}, now)
      when phase in [:starting, :waiting] do
    wait(life, error, life.failures + 1, [{:start_failed, error}], now)
  end

  # What is late (a second `ready`, an exit that was already known) changes nothing.
  def step(%__MODULE__{} = life, _input, _now), do: {life, []}

  defp wait(life, error, failures, actions, now) do
    life = %{life | phase: :waiting, failures: failures, since: now, joined: [], error: error}
    {life, actions ++ [{:retry, pause(failures)}]}
  end

  @doc "Milliseconds to wait before the start that follows the n-th failure in a row."
  @spec pause(pos_integer) :: non_neg_integer
  def pause(1), do: 0

  # The exponent is bounded so that a year of failures does not make a big number.
  def pause(failures) do
    min(@first_pause_ms * Integer.pow(2, min(failures - 2, 10)), @longest_pause_ms)
  end
end
