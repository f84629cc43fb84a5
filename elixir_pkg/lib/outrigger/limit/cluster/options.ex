defmodule Outrigger.Limit.Cluster.Options do
  @moduledoc """
  The options of `Outrigger.Limit.Cluster`.
  """

  alias Outrigger.{Error, Options}

  @schema [
    name: [
      type: :atom,
      required: true,
      doc: "Name of the limiter, the same on all nodes."
    ],
    limit: [
      type: :pos_integer,
      required: true,
      doc: "How much is admitted in a period, on all nodes together."
    ],
    period: [type: :pos_integer, required: true, doc: "Milliseconds."],
    burst: [
      type: {:or, [:pos_integer, {:in, [nil]}]},
      default: nil,
      default_doc: "the limit",
      doc:
        "How much a key that was not used for a while may spend at once. Of `:gcra` and `:leaky_bucket`."
    ],
    algorithm: [
      type: {:in, [:gcra, :leaky_bucket, :fixed_window, :sliding_window, :sliding_log]},
      default: :gcra,
      doc:
        "How hits are counted, see `Outrigger.Limit`. Windows are those of the Rust node's wall clock. With `:sliding_window` and `:sliding_log` nothing is " <>
          "leased: each hit is a call to the owner of its key."
    ],
    nodes: [
      type: {:or, [:pos_integer, {:in, [nil]}]},
      default: nil,
      default_doc: "as many as were seen in the last 5 minutes and did not say goodbye",
      doc:
        "How many nodes of the cluster have this limiter. More than half of them have to be connected to a Rust node for it to grant."
    ],
    on_lost: [
      type: {:in, [:deny, :allow, :share]},
      default: :deny,
      doc:
        "What becomes of hits while the owner of their key is out of reach: denied; allowed and not counted; or counted here against " <>
          "`limit / nodes`, which owners keep for nodes that they do not hear. `:share` needs `:nodes`, the same on all of them, and is not to be had for what is not leased."
    ],
    patience: [
      type: :pos_integer,
      default: 1_000,
      doc: "Milliseconds that a hit waits for the owner at most."
    ],
    keys: [
      type: :pos_integer,
      default: 100_000,
      doc:
        "Keys of which tokens are leased, or waited for, at a time. Hits of others are as if the owner were lost."
    ],
    waiting: [
      type: :pos_integer,
      default: 10_000,
      doc: "Hits that wait for an owner at a time. Those on top are as if the owner were lost."
    ]
  ]

  @doc "The options of a cluster limit."
  @spec schema() :: Options.schema()
  def schema, do: @schema

  @doc "The checked options, or what is wrong with them."
  @spec validate(keyword) :: {:ok, keyword} | {:error, Error.t()}
  def validate(options) do
    with {:ok, options} <- Options.validate(options, @schema, Outrigger.Limit.Cluster) do
      with :ok <- share(options), do: {:ok, options}
    end
  end

  defp share(options) do
    cond do
      options[:on_lost] != :share ->
        :ok

      options[:nodes] == nil ->
        refuse(
          "option :on_lost is :share, which shares the limit among as many nodes as option :nodes says: give it",
          %{option: :nodes, problem: :missing}
        )

      options[:algorithm] in [:sliding_window, :sliding_log] ->
        refuse(
          "option :on_lost is :share, and #{inspect(options[:algorithm])} has no shares: take :deny or :allow, or another algorithm",
          %{option: :on_lost, problem: :share}
        )

      true ->
        :ok
    end
  end

  defp refuse(message, details),
    do: {:error, Error.new(:bad_option, "Outrigger.Limit.Cluster: " <> message, details)}
end
