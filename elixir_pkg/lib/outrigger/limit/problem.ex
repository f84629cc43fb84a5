defmodule Outrigger.Limit.Problem do
  @moduledoc """
  What cannot be counted, as an `Outrigger.Error` with a remedy.
  """

  alias Outrigger.Error

  @doc "A hit that the engine does not take."
  @spec of(atom, term, term) :: {:error, Error.t()}
  def of(:bad_cost, _key, cost) do
    error(
      :bad_cost,
      "a cost is an integer from 0 to 2^64 - 1, got: #{short(cost)}",
      %{cost: cost}
    )
  end

  def of(:key_too_long, _key, _cost) do
    error(
      :key_too_long,
      "a key has at most 64 KiB in external term format. Take a digest of it as the key, such as `:crypto.hash(:sha256, key)`",
      %{}
    )
  end

  def of(:bad_rule, _key, _cost) do
    error(
      :bad_rule,
      "a rule is {limit, period} or {limit, period, burst}, positive integers below 2^64, the period in milliseconds",
      %{}
    )
  end

  def of(:clocks, _key, _cost) do
    error(
      :clocks,
      "limiters with `clock: :manual` can be hit together only with such that were advanced as far",
      %{}
    )
  end

  def of(:cluster, _key, _cost) do
    error(
      :cluster,
      "a limit of the whole cluster has one rule for all its keys, which its owners count by: a rule of the call, and a handle or a clock of " <>
        "one node, are for limits of one node",
      %{}
    )
  end

  def of(:lost, _key, _cost) do
    error(
      :lost,
      "the owner of the key is out of reach, so nobody knows: ask again later",
      %{}
    )
  end

  def of(:too_many, _key, _cost),
    do: error(:too_many, "hit_all takes up to 64 hits at a time, give fewer", %{})

  def of(:not_manual, _key, _cost) do
    error(
      :not_manual,
      "only a limiter with `clock: :manual` can be advanced, give that option",
      %{}
    )
  end

  def of(:bad_weight, _key, weight) do
    error(
      :bad_weight,
      "a weight is an integer from 1 to 2^64 - 1, got: #{short(weight)}",
      %{weight: weight}
    )
  end

  def of(:not_local, _key, _weight) do
    error(
      :not_local,
      "slots are held by processes of this node: acquire them on the node of the process",
      %{}
    )
  end

  def of(:no_process, _key, _weight),
    do: error(:no_process, "the process that is to hold the slot does not run any more", %{})

  @doc "Slots that cannot be had."
  @spec slots(atom, pos_integer, pos_integer) :: {:error, Error.t()}
  def slots(:never, weight, limit) do
    error(
      :bad_weight,
      "a weight of #{weight} can never be had of #{limit} slots, take a smaller one or raise the limit",
      %{weight: weight, limit: limit}
    )
  end

  def slots(:full, _weight, _limit),
    do: error(:no_memory, "there is no room for another holder, give more `:memory`", %{})

  @doc "`:ok`, or what stood in the way."
  @spec unless_ok(atom, term, term) :: :ok | {:error, Error.t()}
  def unless_ok(:ok, _key, _cost), do: :ok
  def unless_ok(problem, key, cost), do: of(problem, key, cost)

  @doc "A rule or a limiter that the engine does not take; `problem` is its own sentence."
  @spec rule(result) :: result | {:error, Error.t()} when result: {:ok, term}
  def rule({:error, problem}) when is_binary(problem), do: error(:bad_rule, problem, %{})
  def rule(fine), do: fine

  @doc "Nobody has that name."
  @spec not_running(term) :: {:error, Error.t()}
  def not_running(name) do
    error(
      :not_running,
      "no limiter runs as #{short(name)}. Put it among the children of a supervisor, before what uses it",
      %{limiter: name}
    )
  end

  @doc "A name for a limiter with a process."
  @spec name(atom) :: {:ok, atom} | {:error, Error.t()}
  def name(nil) do
    error(
      :bad_option,
      "option :name is required: give an atom, or make one without a process with `new/1`",
      %{option: :name, problem: :missing}
    )
  end

  # The key of the handle in :persistent_term.
  def name(name) do
    case :persistent_term.get(name, nil) do
      %module{}
      when module in [Outrigger.Limit, Outrigger.Limit.Cluster, Outrigger.Limit.Slots] ->
        {:ok, name}

      nil ->
        {:ok, name}

      _other ->
        taken(name)
    end
  end

  defp taken(name) do
    error(
      :bad_option,
      "option :name: something else is kept under #{inspect(name)} in :persistent_term, take another name",
      %{option: :name, problem: :taken, value: name}
    )
  end

  @doc "Builds the error."
  @spec error(atom, String.t(), map) :: {:error, Error.t()}
  def error(reason, message, details),
    do: {:error, Error.new(reason, "Outrigger.Limit: " <> message, details)}

  # What was given may be of any size.
  defp short(term), do: inspect(term, limit: 5, printable_limit: 100)
end
