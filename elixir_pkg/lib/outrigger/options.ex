defmodule Outrigger.Options do
  @moduledoc """
  Keyword options with a schema that also writes their documentation.

  A schema is a keyword list from option to its specification:

    * `:type` - see below; default `:any`;
    * `:default` - the value when the option is not given. It is not checked, so `nil` may stand for "found out later";
    * `:required` - `true` if the option must be given;
    * `:doc` - one or more sentences for the docs;
    * `:secret` - `true` keeps the value out of error messages and error details;
    * `:default_doc` - text for the docs in place of `inspect(default)`.

  Types: `:any`, `:atom`, `:boolean`, `:string`, `:integer`, `:pos_integer`, `:non_neg_integer`, `:keyword`, `:mfa`, `{:fun, arity}`,
  `{:list, type}`, `{:tuple, types}`, `{:in, values}` (one of the values), `{:or, types}` (one of the types).

  ## Example

      iex> schema = [size: [type: :pos_integer, default: 10, doc: "How many."]]
      iex> Outrigger.Options.validate([], schema, "MyApp.Pool")
      {:ok, [size: 10]}
      iex> {:error, error} = Outrigger.Options.validate([size: 0], schema, "MyApp.Pool")
      iex> error.message
      "MyApp.Pool: option :size must be a positive integer, got: 0"
      iex> Outrigger.Options.docs(schema)
      "  * `:size` (positive integer) - How many. Default: `10`."

  ## Limits

  Flat keyword lists only: a nested list of options has its own schema and its own call.
  """

  alias Outrigger.Error
  alias Outrigger.Options.Type

  @type spec :: [
          type: Type.t(),
          default: term,
          default_doc: String.t(),
          required: boolean,
          secret: boolean,
          doc: String.t()
        ]
  @type schema :: [{atom, spec}]

  @doc """
  Checks `options` against `schema` and fills in the defaults, in the order of the schema.

  `owner` (a module or a text) opens each error message. Errors have the reason `:bad_option` and the details `:option`,
  `:problem` (`:unknown`, `:missing`, `:type`, `:duplicate`, `:not_keyword`), and `:value` unless the option is secret.
  """
  @spec validate(keyword, schema, module | String.t()) :: {:ok, keyword} | {:error, Error.t()}
  def validate(options, schema, owner) do
    with :ok <- keyword(options, owner),
         :ok <- known(options, schema, owner) do
      collect(schema, options, owner, [])
    end
  end

  @doc """
  Like `validate/3`, but returns the options or raises `Outrigger.Error`.
  """
  @spec validate!(keyword, schema, module | String.t()) :: keyword
  def validate!(options, schema, owner) do
    case validate(options, schema, owner) do
      {:ok, valid} -> valid
      {:error, error} -> raise error
    end
  end

  @doc """
  The Markdown list of a schema's options, for a `@moduledoc`.
  """
  @spec docs(schema) :: String.t()
  def docs(schema), do: Enum.map_join(schema, "\n", &doc_line/1)

  defp keyword(options, owner) do
    if Keyword.keyword?(options) do
      :ok
    else
      bad(
        owner,
        nil,
        :not_keyword,
        %{value: options},
        "options must be a keyword list, got: #{inspect(options)}"
      )
    end
  end

  defp known(options, schema, owner) do
    keys = Keyword.keys(options)

    cond do
      unknown = Enum.find(keys, &(not Keyword.has_key?(schema, &1))) ->
        bad(
          owner,
          unknown,
          :unknown,
          %{},
          "unknown option #{inspect(unknown)}#{hint(unknown, schema)}"
        )

      twice = List.first(keys -- Enum.uniq(keys)) ->
        bad(
          owner,
          twice,
          :duplicate,
          %{},
          "option #{inspect(twice)} is given twice: keep one of them"
        )

      true ->
        :ok
    end
  end

  defp hint(unknown, schema) do
    known = Keyword.keys(schema)
    closest = Enum.max_by(known, &similarity(&1, unknown), fn -> nil end)

    if closest && similarity(closest, unknown) > 0.8 do
      ", did you mean #{inspect(closest)}?"
    else
      ", known are: #{Enum.map_join(known, ", ", &inspect/1)}"
    end
  end

  defp similarity(a, b), do: String.jaro_distance(Atom.to_string(a), Atom.to_string(b))

  defp collect([], _options, _owner, valid), do: {:ok, Enum.reverse(valid)}

  defp collect([{key, spec} | schema], options, owner, valid) do
    case value(Keyword.fetch(options, key), key, spec, owner) do
      {:ok, value} -> collect(schema, options, owner, [{key, value} | valid])
      :absent -> collect(schema, options, owner, valid)
      {:error, error} -> {:error, error}
    end
  end

  defp value({:ok, value}, key, spec, owner) do
    type = Keyword.get(spec, :type, :any)

    cond do
      Type.valid?(type, value) ->
        {:ok, value}

      spec[:secret] ->
        message =
          "option #{inspect(key)} must be #{Type.describe(type)} (the value given is not shown)"

        bad(owner, key, :type, %{}, message)

      true ->
        message = "option #{inspect(key)} must be #{Type.describe(type)}, got: #{inspect(value)}"
        bad(owner, key, :type, %{value: value}, message)
    end
  end

  defp value(:error, key, spec, owner) do
    cond do
      spec[:required] ->
        type = Type.describe(Keyword.get(spec, :type, :any))
        bad(owner, key, :missing, %{}, "option #{inspect(key)} is required: give #{type}")

      Keyword.has_key?(spec, :default) ->
        {:ok, spec[:default]}

      true ->
        :absent
    end
  end

  defp bad(owner, option, problem, details, message) do
    owner = if is_binary(owner), do: owner, else: inspect(owner)
    details = Map.merge(details, %{option: option, problem: problem})
    {:error, Error.new(:bad_option, "#{owner}: #{message}", details)}
  end

  defp doc_line({key, spec}) do
    type = Type.name(Keyword.get(spec, :type, :any))
    required = if spec[:required], do: ", required", else: ""
    "  * `#{inspect(key)}` (#{type}#{required}) - #{sentence(spec)}#{default(spec)}"
  end

  defp sentence(spec),
    do: spec |> Keyword.get(:doc, "") |> String.trim() |> String.replace("\n", "\n    ")

  defp default(spec) do
    cond do
      text = spec[:default_doc] -> " Default: #{text}."
      is_nil(spec[:default]) -> ""
      true -> " Default: `#{inspect(spec[:default])}`."
    end
  end
end
