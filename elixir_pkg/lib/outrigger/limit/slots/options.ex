defmodule Outrigger.Limit.Slots.Options do
  @moduledoc """
  The options of `Outrigger.Limit.Slots.Cluster`.
  """

  @schema [
    nodes: [
      type: {:or, [:pos_integer, {:in, [nil]}]},
      default: nil,
      default_doc: "as many as were seen in the last 5 minutes and did not say goodbye",
      doc:
        "How many nodes of the cluster have these slots. More than half of them have to be connected to a Rust node for it to hand any out."
    ],
    on_lost: [
      type: {:in, [:deny, :allow]},
      default: :deny,
      doc:
        "What becomes of those who acquire while the owner of their key is out of reach: `:busy`, or they get what this node alone has free."
    ],
    patience: [
      type: :pos_integer,
      default: 1_000,
      doc: "Milliseconds that one waits for the owner at most."
    ],
    waiting: [
      type: :pos_integer,
      default: 10_000,
      doc: "Those who wait for an owner at a time. Those on top are as if the owner were lost."
    ]
  ]

  @doc "The options of slots of a whole cluster."
  @spec schema() :: Outrigger.Options.schema()
  def schema, do: @schema
end
