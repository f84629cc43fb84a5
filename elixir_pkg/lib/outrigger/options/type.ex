defmodule Outrigger.Options.Type do
  @moduledoc """
  The types of `Outrigger.Options`: does a value belong to one, and how is it called.

  Two texts per type: `name/1` for a list of options ("positive integer"), `describe/1` for the end of a sentence that
  starts with "must be" ("a positive integer").
  """

  @type t ::
          :any
          | :atom
          | :boolean
          | :string
          | :integer
          | :pos_integer
          | :non_neg_integer
          | :keyword
          | :mfa
          | {:fun, arity}
          | {:list, t}
          | {:tuple, [t]}
          | {:in, [term]}
          | {:or, [t]}

  @doc "Does `value` belong to `type`?"
  @spec valid?(t, term) :: boolean
  def valid?(:any, _value), do: true
  # `nil` and booleans are atoms to the VM, but never what was meant.
  def valid?(:atom, value), do: is_atom(value) and value not in [nil, true, false]
  def valid?(:boolean, value), do: is_boolean(value)
  def valid?(:string, value), do: is_binary(value) and String.valid?(value)
  def valid?(:integer, value), do: is_integer(value)
  def valid?(:pos_integer, value), do: is_integer(value) and value > 0
  def valid?(:non_neg_integer, value), do: is_integer(value) and value >= 0
  def valid?(:keyword, value), do: Keyword.keyword?(value)

  def valid?(:mfa, {module, function, args}),
    do: is_atom(module) and is_atom(function) and is_list(args)

  def valid?(:mfa, _value), do: false
  def valid?({:fun, arity}, value), do: is_function(value, arity)

  def valid?({:list, type}, value),
    do: is_list(value) and not List.improper?(value) and Enum.all?(value, &valid?(type, &1))

  def valid?({:tuple, types}, value) when is_tuple(value) and tuple_size(value) == length(types),
    do:
      types
      |> Enum.zip(Tuple.to_list(value))
      |> Enum.all?(fn {type, value} -> valid?(type, value) end)

  def valid?({:tuple, _types}, _value), do: false
  def valid?({:in, values}, value), do: value in values
  def valid?({:or, types}, value), do: Enum.any?(types, &valid?(&1, value))

  @doc "What follows \"must be\" in an error."
  @spec describe(t) :: String.t()
  def describe(:any), do: "a term"
  def describe(:atom), do: "an atom"
  def describe(:integer), do: "an integer"
  def describe(:boolean), do: "true or false"
  def describe(:string), do: "a string (UTF-8)"
  def describe(:mfa), do: "a tuple {module, function, args}"
  def describe({:fun, arity}), do: "a function of arity #{arity}"
  def describe({:list, type}), do: "a list, each element #{describe(type)}"
  def describe({:tuple, types}), do: "a tuple {#{Enum.map_join(types, ", ", &name/1)}}"
  def describe({:in, values}), do: "one of #{Enum.map_join(values, ", ", &inspect/1)}"
  def describe({:or, types}), do: Enum.map_join(types, " or ", &describe/1)
  def describe(type), do: "a #{name(type)}"

  @doc "What a list of options calls the type."
  @spec name(t) :: String.t()
  def name(:any), do: "term"
  def name(:pos_integer), do: "positive integer"
  def name(:non_neg_integer), do: "non-negative integer"
  def name(:keyword), do: "keyword list"
  def name(:mfa), do: "`{module, function, args}`"
  def name({:fun, arity}), do: "function of arity #{arity}"
  def name({:list, type}), do: "list of #{name(type)}"
  def name({:tuple, types}), do: "`{#{Enum.map_join(types, ", ", &name/1)}}`"
  def name({:in, values}), do: Enum.map_join(values, " or ", &"`#{inspect(&1)}`")
  def name({:or, types}), do: Enum.map_join(types, " or ", &name/1)
  def name(type), do: Atom.to_string(type)
end
