defmodule Outrigger.PubSub.Interest.WantedTest do
  use ExUnit.Case, async: true

  alias Outrigger.PubSub.Interest.Wanted

  @tick 200

  setup c, do: %{wanted: Wanted.new(c.test)}

  defp nobody, do: fn _pattern -> nil end

  # All the sweeps of a time, and what they found vacant.
  defp sweep(wanted, from, to, find) do
    Enum.reduce(from..to//@tick, {wanted, []}, fn now, {wanted, vacant} ->
      {wanted, more} = Wanted.sweep(wanted, now, @tick, find)
      {wanted, more ++ vacant}
    end)
  end

  defp dead do
    {pid, ref} = spawn_monitor(fn -> :ok end)
    receive do: ({:DOWN, ^ref, _, _, _} -> pid)
  end

  test "who unsubscribes leaves a pattern for 5 s", %{wanted: wanted} do
    assert Wanted.add(wanted, "t", self())
    refute Wanted.add(wanted, "t", self())
    wanted = Wanted.left(wanted, "t", self(), 0)
    assert {wanted, []} = sweep(wanted, 0, 4_800, nobody())
    assert {wanted, ["t"]} = sweep(wanted, 5_000, 5_200, nobody())
    assert Wanted.count(wanted) == 0
  end

  test "somebody else is a witness as good", %{wanted: wanted} do
    true = Wanted.add(wanted, "t", dead())
    {wanted, []} = sweep(wanted, 0, 60_000, fn "t" -> self() end)
    wanted = Wanted.left(wanted, "t", self(), 60_000)
    assert {_, ["t"]} = sweep(wanted, 60_000, 65_000, nobody())
  end

  test "who comes back in time keeps it", %{wanted: wanted} do
    true = Wanted.add(wanted, "t", self())
    wanted = Wanted.left(wanted, "t", self(), 0)
    refute Wanted.add(wanted, "t", self())
    assert {_, []} = sweep(wanted, 0, 60_000, nobody())
  end

  test "all the dead are found within 30 s and 5 s more", %{wanted: wanted} do
    dead = dead()

    for n <- 1..10_000,
        do: Wanted.add(wanted, "t#{n}", if(rem(n, 2) == 0, do: dead, else: self()))

    {wanted, vacant} = sweep(wanted, 0, 35_400, nobody())
    assert length(vacant) == 5_000
    assert Wanted.count(wanted) == 5_000
  end

  test "portions find each once, while others come and go", %{wanted: wanted} do
    for n <- 1..2_500, do: Wanted.add(wanted, {:prefix, "p#{n}"}, self())
    for n <- 1..2_500, do: Wanted.add(wanted, "t#{n}", self())
    {all, portions} = portions(wanted, nil, [], 0)
    assert portions == 6
    assert length(all) == 5_000 and Enum.uniq(all) == all
  end

  defp portions(_wanted, :done, all, count), do: {all, count}

  defp portions(wanted, cursor, all, count) do
    {patterns, next} = Wanted.portion(wanted, cursor)
    # The cursor itself may go.
    if is_binary(next), do: :ets.delete(wanted.table, next)
    Wanted.add(wanted, "new#{count}", self())
    portions(wanted, next, Enum.reject(patterns, &match?("new" <> _, &1)) ++ all, count + 1)
  end
end
