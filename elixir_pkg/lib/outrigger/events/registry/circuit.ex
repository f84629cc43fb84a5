defmodule Outrigger.Events.Registry.Circuit do
  @moduledoc """
  Whether a registry that was found down is asked again.

  Closed, all may ask. It opens when a request has failed on all urls with all its retries, and for `open_for` milliseconds nobody
  asks. Then one may, as a probe: if it gets an answer (also a 404), the circuit closes, otherwise it opens again.

  Pure: the time is an argument.

      iex> alias Outrigger.Events.Registry.Circuit
      iex> circuit = Circuit.failed(Circuit.new(5_000), 0)
      iex> Circuit.ask(circuit, 4_000)
      {:wait, 1_000}
      iex> {:ok, probing} = Circuit.ask(circuit, 5_000)
      iex> {Circuit.state(probing), Circuit.ask(probing, 5_001)}
      {:probing, {:wait, 0}}
      iex> Circuit.state(Circuit.worked(probing))
      :closed
  """

  @enforce_keys [:open_for]
  defstruct [:open_for, :until, state: :closed]

  @type t :: %__MODULE__{
          open_for: pos_integer,
          until: integer | nil,
          state: :closed | :open | :probing
        }

  @spec new(pos_integer) :: t
  def new(open_for), do: %__MODULE__{open_for: open_for}

  @doc "May a request be made? Otherwise: in how many milliseconds."
  @spec ask(t, integer) :: {:ok, t} | {:wait, non_neg_integer}
  def ask(%{state: :closed} = circuit, _now), do: {:ok, circuit}
  def ask(%{state: :probing}, _now), do: {:wait, 0}

  def ask(%{state: :open, until: until} = circuit, now) do
    if now >= until, do: {:ok, %{circuit | state: :probing}}, else: {:wait, until - now}
  end

  @doc "The registry has answered."
  @spec worked(t) :: t
  def worked(circuit), do: %{circuit | state: :closed, until: nil}

  @doc "The registry did not answer, with all retries."
  @spec failed(t, integer) :: t
  def failed(circuit, now), do: %{circuit | state: :open, until: now + circuit.open_for}

  @spec state(t) :: :closed | :open | :probing
  def state(circuit), do: circuit.state
end
