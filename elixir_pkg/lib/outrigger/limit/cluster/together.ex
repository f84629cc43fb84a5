defmodule Outrigger.Limit.Cluster.Together do
  @moduledoc """
  `Outrigger.Limit.hit_all/1` where a limit of the whole cluster is among them: one after the other, and at the first that is denied all
  before it is given back.

  No more than its limit is admitted of any of them: what is given back was taken. Others may be denied meanwhile by what is
  given back a moment later, and what is given back to an owner that has just got out of reach is lost.
  """

  alias Outrigger.Limit
  alias Outrigger.Limit.{Answer, Cluster, Problem}

  @most 64

  @doc "Takes all or nothing."
  @spec hit_all([{Limit.limiter(), Limit.key(), Limit.cost()}]) ::
          {:allow, [Limit.Info.t()]}
          | {:deny, Limit.limiter(), Limit.Info.t()}
          | {:error, Outrigger.Error.t()}
  def hit_all(hits) when length(hits) > @most, do: Problem.of(:too_many, nil, nil)
  def hit_all(hits), do: take(hits, [], [])

  defp take([], infos, _taken), do: {:allow, Enum.reverse(infos)}

  defp take([{limiter, key, cost} | rest], infos, taken) do
    {answer, give_back} = hit(Cluster.running(limiter) || limiter, key, cost)

    case answer do
      {:allow, info} ->
        take(rest, [info | infos], [give_back | taken])

      denied ->
        Enum.each(taken, & &1.())
        with {:deny, info} <- denied, do: {:deny, limiter, info}
    end
  end

  defp hit(%Cluster{} = limiter, key, cost) do
    {answer, from} = Cluster.take(limiter, key, cost)

    give_back = fn ->
      case from do
        :lease -> Cluster.refund(limiter, key, cost)
        :local -> Limit.refund(%Limit{ref: limiter.local, name: nil, telemetry: :rare}, key, cost)
        :nowhere -> :ok
      end
    end

    {Answer.quiet(answer, key, cost), give_back}
  end

  defp hit(limiter, key, cost),
    do: {Limit.hit(limiter, key, cost), fn -> Limit.refund(limiter, key, cost) end}
end
