defmodule Outrigger.Native do
  @moduledoc """
  The door to the engines that run inside the VM: stubs that the NIF in `priv/native` replaces.

  Only the module that gives an engine its Elixir face calls these functions (`Outrigger.Watch.Histogram` for
  histograms, `Outrigger.Limit` for limiters, `Outrigger.Limit.Slots` for slots). Applications use those modules.

  Loading may fail, and then only what needs an engine in the VM fails: PubSub and the Rust node work without. A stub
  then raises an `Outrigger.Error` with reason `:not_loaded`, which says why and what to do; `status/0` tells the same
  without an exception.
  """

  alias Outrigger.Error

  @on_load :load

  # The Rust side is built for NIF 2.16 (OTP 24) and works on every later one.
  @library "outrigger_nif"
  @key {__MODULE__, :load_error}

  @typedoc "A histogram held by the NIF."
  @type histogram :: reference

  @typedoc "A limiter held by the NIF."
  @type limiter :: reference

  @typedoc "Concurrency slots held by the NIF."
  @type slots :: reference

  @typedoc "A cluster limit's end on this node, held by the NIF."
  @type lease :: reference

  @typedoc "What a call of `Outrigger.Limit.Cluster` wants done, and the milliseconds until the next one."
  @type driven ::
          {[{:send, non_neg_integer, binary} | {:answer, non_neg_integer, tuple | atom}],
           non_neg_integer}

  @typedoc "What the NIF says of itself: its version, the NIF version and the machine it was built for."
  @type info :: %{version: String.t(), nif_version: String.t(), arch: String.t(), os: String.t()}

  @doc """
  Whether the NIF is loaded into this VM.
  """
  @spec status() :: :ok | {:error, Error.t()}
  def status do
    case :persistent_term.get(@key, nil) do
      nil -> :ok
      {path, reason} -> {:error, not_loaded_error(path, reason)}
    end
  end

  @doc """
  Version and build of the loaded NIF.
  """
  @spec nif_info() :: info
  def nif_info, do: not_loaded()

  # native/nif/src/watch.rs

  @doc false
  @spec histogram_new() :: histogram
  def histogram_new, do: not_loaded()

  @doc false
  @spec histogram_record(histogram, non_neg_integer, non_neg_integer) :: :ok
  def histogram_record(_histogram, _nanoseconds, _count), do: not_loaded()

  @doc false
  @spec histogram_summary(histogram) :: map | nil
  def histogram_summary(_histogram), do: not_loaded()

  @doc false
  @spec histogram_percentile(histogram, float) :: non_neg_integer | nil
  def histogram_percentile(_histogram, _percentile), do: not_loaded()

  @doc false
  @spec histogram_merge(histogram, histogram) :: :ok
  def histogram_merge(_into, _from), do: not_loaded()

  @doc false
  @spec histogram_reset(histogram) :: :ok
  def histogram_reset(_histogram), do: not_loaded()

  # native/nif/src/limit

  @doc false
  @spec limit_new(map) :: {:ok, limiter} | {:error, String.t()}
  def limit_new(_config), do: not_loaded()

  @doc false
  @spec limit_hit(limiter, term, term) :: tuple | atom
  def limit_hit(_limiter, _key, _cost), do: not_loaded()

  @doc false
  @spec limit_hit_with(limiter, term, term, term) :: tuple | atom
  def limit_hit_with(_limiter, _key, _cost, _rule), do: not_loaded()

  @doc false
  @spec limit_hit_all([{limiter, term, term}]) :: {:ok, [tuple]} | {non_neg_integer, tuple | atom}
  def limit_hit_all(_hits), do: not_loaded()

  @doc false
  @spec limit_peek(limiter, term, term) :: tuple | atom
  def limit_peek(_limiter, _key, _cost), do: not_loaded()

  @doc false
  @spec limit_peek_with(limiter, term, term, term) :: tuple | atom
  def limit_peek_with(_limiter, _key, _cost, _rule), do: not_loaded()

  @doc false
  @spec limit_refund(limiter, term, term) :: atom
  def limit_refund(_limiter, _key, _cost), do: not_loaded()

  @doc false
  @spec limit_reset(limiter, term) :: atom
  def limit_reset(_limiter, _key), do: not_loaded()

  @doc false
  @spec limit_update(limiter, map) :: {:ok, :ok} | {:error, String.t()}
  def limit_update(_limiter, _rule), do: not_loaded()

  @doc false
  @spec limit_rule(limiter) :: {pos_integer, pos_integer, pos_integer}
  def limit_rule(_limiter), do: not_loaded()

  @doc false
  @spec limit_stats(limiter) :: map
  def limit_stats(_limiter), do: not_loaded()

  @doc false
  @spec limit_advance(limiter, non_neg_integer) :: :ok | :not_manual
  def limit_advance(_limiter, _milliseconds), do: not_loaded()

  @doc false
  @spec lease_new(map) :: {:ok, lease} | {:error, atom}
  def lease_new(_config), do: not_loaded()

  @doc false
  @spec limit_take(lease, term, term) :: tuple | atom
  def limit_take(_lease, _key, _cost), do: not_loaded()

  @doc false
  @spec lease_key(lease, term) :: binary | atom
  def lease_key(_lease, _key), do: not_loaded()

  @doc false
  @spec lease_ask(lease, non_neg_integer, binary, non_neg_integer) :: driven
  def lease_ask(_lease, _waiter, _key, _cost), do: not_loaded()

  @doc false
  @spec lease_peek(lease, non_neg_integer, binary, non_neg_integer) :: driven
  def lease_peek(_lease, _waiter, _key, _cost), do: not_loaded()

  @doc false
  @spec lease_reset(lease, non_neg_integer, binary) :: driven
  def lease_reset(_lease, _waiter, _key), do: not_loaded()

  @doc false
  @spec lease_refund(lease, binary, non_neg_integer) :: driven
  def lease_refund(_lease, _key, _cost), do: not_loaded()

  @doc false
  @spec lease_share(lease, binary, non_neg_integer) :: tuple
  def lease_share(_lease, _key, _cost), do: not_loaded()

  @doc false
  @spec lease_refill(lease, binary) :: driven
  def lease_refill(_lease, _key), do: not_loaded()

  @doc false
  @spec lease_release(lease, binary, pos_integer) :: driven
  def lease_release(_lease, _key, _slots), do: not_loaded()

  @doc false
  @spec lease_hold(lease, binary, pos_integer) :: driven
  def lease_hold(_lease, _key, _slots), do: not_loaded()

  @doc false
  @spec lease_resume(lease, [{binary, pos_integer}]) :: driven
  def lease_resume(_lease, _held), do: not_loaded()

  @doc false
  @spec lease_tick(lease) :: driven
  def lease_tick(_lease), do: not_loaded()

  @doc false
  @spec lease_node_id(binary) :: non_neg_integer
  def lease_node_id(_node), do: not_loaded()

  @doc false
  @spec lease_node_up(lease, non_neg_integer) :: driven
  def lease_node_up(_lease, _node), do: not_loaded()

  @doc false
  @spec lease_node_down(lease, non_neg_integer) :: driven
  def lease_node_down(_lease, _node), do: not_loaded()

  @doc false
  @spec lease_receive(lease, binary) :: driven | :malformed
  def lease_receive(_lease, _bytes), do: not_loaded()

  @doc false
  @spec lease_leave(lease) :: driven
  def lease_leave(_lease), do: not_loaded()

  @doc false
  @spec lease_update(lease, atom, pos_integer, pos_integer, pos_integer | nil) ::
          {:ok, :ok} | {:error, atom}
  def lease_update(_lease, _algorithm, _limit, _period_ns, _burst), do: not_loaded()

  @doc false
  @spec lease_figures(lease) :: map
  def lease_figures(_lease), do: not_loaded()

  @doc false
  @spec slots_new(pos_integer, pos_integer) :: {:ok, slots} | {:error, String.t()}
  def slots_new(_limit, _memory), do: not_loaded()

  @doc false
  @spec slots_acquire(slots, term, term, term) :: tuple | atom
  def slots_acquire(_slots, _key, _weight, _process), do: not_loaded()

  @doc false
  @spec slots_release(slots, non_neg_integer, non_neg_integer) :: boolean
  def slots_release(_slots, _owner, _id), do: not_loaded()

  @doc false
  @spec slots_bind(slots, non_neg_integer, non_neg_integer, binary, pos_integer) :: boolean
  def slots_bind(_slots, _owner, _id, _key, _weight), do: not_loaded()

  @doc false
  @spec slots_rebind(slots) :: [{binary, pos_integer}]
  def slots_rebind(_slots), do: not_loaded()

  @doc false
  @spec slots_used(slots, term) :: non_neg_integer | atom
  def slots_used(_slots, _key), do: not_loaded()

  @doc false
  @spec slots_update(slots, pos_integer) :: {:ok, :ok} | {:error, String.t()}
  def slots_update(_slots, _limit), do: not_loaded()

  @doc false
  @spec slots_stats(slots) :: map
  def slots_stats(_slots), do: not_loaded()

  # native/nif/src/events

  @doc false
  @spec events_json(binary, non_neg_integer, tuple | nil) ::
          {:ok, term} | :dirty | {:error, tuple}
  def events_json(_document, _flags, _limits), do: not_loaded()

  @doc false
  @spec events_json_portion(binary, non_neg_integer, tuple | nil, non_neg_integer | nil) ::
          {:more, list, pos_integer} | {:done, list} | :whole | {:error, tuple}
  def events_json_portion(_document, _flags, _limits, _from), do: not_loaded()

  @doc false
  @spec events_json_dirty(binary, non_neg_integer, tuple | nil) :: {:ok, term} | {:error, tuple}
  def events_json_dirty(_document, _flags, _limits), do: not_loaded()

  @doc false
  @spec events_plan([tuple], [tuple], [atom] | nil, non_neg_integer, tuple | nil) ::
          {:ok, reference} | {:error, tuple}
  def events_plan(_fields, _filters, _names, _flags, _bounds), do: not_loaded()

  @doc false
  @spec events_project(reference, [binary], non_neg_integer) ::
          {[tuple | map], [tuple], [binary], non_neg_integer} | :dirty
  def events_project(_plan, _documents, _index), do: not_loaded()

  @doc false
  @spec events_project_dirty(reference, [binary], non_neg_integer) ::
          {[tuple | map], [tuple], [binary], non_neg_integer}
  def events_project_dirty(_plan, _documents, _index), do: not_loaded()

  @doc false
  @spec events_project_list(reference, binary, tuple | nil) ::
          {:ok, tuple} | :dirty | {:error, tuple}
  def events_project_list(_plan, _list, _progress), do: not_loaded()

  @doc false
  @spec events_project_list_dirty(reference, binary, tuple | nil) ::
          {:ok, tuple} | {:error, tuple}
  def events_project_list_dirty(_plan, _list, _progress), do: not_loaded()

  @doc false
  @spec events_avro_schema(binary, [reference]) :: {:ok, reference} | {:error, tuple}
  def events_avro_schema(_text, _references), do: not_loaded()

  @doc false
  @spec events_avro_identity(reference) :: {binary, non_neg_integer, binary}
  def events_avro_identity(_schema), do: not_loaded()

  @doc false
  @spec events_avro_plan(reference, reference | nil) :: {:ok, reference} | {:error, tuple}
  def events_avro_plan(_writer, _reader), do: not_loaded()

  @doc false
  @spec events_avro_decode(reference, binary, non_neg_integer, tuple | nil) ::
          {:ok, term} | :dirty | {:error, tuple}
  def events_avro_decode(_plan, _datum, _flags, _bounds), do: not_loaded()

  @doc false
  @spec events_avro_decode_dirty(reference, binary, non_neg_integer, tuple | nil) ::
          {:ok, term} | {:error, tuple}
  def events_avro_decode_dirty(_plan, _datum, _flags, _bounds), do: not_loaded()

  @doc false
  @spec events_avro_encode(reference, term) :: {:ok, binary} | :dirty | {:error, tuple}
  def events_avro_encode(_schema, _term), do: not_loaded()

  @doc false
  @spec events_avro_encode_dirty(reference, term) :: {:ok, binary} | {:error, tuple}
  def events_avro_encode_dirty(_schema, _term), do: not_loaded()

  @doc false
  @spec events_protobuf_compile(binary, binary, [{binary, binary}]) ::
          {:ok, reference} | {:error, tuple}
  def events_protobuf_compile(_text, _name, _imports), do: not_loaded()

  @doc false
  @spec events_protobuf_load(binary, binary | nil) :: {:ok, reference} | {:error, tuple}
  def events_protobuf_load(_set, _file), do: not_loaded()

  @doc false
  @spec events_protobuf_message(reference, binary | [non_neg_integer], tuple) ::
          {:ok, reference, binary, [non_neg_integer] | nil} | {:error, tuple}
  def events_protobuf_message(_schema, _which, _ways), do: not_loaded()

  @doc false
  @spec events_protobuf_indexes(binary) ::
          {:ok, [non_neg_integer], pos_integer} | {:error, tuple}
  def events_protobuf_indexes(_body), do: not_loaded()

  @doc false
  @spec events_protobuf_frame([non_neg_integer]) :: binary | nil
  def events_protobuf_frame(_indexes), do: not_loaded()

  @doc false
  @spec events_protobuf_decode(reference, binary, non_neg_integer, tuple | nil) ::
          {:ok, term} | :dirty | {:error, tuple}
  def events_protobuf_decode(_plan, _message, _flags, _bounds), do: not_loaded()

  @doc false
  @spec events_protobuf_decode_dirty(reference, binary, non_neg_integer, tuple | nil) ::
          {:ok, term} | {:error, tuple}
  def events_protobuf_decode_dirty(_plan, _message, _flags, _bounds), do: not_loaded()

  @doc false
  @spec events_protobuf_encode(reference, term) :: {:ok, binary} | {:error, tuple}
  def events_protobuf_encode(_plan, _term), do: not_loaded()

  @doc false
  @spec events_protobuf_encode_dirty(reference, term) :: {:ok, binary} | {:error, tuple}
  def events_protobuf_encode_dirty(_plan, _term), do: not_loaded()

  @doc false
  @spec events_debezium_options(tuple, [tuple], non_neg_integer, tuple | nil) :: reference
  def events_debezium_options(_ways, _columns, _flags, _bounds), do: not_loaded()

  @doc false
  @spec events_debezium_options_dirty(tuple, [tuple], non_neg_integer, tuple | nil) :: reference
  def events_debezium_options_dirty(_ways, _columns, _flags, _bounds), do: not_loaded()

  @doc false
  @spec events_debezium(tuple | binary | nil, reference | nil, reference | nil) ::
          {:ok, struct} | {:error, tuple} | :dirty
  def events_debezium(_record, _options, _writers), do: not_loaded()

  @doc false
  @spec events_debezium_dirty(tuple | binary | nil, reference | nil, reference | nil) ::
          {:ok, struct} | {:error, tuple}
  def events_debezium_dirty(_record, _options, _writers), do: not_loaded()

  @doc false
  @spec events_debezium_all([tuple | binary | nil], reference | nil, reference | nil) ::
          {[tuple], list}
  def events_debezium_all(_records, _options, _writers), do: not_loaded()

  @doc false
  @spec events_debezium_all_dirty([tuple | binary | nil], reference | nil, reference | nil) ::
          {[tuple], list}
  def events_debezium_all_dirty(_records, _options, _writers), do: not_loaded()

  @doc false
  @spec events_writers() :: reference
  def events_writers, do: not_loaded()

  @doc false
  @spec events_writers_avro(reference, {:id, non_neg_integer} | {:guid, binary}, reference) ::
          :ok | {:error, tuple}
  def events_writers_avro(_writers, _key, _schema), do: not_loaded()

  @doc false
  @spec events_writers_protobuf(reference, {:id, non_neg_integer} | {:guid, binary}, reference) ::
          :ok
  def events_writers_protobuf(_writers, _key, _schema), do: not_loaded()

  @doc false
  @spec events_writers_json(reference, {:id, non_neg_integer} | {:guid, binary}) :: :ok
  def events_writers_json(_writers, _key), do: not_loaded()

  @doc false
  @spec events_container_open(binary, tuple | nil) ::
          {:ok, reference, reference, [{String.t(), binary}], pos_integer}
          | :more
          | {:error, tuple}
  def events_container_open(_bytes, _bounds), do: not_loaded()

  @doc false
  @spec events_container_block(reference, reference, binary, non_neg_integer, tuple | nil) ::
          {:ok, [term], pos_integer} | :more | {:error, tuple}
  def events_container_block(_reader, _plan, _bytes, _flags, _bounds), do: not_loaded()

  @doc false
  @spec events_container_writer(String.t(), :null | :deflate, binary) ::
          {:ok, reference, binary} | {:error, tuple}
  def events_container_writer(_schema, _codec, _sync), do: not_loaded()

  @doc false
  @spec events_container_append(reference, [term]) :: {:ok, binary} | {:error, tuple}
  def events_container_append(_writer, _data), do: not_loaded()

  @doc false
  @spec events_container_flush(reference) :: {:ok, binary} | {:error, tuple}
  def events_container_flush(_writer), do: not_loaded()

  @doc false
  @spec events_compatible({atom, String.t(), atom}, {String.t(), list}, [{String.t(), list}]) ::
          {:ok, [tuple], non_neg_integer} | {:error, tuple}
  def events_compatible(_ways, _new, _earlier), do: not_loaded()

  @doc false
  @spec events_pgoutput_new(1..4, boolean, non_neg_integer, tuple | nil, [tuple], [tuple]) ::
          {:ok, reference} | {:error, String.t()}
  def events_pgoutput_new(_version, _json, _flags, _bounds, _types, _keys), do: not_loaded()

  @doc false
  @spec events_pgoutput(reference, binary) :: {tuple, reference}
  def events_pgoutput(_decoder, _frame), do: not_loaded()

  @doc false
  @spec events_pgoutput_dirty(reference, binary) :: {tuple, reference}
  def events_pgoutput_dirty(_decoder, _frame), do: not_loaded()

  @doc false
  @spec events_pgoutput_all(reference, [binary]) :: {[tuple], [binary], reference}
  def events_pgoutput_all(_decoder, _frames), do: not_loaded()

  @doc false
  @spec events_pgoutput_all_dirty(reference, [binary]) :: {[tuple], [binary], reference}
  def events_pgoutput_all_dirty(_decoder, _frames), do: not_loaded()

  @doc false
  @spec events_stream(binary) :: {:ok, reference} | {:error, tuple}
  def events_stream(_text), do: not_loaded()

  @doc false
  @spec events_stream_schema(binary) :: {:ok, reference} | {:error, tuple}
  def events_stream_schema(_text), do: not_loaded()

  @doc false
  @spec events_stream_take(reference, [tuple | binary | nil]) :: {[{binary, term}], list} | :dirty
  def events_stream_take(_stream, _events), do: not_loaded()

  @doc false
  @spec events_stream_take_dirty(reference, [reference], [tuple | binary | nil]) ::
          {[{binary, term}], list}
  def events_stream_take_dirty(_stream, _schemas, _events), do: not_loaded()

  @doc false
  def load do
    path = Path.join(Outrigger.Binary.directory(), @library)

    case :erlang.load_nif(String.to_charlist(path), 0) do
      :ok -> :persistent_term.erase(@key)
      {:error, reason} -> :persistent_term.put(@key, {path, reason})
    end

    # A module whose `on_load` fails is unloaded, and its callers would see `:undef` instead of what is wrong.
    :ok
  end

  # `:erlang.nif_error/1` raises like `raise/1`, and tells the type checkers that the stub never returns.
  defp not_loaded do
    {:error, error} = status()
    :erlang.nif_error(error)
  end

  defp not_loaded_error(path, {kind, text}) do
    Error.new(
      :not_loaded,
      "the NIF #{path}.so could not be loaded (#{text}). #{remedy(kind)}",
      %{path: path <> ".so", kind: kind, vm_nif_version: vm_nif_version()}
    )
  end

  defp remedy(:upgrade), do: "A NIF cannot be replaced in a running VM: restart it."
  defp remedy(:reload), do: "A NIF cannot be loaded again in a running VM: restart it."

  defp remedy(_load_failed) do
    "Build it on this machine with `mix compile` (in an application `mix deps.compile outrigger --force`), with the " <>
      "Erlang/OTP that will load it or an older one."
  end

  defp vm_nif_version, do: List.to_string(:erlang.system_info(:nif_version))
end
