defmodule Outrigger.Doctor.Names do
  @moduledoc """
  Are the node names names, and of one type?
  """

  alias Outrigger.Doctor.Check
  alias Outrigger.Node.Name

  @check "node names"

  @typedoc "`name` is the own one with the type it was asked for (`--name` or `--sname`), or `nil`."
  @type own :: {Name.type(), String.t()} | nil

  @doc "Nothing to check without a name."
  @spec checks(own, [String.t()]) :: [Check.t()]
  def checks(nil, []), do: []

  def checks(own, join) do
    named = for({_type, name} <- List.wrap(own), String.contains?(name, "@"), do: name) ++ join
    parsed = Enum.map(named, &{&1, Name.parse(&1)})
    wrong = for {name, :error} <- parsed, do: name

    types =
      Enum.map(List.wrap(own), fn {type, name} -> {type, name} end) ++
        for({name, {:ok, %{type: type}}} <- parsed, do: {type, name})

    [if(wrong == [], do: one_type(Enum.uniq(types)), else: not_names(wrong))]
  end

  defp not_names(wrong) do
    Check.fail(
      @check,
      "#{Enum.map_join(wrong, ", ", &inspect/1)} cannot be the name of a node",
      "write it in full, as app1@10.0.0.5 or app1@box"
    )
  end

  defp one_type(types) do
    case Enum.group_by(types, &elem(&1, 0), &elem(&1, 1)) do
      %{long: long, short: short} ->
        Check.fail(
          @check,
          "long names (#{list(long)}) and short names (#{list(short)}) are mixed; nodes of the two kinds never connect",
          "start all nodes with --name and a host with a dot (a full host name or an IP address), or all with --sname"
        )

      %{long: long} ->
        Check.ok(@check, "all long: #{list(long)}")

      %{short: short} ->
        Check.ok(@check, "all short: #{list(short)}")
    end
  end

  defp list(names), do: Enum.join(names, ", ")
end
