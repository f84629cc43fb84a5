defmodule Outrigger.Test.BadInput do
  @moduledoc """
  What nobody sane gives to a limiter, and what it has to answer. Runs on any node; what is wrong is returned.
  """

  import Bitwise

  alias Outrigger.Limit
  alias Outrigger.Limit.Slots

  @most (1 <<< 64) - 1
  @no_costs [-1, -(1 <<< 80), 1.0, :one, "1", nil, [], {}, %{}, 1 <<< 64, 1 <<< 200]
  @large_costs [21, 1 <<< 32, 1 <<< 60, 1 <<< 63, @most]

  @doc "Keys of all kinds. No two are the same."
  def keys do
    deep = Enum.reduce(1..1_000, [], fn n, inner -> [n, inner] end)

    [
      "",
      <<0>>,
      <<1::1>>,
      :binary.copy("x", 65_000),
      :"",
      nil,
      0,
      -1,
      1 <<< 63,
      -(1 <<< 200),
      1.5,
      {},
      [],
      [1 | 2],
      ~c"ada",
      "ada",
      deep,
      %{},
      %{%{} => []},
      Map.new(1..100, &{&1, {&1}}),
      self(),
      make_ref(),
      hd(Port.list()),
      fn -> :x end,
      &String.length/1,
      {make_ref(), "x"},
      {:refill, "x"},
      List.to_tuple(Enum.to_list(1..1_000))
    ]
  end

  @doc "A key that is too long, alone and within others."
  def long_keys do
    huge = :binary.copy("x", 1 <<< 20)
    [huge, {:user, huge}, [huge], %{huge => 1}, [1 | huge], String.to_charlist(huge)]
  end

  @doc "What is wrong with the answers of a limit of 20 that is new. Each key is hit."
  def limit(name) do
    keys = keys()

    wrong(
      for(
        key <- keys,
        cost <- @no_costs,
        do: {{:hit, key, cost}, reason(Limit.hit(name, key, cost)), :bad_cost}
      ) ++
        for(key <- keys, do: {{:hit, key, 0}, verdict(Limit.hit(name, key, 0)), :allow}) ++
        for(
          key <- keys,
          cost <- @large_costs,
          do: {{:hit, key, cost}, never(Limit.hit(name, key, cost)), :never}
        ) ++
        for(key <- keys, do: {{:hit, key, 20}, verdict(Limit.hit(name, key, 20)), :allow}) ++
        for(key <- keys, do: {{:hit, key}, verdict(Limit.hit(name, key)), :deny}) ++
        for(key <- long_keys(), do: {:long, reason(Limit.hit(name, key)), :key_too_long}) ++
        for(rule <- no_rules(), do: {{:update, rule}, refused(Limit.update(name, rule)), true})
    )
  end

  @doc "What is wrong with the answers of slots of which a key has two. All are free afterwards."
  def slots(name) do
    keys = keys()

    wrong(
      for(
        key <- keys,
        weight <- [0, 3 | @no_costs] ++ @large_costs,
        do: {{:acquire, key, weight}, refused(Slots.acquire(name, key, weight: weight)), true}
      ) ++
        for(key <- keys, do: {{:used, key}, Slots.used(name, key), 0}) ++
        for(key <- keys, do: {{:acquire, key}, twice(name, key), {:ok, :ok, :busy, :ok}}) ++
        for(key <- long_keys(), do: {:long, reason(Slots.acquire(name, key)), :key_too_long}) ++
        for(
          process <- [nil, :no_pid, "x", make_ref(), hd(Port.list())],
          do: {{:process, process}, refused(Slots.acquire(name, "p", process: process)), true}
        ) ++
        for(
          limit <- [0 | @no_costs],
          do: {{:update, limit}, refused(Slots.update(name, limit)), true}
        )
    )
  end

  @doc "Sends a process what is no message of the protocol, or a broken one, also for the limiter of this name."
  def garble(to, tag, name) do
    name = Atom.to_string(name)
    bytes = for n <- 0..300, do: :binary.copy(<<n::8, 255, 0, n::8>>, rem(n, 50))
    huge = :binary.copy(<<1>>, 1 <<< 20)

    for message <-
          [:x, {}, nil, "x", {tag}, {tag, 1}, {tag, :x, :y}, {tag, :owners, []}, {tag, "x", "y"}] ++
            [{:tick, 0}, {tag, "x", self(), [1 | 2]}, {tag, "x", :x, "y"}] ++
            [{tag, :binary.copy("x", 513), self(), "y"}, {tag, "", self(), ""}] ++
            [{tag, "x", self(), huge}, {tag, :x, huge}, {tag, huge, self(), huge}] ++
            Enum.flat_map(bytes, &[{tag, :x, &1}, {tag, name, self(), &1}]),
        do: send(to, message)

    :ok
  end

  defp no_rules do
    for(limit <- [0 | @no_costs], do: [limit: limit, period: 1_000]) ++
      for(period <- [0, 1 <<< 60 | @no_costs], do: [limit: 1, period: period]) ++
      for(burst <- [0 | @no_costs -- [nil]], do: [limit: 1, period: 1_000, burst: burst]) ++
      [
        [],
        [limit: 1],
        [period: 1],
        [limit: @most, period: 1],
        [limit: 1, period: 1_000, odd: 1],
        :x,
        nil
      ]
  end

  defp wrong(answers),
    do: for({what, got, wanted} <- answers, got != wanted, do: {what, got, wanted})

  defp reason({:error, %Outrigger.Error{reason: reason}}), do: reason
  defp reason(other), do: other
  defp refused(answer), do: match?({:error, %Outrigger.Error{}}, answer) || answer
  defp never({:deny, %{retry_after: :never}}), do: :never
  defp never(other), do: other
  defp verdict({verdict, %Limit.Info{}}), do: verdict
  defp verdict(other), do: other

  defp twice(name, key) do
    {one, two, three} =
      {Slots.acquire(name, key), Slots.acquire(name, key), Slots.acquire(name, key)}

    for {:ok, slot} <- [one, two, three], do: Slots.release(slot)
    {elem(one, 0), elem(two, 0), elem(three, 0), if(Slots.used(name, key) == 0, do: :ok)}
  end
end
