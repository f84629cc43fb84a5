defmodule Outrigger.Node.PortLogTest do
  use ExUnit.Case, async: true

  doctest Outrigger.Node.PortLog

  alias Outrigger.Node.PortLog

  defp line(text) do
    {log, events} = PortLog.feed(PortLog.new(), {:eol, text})
    assert log == PortLog.new()
    events
  end

  test "every event of the protocol" do
    assert line("debug\t-\tsteps") == [{:log, :debug, "steps"}]
    assert line("debug\tcookie\t") == [:cookie]
    assert line("info\tready\t") == [:ready]
    assert line("info\tjoined a@h\thidden") == [{:log, :info, "hidden"}, {:joined, "a@h"}]
    assert line("warning\tleft a@h\tclosed") == [{:log, :warning, "closed"}, {:left, "a@h"}]

    assert line("error\tfatal name_taken\tno") == [
             {:log, :error, "no"},
             {:fatal, "name_taken", "no"}
           ]

    assert line("") == []
  end

  test "tabs in the text belong to the text, and escapes stay escaped" do
    assert line("info\t-\ta\tb") == [{:log, :info, "a\tb"}]
    assert line(~S(info	-	a\nb\x1b[2J)) == [{:log, :info, ~S(a\nb\x1b[2J)}]
  end

  test "what is not of the protocol is a warning as it is" do
    for text <- ["thread 'main' panicked", "info\t-", "notice\t-\tx", "info\tdance\tx", "\t\t"] do
      assert line(text) == [{:log, :warning, text}]
    end
  end

  test "a line in parts is the same as the line in one, wherever it is cut" do
    text = "warning\tfatal cookie_refused\tthé end"
    whole = line(text)

    for at <- 0..byte_size(text) do
      {head, tail} = :erlang.split_binary(text, at)
      {log, []} = PortLog.feed(PortLog.new(), {:noeol, head})
      assert {_log, ^whole} = PortLog.feed(log, {:eol, tail})
    end
  end

  test "a line that never ends takes bounded memory and is cut with a note" do
    piece = String.duplicate("x", 4096)

    log =
      Enum.reduce(1..1000, PortLog.new(), fn _, log ->
        {log, []} = PortLog.feed(log, {:noeol, piece})
        log
      end)

    assert :erts_debug.flat_size(log) * 8 < 4 * PortLog.max_line()
    {_log, [{:log, :warning, text}]} = PortLog.feed(log, {:eol, ""})
    assert text =~ ~r/xx \.\.\. \(#{4096 * 1000 - PortLog.max_line()} bytes more\)\z/
    assert byte_size(text) < PortLog.max_line() + 50
  end

  test "bytes that are not UTF-8, in any place" do
    assert line(<<"info\t-\ta", 0xFF, "b">>) == [{:log, :info, "a\uFFFDb"}]
    assert line(<<"info\t-\t", 0xE2, 0x82>>) == [{:log, :info, "\uFFFD"}]
    assert line(<<"info\tjoined ", 0xC3, "@h\t">>) == [{:joined, "\uFFFD@h"}]

    assert [{:log, :warning, garbage}] =
             line(:crypto.strong_rand_bytes(300) |> String.replace("\t", "_"))

    assert String.valid?(garbage)
  end

  test "the cut may go through a character" do
    {log, []} =
      PortLog.feed(PortLog.new(), {:noeol, "x" <> String.duplicate("ä", PortLog.max_line())})

    {_log, [{:log, :warning, text}]} = PortLog.feed(log, {:eol, ""})
    assert String.valid?(text)
  end

  test "the rest of a line without an end" do
    {log, []} = PortLog.feed(PortLog.new(), {:noeol, "error\t-\tcut of"})
    assert PortLog.finish(log) == {PortLog.new(), [{:log, :error, "cut of"}]}
    assert PortLog.finish(PortLog.new()) == {PortLog.new(), []}
  end
end
