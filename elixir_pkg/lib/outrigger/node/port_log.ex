defmodule Outrigger.Node.PortLog do
  @moduledoc """
  Reads the lines that the supervised binary writes. A state machine without a process.

  Input are the two shapes of a port in `{:line, n}` mode, `{:eol, data}` and `{:noeol, data}`; output are events:

      LEVEL <TAB> EVENT <TAB> TEXT          LEVEL: debug, info, warning, error
                                            EVENT: -, cookie, ready, joined NODE, left NODE, fatal REASON

  In `TEXT` the binary writes line breaks, tabs and other control characters as escapes. They stay escaped: a text may hold
  what a peer sent, and nobody may forge a line of our log. A line of another form (a panic, a message of the dynamic
  loader) becomes a warning as it is.

  Rules: never fails; makes no atoms of its input; a line is cut at `max_line/0` bytes, with a note of how much is missing;
  bytes that are not UTF-8 become U+FFFD.

  ## Example

      iex> alias Outrigger.Node.PortLog
      iex> {log, []} = PortLog.feed(PortLog.new(), {:noeol, "info\\tjoined app1@h"})
      iex> {_log, events} = PortLog.feed(log, {:eol, "ost\\tlink is up"})
      iex> events
      [{:log, :info, "link is up"}, {:joined, "app1@host"}]
  """

  import Bitwise

  # Logger cuts a message at 8 KiB; ours leaves room for the note.
  @max_line 4_096
  @levels %{"debug" => :debug, "info" => :info, "warning" => :warning, "error" => :error}

  @enforce_keys [:parts, :size]
  defstruct [:parts, :size]

  @type level :: :debug | :info | :warning | :error
  @type event ::
          {:log, level, String.t()}
          | :cookie
          | :ready
          | {:joined, String.t()}
          | {:left, String.t()}
          | {:fatal, reason :: String.t(), String.t()}
  @opaque t :: %__MODULE__{parts: iodata, size: non_neg_integer}

  @doc "Bytes of a line that are kept."
  @spec max_line() :: pos_integer
  def max_line, do: @max_line

  @doc "A reader at the start of a line."
  @spec new() :: t
  def new, do: %__MODULE__{parts: [], size: 0}

  @doc "Takes one message of the port."
  @spec feed(t, {:eol | :noeol, binary}) :: {t, [event]}
  def feed(%__MODULE__{} = log, {:noeol, data}), do: {append(log, data), []}

  def feed(%__MODULE__{} = log, {:eol, data}) do
    log = append(log, data)
    {new(), log |> line() |> events()}
  end

  @doc "What is left when the port has closed in the middle of a line."
  @spec finish(t) :: {t, [event]}
  def finish(%__MODULE__{size: 0} = log), do: {log, []}
  def finish(%__MODULE__{} = log), do: feed(log, {:eol, ""})

  # Keeps at most @max_line bytes but counts them all.
  defp append(%__MODULE__{size: size} = log, data) when size >= @max_line do
    %{log | size: size + byte_size(data)}
  end

  defp append(%__MODULE__{parts: parts, size: size} = log, data) do
    kept = binary_part(data, 0, min(@max_line - size, byte_size(data)))
    %{log | parts: [parts, kept], size: size + byte_size(data)}
  end

  defp line(%__MODULE__{parts: parts, size: size}) do
    text = parts |> IO.iodata_to_binary() |> scrub()
    if size > @max_line, do: text <> " ... (#{size - @max_line} bytes more)", else: text
  end

  defp events(""), do: []

  defp events(line) do
    with [level, event, text] <- String.split(line, "\t", parts: 3),
         {:ok, level} <- Map.fetch(@levels, level),
         {:ok, events} <- event(event, text) do
      if text == "", do: events, else: [{:log, level, text} | events]
    else
      _ -> [{:log, :warning, line}]
    end
  end

  defp event("-", _text), do: {:ok, []}
  defp event("cookie", _text), do: {:ok, [:cookie]}
  defp event("ready", _text), do: {:ok, [:ready]}
  defp event("joined " <> node, _text), do: {:ok, [{:joined, node}]}
  defp event("left " <> node, _text), do: {:ok, [{:left, node}]}
  defp event("fatal " <> reason, text), do: {:ok, [{:fatal, reason, text}]}
  defp event(_other, _text), do: :error

  defp scrub(data), do: if(String.valid?(data), do: data, else: scrub(data, []))

  defp scrub("", done), do: done |> Enum.reverse() |> IO.iodata_to_binary()
  defp scrub(<<char::utf8, rest::binary>>, done), do: scrub(rest, [<<char::utf8>> | done])
  defp scrub(<<_byte, rest::binary>>, done), do: scrub(skip_continuation(rest), ["\uFFFD" | done])

  # One mark per broken character, not per byte of it.
  defp skip_continuation(<<byte, rest::binary>>) when (byte &&& 0xC0) == 0x80,
    do: skip_continuation(rest)

  defp skip_continuation(rest), do: rest
end
