defmodule Outrigger.Events.Debezium.Options do
  @moduledoc """
  What documents do not say, compiled once by `Outrigger.Events.Debezium.options/1`. Good for any number of processes.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.{Options, Registry}
  alias Outrigger.Events.Registry.Writers

  @enforce_keys [:reference]
  defstruct [:reference, :registry]

  @type t :: %__MODULE__{reference: reference | nil, registry: atom}

  @own [:registry, :columns, :untyped, :absent, :shape, :binary, :prefix] ++
         [:placeholder, :expand_payload]
  # What a normal scheduler takes on in one call.
  @columns 128
  @json [:strings, :max_bytes, :max_depth, :max_digits]
  @shapes [:auto, :envelope, :row, :outbox, :cloud_event]
  @encodings [:base64, :base64_url, :hex]
  @units %{second: 0, millisecond: 3, microsecond: 6, nanosecond: 9}
  @simple [:as_is, :string, :boolean, :integer, :float, :decimal, :variable_decimal, :date, :bits] ++
            [:iso_date, :iso_time, :iso_naive, :iso_instant, :iso_duration, :enum_set]

  @doc false
  @spec new(keyword) :: t
  def new(options) when is_list(options) do
    {registry, options} = Keyword.pop(options, :registry)
    if not is_atom(registry), do: bad({:registry, registry})
    {ways, columns, flags, bounds} = read(options)

    reference =
      if length(columns) > @columns,
        do: Native.events_debezium_options_dirty(ways, columns, flags, bounds),
        else: Native.events_debezium_options(ways, columns, flags, bounds)

    %__MODULE__{reference: reference, registry: registry}
  end

  @doc false
  # As the engine takes them.
  @spec read(keyword) :: {tuple, [tuple], non_neg_integer, Options.bounds()}
  def read(options) when is_list(options) do
    {own, json} = Keyword.split(options, @own)

    for {name, value} <- json, name not in @json, do: bad({name, value})
    {flags, bounds} = Options.read(json, "Outrigger.Events.Debezium")

    ways =
      {Atom.to_string(one_of(own, :shape, @shapes, :auto)),
       one_of(own, :untyped, [:error, :as_is], :error) == :as_is, binary(own[:binary]),
       text(own, :prefix, "__"), text(own, :placeholder, nil),
       one_of(own, :expand_payload, [true, false], false),
       Atom.to_string(one_of(own, :absent, [:error, :null, :zero], :error))}

    {ways, Enum.map(own[:columns] || [], &column/1), flags, bounds}
  end

  @doc false
  @spec compiled(keyword | t) :: t
  def compiled(%__MODULE__{} = options), do: options
  def compiled([]), do: %__MODULE__{reference: nil}
  # A registry is no business of the NIF: its defaults will do.
  def compiled(registry: registry) when is_atom(registry),
    do: %__MODULE__{reference: nil, registry: registry}

  def compiled(options), do: new(options)

  @doc false
  @spec writers(t) :: {:ok, Writers.t()} | {:error, Error.t()}
  def writers(%__MODULE__{registry: nil}), do: {:ok, nil}
  def writers(%__MODULE__{registry: registry}), do: Registry.writers(registry)

  defp one_of(options, name, values, default) do
    value = Keyword.get(options, name, default)
    if value in values, do: value, else: bad({name, value})
  end

  defp text(options, name, default) do
    value = Keyword.get(options, name, default)
    if value == default or is_binary(value), do: value, else: bad({name, value})
  end

  defp binary(nil), do: nil
  defp binary(encoding) when encoding in @encodings, do: Atom.to_string(encoding)
  defp binary(other), do: bad({:binary, other})

  # A column's name has no dots, a table's may have.
  defp column({name, type}) when is_binary(name) do
    case name |> String.split(".") |> Enum.split(-1) do
      {[], _column} ->
        bad({:columns, {name, type}})

      {table, [column]} ->
        {lists, kind, detail} = type(type, name)
        {Enum.join(table, "."), column, lists, kind, detail}
    end
  end

  defp column(other), do: bad({:columns, other})

  defp type({:list, type}, name) do
    {lists, kind, detail} = type(type, name)
    {lists + 1, kind, detail}
  end

  defp type(type, _name) when type in @simple, do: {0, Atom.to_string(type), 0}
  defp type({:decimal, scale}, _name) when scale in -100_000..100_000, do: {0, "unscaled", scale}

  defp type({kind, unit}, _name)
       when kind in [:time, :naive, :instant, :duration] and is_map_key(@units, unit),
       do: {0, Atom.to_string(kind), @units[unit]}

  defp type({:binary, encoding}, _name) when encoding in @encodings,
    do: {0, Atom.to_string(encoding), 0}

  defp type(type, name), do: bad({:columns, {name, type}})

  @spec bad(term) :: no_return
  defp bad(option) do
    raise ArgumentError,
          "Outrigger.Events.Debezium has no option #{inspect(option)}: see its documentation for names and values"
  end
end
