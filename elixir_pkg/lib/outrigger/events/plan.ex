defmodule Outrigger.Events.Plan do
  @moduledoc """
  What `Outrigger.Events.project/2` takes out of documents: fields, their types, and filters. Compiled once by
  `Outrigger.Events.plan/2`, and good for any number of processes.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.{Options, Problem}

  @enforce_keys [:reference]
  defstruct [:reference]

  @type t :: %__MODULE__{reference: reference}

  @typedoc """
  What a field has to be. `nil` stands for `null` and for what is not there, whatever the type. `:decimal` takes numbers and strings
  that hold one; the units of time take whole numbers since 1970 and make `DateTime`s of them.
  """
  @type type ::
          :any
          | :string
          | :integer
          | :float
          | :decimal
          | :boolean
          | :second
          | :millisecond
          | :microsecond
          | :nanosecond

  @typedoc "A path such as `\"payload.after.items[0].id\"`; a key with dots is written `[\"a.b\"]`."
  @type path :: String.t()

  @typedoc "A value to compare with."
  @type operand :: nil | boolean | integer | String.t()

  @typedoc "A test that a document has to pass. What is not there counts as `nil`."
  @type filter ::
          {path, :== | :!=, operand}
          | {path, :in | :not_in, [operand]}
          | {path, :< | :<= | :> | :>=, integer}

  @doc false
  @spec new([path | {path, type}] | keyword(path | {path, type}), keyword) ::
          {:ok, t} | {:error, Error.t()}
  def new(fields, options) when is_list(fields) and is_list(options) do
    {filters, options} = Keyword.pop(options, :where, [])
    {flags, bounds} = Options.read(options, "Outrigger.Events.plan/2")

    with {:ok, names, fields} <- fields(fields),
         {:ok, filters} <- filters(filters) do
      case Native.events_plan(fields, filters, names, flags, bounds) do
        {:ok, reference} -> {:ok, %__MODULE__{reference: reference}}
        {:error, problem} -> {:error, Problem.error(problem)}
      end
    end
  end

  defp fields(fields) do
    if fields != [] and Keyword.keyword?(fields) do
      {names, paths} = Enum.unzip(fields)

      if names == Enum.uniq(names),
        do: with({:ok, paths} <- each(paths, &field/1), do: {:ok, names, paths}),
        else: bad("two fields have the same name, give each its own")
    else
      with {:ok, paths} <- each(fields, &field/1), do: {:ok, nil, paths}
    end
  end

  defp field(path) when is_binary(path), do: {:ok, {path, :any}}
  defp field({path, type}) when is_binary(path) and is_atom(type), do: {:ok, {path, type}}
  defp field(other), do: bad("a field is a path or {path, type}, not #{inspect(other)}")

  @doc false
  # Each as the engine knows it: `:==` and `:!=` are `:in` and `:not_in` of one value.
  @spec filters([filter]) :: {:ok, [filter]} | {:error, Error.t()}
  def filters(filters) when is_list(filters), do: each(filters, &filter/1)

  def filters(other),
    do: bad(":where is a list of {path, comparison, value}, not #{inspect(other)}")

  defp filter({path, :==, value}), do: filter({path, :in, [value]})
  defp filter({path, :!=, value}), do: filter({path, :not_in, [value]})

  defp filter({path, test, _value} = filter) when is_binary(path) and is_atom(test),
    do: {:ok, filter}

  defp filter(other), do: bad("a filter is {path, comparison, value}, not #{inspect(other)}")

  defp each(list, check) do
    Enum.reduce_while(list, {:ok, []}, fn element, {:ok, checked} ->
      case check.(element) do
        {:ok, good} -> {:cont, {:ok, [good | checked]}}
        error -> {:halt, error}
      end
    end)
    |> case do
      {:ok, checked} -> {:ok, Enum.reverse(checked)}
      error -> error
    end
  end

  defp bad(problem), do: {:error, Error.new(:bad_plan, problem)}
end
