defmodule Outrigger.Watch.Storms do
  @least 20
  @seconds 10

  @moduledoc """
  Retry storms: something fails, is tried again at once, and fails more and more often.

  Pure. Each second the failures of each operation (a route, a job's worker, a repo's table, a LiveView) go in as counts of all time. An operation storms
  when the failures `f` of this second are

    * at least #{@least},
    * at least twice the mean `m` of the #{@seconds} seconds before, and
    * above `m + 6 * sqrt(m) + 6`, so that chance does not make a storm of failures that come at a steady rate.

  It is counted at its beginning. It is over when a second has less than half of the failures of its worst one, and can begin again then.

      iex> alias Outrigger.Watch.Storms
      iex> {[], storms} = Storms.second(Storms.new(), %{"job MyApp.Mailer" => 3})
      iex> {begun, _storms} = Storms.second(storms, %{"job MyApp.Mailer" => 503})
      iex> begun
      ["job MyApp.Mailer"]

  ## Limits

  Failures that double in more than about ten seconds are growth, not a storm. What fails often from its first second on storms in that second, and is
  steady from then on.
  """

  @typedoc "Of each operation: its count, failures of the seconds before, and the worst second of a storm."
  @type t :: %{String.t() => {non_neg_integer, [non_neg_integer], non_neg_integer | nil}}

  @doc "Nothing has failed."
  @spec new() :: t
  def new, do: %{}

  @doc "One second later. Which operations begin to storm."
  @spec second(t, %{String.t() => non_neg_integer}) :: {[String.t()], t}
  def second(storms, counts) do
    Enum.reduce(counts, {[], storms}, fn {operation, count}, {begun, storms} ->
      {before, history, worst} = Map.get(storms, operation, {0, [], nil})
      failures = max(count - before, 0)
      {storm?, worst} = step(failures, history, worst)
      next = {count, Enum.take([failures | history], @seconds), worst}
      {if(storm?, do: [operation | begun], else: begun), Map.put(storms, operation, next)}
    end)
  end

  defp step(failures, history, nil) do
    mean = Enum.sum(history) / @seconds

    if failures >= @least and failures >= 2 * mean and failures > mean + 6 * :math.sqrt(mean) + 6,
      do: {true, failures},
      else: {false, nil}
  end

  defp step(failures, _history, worst) when failures * 2 < worst, do: {false, nil}
  defp step(failures, _history, worst), do: {false, max(failures, worst)}
end
