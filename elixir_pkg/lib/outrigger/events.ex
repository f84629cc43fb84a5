defmodule Outrigger.Events do
  @moduledoc """
  Decodes events in the VM, with the NIF: whole documents (`Outrigger.Events.JSON`), and a few fields of many (`project/2`).

  A projection is compiled once and takes what it is asked for out of documents, without building the rest:

      iex> plan = Outrigger.Events.plan!([id: "after.id", op: "op"], where: [{"op", :in, ["c", "u"]}])
      iex> Outrigger.Events.project([~s({"op": "c", "after": {"id": 7}}), ~s({"op": "d", "after": null})], plan)
      {[%{id: 7, op: "c"}], []}

  Every document is read to its end and is an error if it is not JSON, wherever it is wrong.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.{Plan, Problem}

  @typedoc "A tuple of the fields in their order, or a map if they have names."
  @type row :: tuple | map

  @typedoc "A document that could not be read: its place among the documents, from 0, and why."
  @type refused :: {non_neg_integer, Error.t()}

  # What a normal scheduler takes on in one call (a document), and for checking that it is UTF-8 (a list).
  @document 32_768
  @list 524_288

  @doc """
  Compiles a projection.

  `fields` are paths, `{path, type}` pairs, or a keyword list of these. Without names a row is a tuple, with names a map:

      iex> plan = Outrigger.Events.plan!(["id", {"at", :millisecond}])
      iex> Outrigger.Events.project([~s({"id": 1, "at": 1700000000000})], plan)
      {[{1, ~U[2023-11-14 22:13:20.000Z]}], []}

  ## Options

    * `:where` - filters, all of which have to be passed: `{path, comparison, value}` with `:==`, `:!=`, `:in`, `:not_in` (`nil`, booleans,
      integers and strings) or `:<`, `:<=`, `:>`, `:>=` (an integer);
    * the options of `Outrigger.Events.JSON.decode/2`, for the values that are built.

  `{:error, error}` with the reason `:bad_plan` says what is wrong with it.
  """
  @spec plan([Plan.path() | {Plan.path(), Plan.type()}] | keyword, keyword) ::
          {:ok, Plan.t()} | {:error, Error.t()}
  def plan(fields, options \\ []), do: Plan.new(fields, options)

  @doc """
  Like `plan/2`, and raises `Outrigger.Error`.
  """
  @spec plan!([Plan.path() | {Plan.path(), Plan.type()}] | keyword, keyword) :: Plan.t()
  def plan!(fields, options \\ []) do
    case plan(fields, options) do
      {:ok, plan} -> plan
      {:error, error} -> raise error
    end
  end

  @doc """
  Takes the fields of a plan out of documents: a list of them, or one JSON array of documents.

  Returns rows in the order of the documents, and those that could not be read, with their places. A document that a filter holds
  back is in neither. If the one array itself is wrong, there are no rows and its place is `0`.

      iex> plan = Outrigger.Events.plan!([{"n", :integer}])
      iex> {[{1}], [{1, error}]} = Outrigger.Events.project(~s([{"n": 1}, {"n": "x"}]), plan)
      iex> error.details.path
      "$[1].n"

  Documents are read in portions well under a millisecond on the scheduler that asks; one that is larger than 32 KiB, or an array
  larger than 512 KiB, on a dirty one. With many filters, or many fields of one map, that is so for smaller documents.
  """
  @spec project([binary] | binary, Plan.t()) :: {[row], [refused]}
  def project(documents, %Plan{reference: plan}) when is_list(documents),
    do: documents(documents, plan, 0, [], [])

  def project(list, %Plan{reference: plan}) when is_binary(list),
    do: list(list, plan, nil, [], [])

  defp documents([], _plan, _index, rows, refused), do: {joined(rows), refusals(refused)}

  defp documents([document | _] = documents, plan, index, rows, refused) do
    {more, wrong, left, index} =
      with true <- byte_size(document) <= @document,
           {_rows, _refused, _left, _index} = read <-
             Native.events_project(plan, documents, index) do
        read
      else
        _large -> Native.events_project_dirty(plan, documents, index)
      end

    documents(left, plan, index, [more | rows], [wrong | refused])
  end

  defp list(list, plan, progress, rows, refused) do
    read =
      with true <- byte_size(list) <= @list,
           read when read != :dirty <- Native.events_project_list(plan, list, progress) do
        read
      else
        _large -> Native.events_project_list_dirty(plan, list, progress)
      end

    case read do
      {:ok, {more, wrong, :done}} ->
        {joined([more | rows]), refusals([wrong | refused])}

      {:ok, {more, wrong, progress}} ->
        list(list, plan, progress, [more | rows], [wrong | refused])

      {:error, problem} ->
        {[], [{0, Problem.error(problem)}]}
    end
  end

  defp joined([rows]), do: rows
  defp joined(rows), do: rows |> Enum.reverse() |> Enum.concat()

  defp refusals(refused) do
    for {index, {:error, problem}} <- joined(refused), do: {index, Problem.error(problem)}
  end
end
