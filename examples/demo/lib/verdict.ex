defmodule Demo.Verdict do
  @moduledoc """
  Judges a finished demo and says it: what held, what was lost where loss is allowed, and every broken promise by name.
  """

  alias Demo.Ledger

  @named_at_most 20

  @doc "Prints the verdict; returns the exit code."
  @spec print(map) :: 0 | 1
  def print(%{phases: [before, crash, afterwards]} = play) do
    {in_crash, too_late} =
      Enum.split_with(missing(crash), &before_return?(&1.message, play.crash.numbers_at_return))

    lost = MapSet.new(in_crash, &{&1.subscriber, &1.message})

    complaints =
      Enum.concat([
        broken("never arrived (steady)", missing(before)),
        broken("never arrived (published when the relay was back)", too_late),
        broken(
          "never arrived (steady, after the crash)",
          reject_known(missing(afterwards), missing(crash))
        ),
        broken("arrived twice", from_all(afterwards, & &1.duplicates)),
        broken("arrived after a later one", from_all(afterwards, & &1.reordered)),
        unless(play.crash.came_back, do: ["traffic did not return to the Rust node"], else: []),
        if(total(afterwards) == 0, do: ["nothing was published"], else: [])
      ])

    IO.puts("")
    each_node(play)
    way(play.crash, lost, total(crash) - total(before))
    verdict(complaints, afterwards)
  end

  defp each_node(%{samples: samples, phases: phases}) do
    IO.puts("  received, and the usual latency of half a second through the relay")

    for {label, accounts} <- Enum.group_by(List.last(phases).accounts, & &1.node) do
      received = accounts |> Enum.map(&Ledger.received(&1.ledger)) |> Enum.sum()

      latencies =
        for figures <- samples,
            %{label: ^label, path: :relay} = figure <- figures,
            do: figure.latency

      IO.puts(
        "    #{label}  #{String.pad_leading("#{received}", 9)} messages   " <>
          "p50 #{usual(latencies, :p50)}   p99 #{usual(latencies, :p99)}"
      )
    end
  end

  defp usual(latencies, figure),
    do: latencies |> Enum.map(&Map.fetch!(&1, figure)) |> median() |> Demo.Screen.micros()

  defp median([]), do: 0
  defp median(values), do: values |> Enum.sort() |> Enum.at(div(length(values), 2))

  defp way(crash, lost, published) do
    IO.puts("  crash")

    for {label, changes} <- crash.changes do
      IO.puts(
        "    #{label}  to the direct path after #{after_kill(changes, :direct)}, back on the relay after #{after_kill(changes, :relay)}"
      )
    end

    messages = lost |> Enum.map(&elem(&1, 1)) |> Enum.uniq() |> length()

    IO.puts(
      "    lost in flight: #{messages} of #{published} messages, #{MapSet.size(lost)} deliveries"
    )
  end

  defp after_kill(changes, path) do
    case Enum.find(changes, &(elem(&1, 1) == path)) do
      {nanoseconds, ^path} -> "#{div(nanoseconds, 1_000_000)} ms"
      nil -> "(never)"
    end
  end

  defp verdict([], phase) do
    published = total(phase)
    subscribers = length(phase.accounts)

    IO.puts(
      IO.ANSI.format([
        :green,
        "\nHeld: #{published} messages to #{subscribers} subscribers, none twice, none out of order, none lost outside the crash."
      ])
    )

    0
  end

  defp verdict(complaints, _phase) do
    IO.puts(IO.ANSI.format([:red, "\nBROKEN:"]))
    Enum.each(complaints, &IO.puts("  #{&1}"))
    1
  end

  defp broken(_what, []), do: []

  defp broken(what, found) do
    named =
      for %{subscriber: subscriber, message: {publisher, number}} <-
            Enum.take(found, @named_at_most),
          do: "#{publisher}##{number} at #{subscriber}: #{what}"

    more = length(found) - @named_at_most
    if more > 0, do: named ++ ["… and #{more} more: #{what}"], else: named
  end

  defp before_return?({publisher, number}, numbers_at_return),
    do: number <= Map.fetch!(numbers_at_return, publisher)

  # Ledgers run through the whole play, so what was lost in the crash is still missing afterwards.
  defp reject_known(found, known), do: found -- known

  # A message is missing if a later one of its publisher has come, or if it is beyond the last one that came.
  defp missing(phase) do
    for account <- phase.accounts,
        {publisher, number} <- phase.numbers,
        missing <-
          skipped(account.ledger, publisher) ++ unheard(account.ledger, publisher, number),
        do: %{subscriber: account.subscriber, message: missing}
  end

  defp skipped(ledger, publisher),
    do: Enum.filter(Ledger.missing(ledger), &(elem(&1, 0) == publisher))

  defp unheard(ledger, publisher, number) do
    case Map.get(ledger.last, publisher, 0) do
      last when last < number -> Enum.map((last + 1)..number, &{publisher, &1})
      _last -> []
    end
  end

  defp from_all(phase, field) do
    for account <- phase.accounts,
        message <- field.(account.ledger),
        do: %{subscriber: account.subscriber, message: message}
  end

  defp total(phase), do: phase.numbers |> Map.values() |> Enum.sum()
end
