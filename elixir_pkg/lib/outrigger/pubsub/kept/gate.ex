defmodule Outrigger.PubSub.Kept.Gate do
  @moduledoc """
  Whether a subscription gets what is handed out, and from which place on. It stands in the registry beside its process, is shut at first,
  and is opened once, by the worker.

  The place is kept as two numbers, since that is what an atomic cell can hold: that of the term and that of the message.
  """

  alias Outrigger.PubSub.Cursor

  @type t :: :atomics.atomics_ref()

  @doc "A gate that is shut."
  @spec new() :: t
  def new, do: :atomics.new(3, signed: true)

  @doc "Opens it for what is behind `cursor`."
  @spec open(t, Cursor.t()) :: :ok
  def open(gate, cursor) do
    {term_number, number} = Cursor.numbers(cursor)
    :atomics.put(gate, 2, term_number)
    :atomics.put(gate, 3, number)
    :atomics.put(gate, 1, 1)
  end

  @doc "Is it open?"
  @spec open?(t) :: boolean
  def open?(gate), do: :atomics.get(gate, 1) == 1

  @doc "Does the message at `cursor` pass?"
  @spec passes?(t, Cursor.t()) :: boolean
  def passes?(gate, cursor),
    do: open?(gate) and Cursor.numbers(cursor) > {:atomics.get(gate, 2), :atomics.get(gate, 3)}
end
