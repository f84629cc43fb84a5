defmodule Outrigger.PubSub.Loss do
  @moduledoc """
  What a router has dropped for this node, because it did not read fast enough: counted, told as telemetry, and logged once
  per burst.

  The router says it in order with the messages, before it goes on: `{:"$outrigger_lost", router_pid, [{node, count}]}`, the
  nodes being those of the publishers. A burst is what is lost with less than 5 s in between.

  ## Limits

  A burst that goes on is logged again every 5 s, with what was lost meanwhile. What was lost since its last line is in the
  counter and in the events only.
  """

  require Logger

  alias Outrigger.PubSub.Board
  alias Outrigger.Telemetry

  @quiet_ms 5_000

  defstruct quiet_until: nil, unsaid: 0

  @type t :: %__MODULE__{quiet_until: integer | nil, unsaid: non_neg_integer}

  @doc "The router told of losses. `now` in milliseconds."
  @spec told(t, %{pubsub: atom, group: atom}, pid, [{node, pos_integer}], integer) :: t
  def told(loss, %{pubsub: pubsub, group: group}, router, lost, now) do
    for {publisher, count} <- lost do
      Board.count(group, :lost, count)
      metadata = %{pubsub: pubsub, router: node(router), publisher: publisher}
      Telemetry.execute([:outrigger, :pubsub, :lost], %{count: count}, metadata)
    end

    unsaid = loss.unsaid + Enum.sum(for {_publisher, count} <- lost, do: count)

    if is_nil(loss.quiet_until) or now >= loss.quiet_until do
      Logger.warning(
        "#{inspect(pubsub)} lost #{unsaid} messages: this node read more slowly than others published, and the queue " <>
          "for it at #{node(router)} was full (see --pubsub-queue and --pubsub-policy). Published on: " <>
          Enum.map_join(lost, ", ", fn {publisher, count} -> "#{publisher} (#{count})" end)
      )

      %__MODULE__{quiet_until: now + @quiet_ms}
    else
      %{loss | unsaid: unsaid}
    end
  end
end
