defmodule Outrigger.Limit.HammerCompat.Capacities do
  @moduledoc """
  Which capacity the last hit of a token bucket with some rate has named, for `get/2`, which is not told.

  One word for a rate and its capacity, in one of 64 places: a look at it costs a hit some nanoseconds, and it is written only when it changes. When
  two rates want the same place the later one has it, and `get/2` raises for the other rather than to guess.

  ## Limits

  Rates and capacities below 2^32, which is what Hammer's `:atomic` buckets hold. With others, `get/2` raises.
  """

  alias Outrigger.Error

  import Bitwise

  @places 64
  @part 1 <<< 32

  defguardp is_part(rate) when is_integer(rate) and rate >= 0 and rate < @part

  @doc "For a module that is started."
  @spec new(module) :: :ok
  def new(module) do
    case :persistent_term.get({__MODULE__, module}, nil) do
      nil ->
        :persistent_term.put({__MODULE__, module}, :atomics.new(@places, signed: false))

      # Of an earlier start. A new one in its place would cost all processes a collection.
      places ->
        for place <- 1..@places, do: :atomics.put(places, place, 0)
        :ok
    end
  end

  @doc "A hit names a capacity."
  @spec note(module, term, term) :: :ok
  def note(module, rate, capacity)
      when is_part(rate) and is_integer(capacity) and capacity > 0 do
    places = :persistent_term.get({__MODULE__, module}, nil)
    # One that is too large is noted as none.
    {place, word} = {place(rate), rate <<< 32 ||| if(capacity < @part, do: capacity, else: 0)}

    if places && :atomics.get(places, place) != word,
      do: :atomics.put(places, place, word),
      else: :ok
  end

  # It cannot be noted, or the hit says what is wrong with it.
  def note(_module, _rate, _capacity), do: :ok

  @doc "The capacity that was named last with a rate; 0 if none was."
  @spec last(module, term) :: non_neg_integer
  def last(module, rate) do
    places = :persistent_term.get({__MODULE__, module}, nil)
    noted? = places != nil and is_part(rate)
    word = if noted?, do: :atomics.get(places, place(rate)), else: @part - 1

    cond do
      noted? and word == 0 -> 0
      noted? and word >>> 32 == rate and (word &&& @part - 1) > 0 -> word &&& @part - 1
      true -> raise unknown(rate)
    end
  end

  defp unknown(rate) do
    Error.new(
      :bad_arity,
      "which capacity buckets of this rate have is not known, as it is too large or another rate was hit since: call get/3 with it",
      %{rate: rate}
    )
  end

  defp place(rate), do: Integer.mod(rate, @places) + 1
end
