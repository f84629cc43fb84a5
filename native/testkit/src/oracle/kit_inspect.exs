# Elixir as the oracle of how terms are printed. Requests and answers have 4-byte lengths, on standard input and output:
#
#   Limit:32, PrintableLimit:32, {Length:32, Bytes}*   -> {Length:32, Bytes, Length:32, Print}*
#
# Each term is decoded, encoded again (a map's pairs then stand in the order that this VM prints them in) and inspected;
# a limit of 2^32-1 is none. What Elixir 1.20 prints is the measure: the rules in which older ones differ are here.
defmodule KitInspect do
  @infinity 0xFFFFFFFF
  @old Version.match?(System.version(), "< 1.20.0-dev")

  def main do
    port = Port.open({:fd, 0, 1}, [{:packet, 4}, :binary, :eof])
    loop(port)
  end

  defp loop(port) do
    receive do
      {^port, {:data, <<limit::32, printable::32, terms::binary>>}} ->
        options = [
          limit: limit(limit),
          printable_limit: limit(printable),
          structs: false,
          width: :infinity,
          inspect_fun: if(@old, do: &old/2, else: &Inspect.inspect/2)
        ]

        answers = for <<length::32, bytes::binary-size(length) <- terms>>, do: answer(bytes, options)
        true = Port.command(port, for(part <- List.flatten(answers), do: [<<byte_size(part)::32>>, part]))
        loop(port)

      {^port, :eof} ->
        :erlang.halt(0, flush: false)
    end
  end

  defp limit(@infinity), do: :infinity
  defp limit(limit), do: limit

  defp answer(bytes, options) do
    term = :erlang.binary_to_term(bytes)
    [:erlang.term_to_binary(term, minor_version: 2), print(term, options)]
  end

  # With a limit a list is taken for a charlist by its first elements, and may fail over the others.
  defp print(term, options) do
    inspect(term, options)
  rescue
    _ in [ArgumentError, UnicodeConversionError] -> ""
  end

  # Charlists have had their sigil since 1.15, floats without a fraction their digits since 1.20.
  defp old([_ | _] = list, opts) do
    if List.ascii_printable?(list, opts.printable_limit) do
      text = Inspect.BitString.inspect(List.to_string(list), opts)
      Inspect.Algebra.concat("~c", String.replace(text, ~s(" <> ...), ~s(" ++ ...)))
    else
      Inspect.inspect(list, opts)
    end
  end

  defp old(float, _opts) when is_float(float) and abs(float) >= 1.0 and abs(float) < 1.0e16 and trunc(float) == float,
    do: Integer.to_string(trunc(float)) <> ".0"

  defp old(term, opts), do: Inspect.inspect(term, opts)
end

try do
  KitInspect.main()
catch
  # A halt that flushes would wait for the port that is the standard output.
  kind, reason ->
    IO.puts(:stderr, Exception.format(kind, reason, __STACKTRACE__))
    :erlang.halt(1, flush: false)
end
