defmodule Outrigger.Watch.StormsTest do
  use ExUnit.Case, async: true

  alias Outrigger.Watch.Storms

  doctest Storms

  # When a storm begins, by the failures of each second.
  defp begun(failures) do
    {begun, _count, _storms} =
      failures
      |> Enum.with_index()
      |> Enum.reduce({[], 0, Storms.new()}, fn {failures, second}, {begun, count, storms} ->
        {now, storms} = Storms.second(storms, %{"op" => count + failures})
        {if(now == [], do: begun, else: [second | begun]), count + failures, storms}
      end)

    Enum.reverse(begun)
  end

  test "failures at a steady rate are no storm, by chance neither" do
    :rand.seed(:exsss, {7, 7, 7})

    for rate <- [0.2, 1, 5, 19, 100, 2_000] do
      # A minute to come to its rate, as when traffic rises, and an hour at it.
      rising = for second <- 1..60, do: poisson(rate * second / 60)
      steady = for _ <- 1..3_600, do: poisson(rate)
      assert Enum.filter(begun(rising ++ steady), &(&1 >= 60)) == [], "at #{rate} a second"
    end
  end

  test "failures that double from second to second are one" do
    assert [second] = begun([1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    assert second in 4..6
  end

  test "what is tried again without a pause is one storm, and another one when it comes back" do
    calm = List.duplicate(0, 30)
    storm = List.duplicate(400, 20)
    assert begun(calm ++ storm ++ calm ++ storm) == [30, 80]
  end

  test "a few failures are none" do
    assert begun(List.duplicate(0, 10) ++ [19, 0, 0, 19]) == []
  end

  # Knuth's way for small means, the normal approximation for large ones.
  defp poisson(mean) when mean > 50,
    do: max(round(mean + :math.sqrt(mean) * :rand.normal()), 0)

  defp poisson(mean), do: poisson(:math.exp(-mean), 0, 1.0)

  defp poisson(limit, count, product) do
    product = product * :rand.uniform()
    if product <= limit, do: count, else: poisson(limit, count + 1, product)
  end
end
