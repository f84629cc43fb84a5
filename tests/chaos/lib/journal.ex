defmodule Chaos.Journal do
  @moduledoc """
  What happened on this node, in a file that outlives its VM.

  Each publisher and subscriber writes to the same file through a descriptor of its own, whole entries at a time. What has been
  written is with the operating system: `kill -9` of the VM does not take it back. An entry is 30 bytes, all numbers big-endian:

      kind::8, topic::8, who::32, publisher::32, number::32, of_topic::32, count::32, at::64

  | kind | written by | means |
  | --- | --- | --- |
  | `P` | publisher | is about to publish message `number`, the `of_topic`th on `topic` |
  | `R` | publisher | `broadcast` has refused message `number` |
  | `F` | publisher | knows of subscription `who`; its next message on `topic` is the `of_topic`th |
  | `D` | subscriber `who` | has received that message of `publisher` |
  | `S`, `U` | subscriber `who` | has subscribed to `topic`, is about to end that; `publisher` is the subscription's id |
  | `L` | worker | a router dropped `count` messages of the node in slot `topic` |
  | `M` | worker | `count` messages at most of the node in slot `topic` may have been lost with a router |
  | `G` | teller | a router has told that messages on `topic` may have been missed |
  | `A` | worker | `count` times what should not happen; `topic` says what, see `note/2` |

  `at` is the machine's time in microseconds. It is for windows of faults alone: no order is concluded from it.
  """

  use GenServer

  @unusual [stale: 0, handover_timeout: 1, dispatch_error: 2, crash: 3]

  @doc "Opens the journal of this VM for the calling process."
  @spec open() :: :file.fd()
  def open do
    {:ok, file} = :file.open(Chaos.App.setting(:journal), [:append, :raw, :binary])
    file
  end

  @doc "Writes entries at once."
  @spec write(:file.fd(), iodata) :: :ok
  def write(file, entries), do: :ok = :file.write(file, entries)

  @doc "An entry. `fields`: those of the table, 0 where nothing is said."
  @spec entry(char, map) :: binary
  def entry(kind, fields) do
    nothing = %{topic: 0, who: 0, publisher: 0, number: 0, of_topic: 0, count: 0}
    entry = Map.merge(nothing, fields)

    <<kind, entry.topic, entry.who::32, entry.publisher::32, entry.number::32, entry.of_topic::32,
      entry.count::32, now()::64>>
  end

  @doc "The machine's time in microseconds."
  @spec now() :: integer
  def now, do: :os.system_time(:microsecond)

  @doc "Notes a loss that a router has told of."
  @spec lost(non_neg_integer, pos_integer) :: :ok
  def lost(slot, count), do: GenServer.cast(__MODULE__, {?L, slot, count})

  @doc "Notes what a node tells that this one may have missed."
  @spec unconfirmed(non_neg_integer, pos_integer) :: :ok
  def unconfirmed(slot, count), do: GenServer.cast(__MODULE__, {?M, slot, count})

  @doc "Notes a gap that a router has told of."
  @spec gap(non_neg_integer) :: :ok
  def gap(topic), do: GenServer.cast(__MODULE__, {?G, topic, 1})

  @doc "Notes something that should not happen."
  @spec note(:stale | :handover_timeout | :dispatch_error | :crash, pos_integer) :: :ok
  def note(what, count), do: GenServer.cast(__MODULE__, {?A, @unusual[what], count})

  @doc false
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @impl true
  def init(nil), do: {:ok, open()}

  @impl true
  def handle_cast({kind, topic, count}, file) do
    write(file, entry(kind, %{topic: topic, who: Chaos.App.setting(:incarnation), count: count}))
    {:noreply, file}
  end
end
