defmodule Outrigger.Events.Registry.Memory do
  @moduledoc """
  What is kept of the answers, and for how long. The server's side of `Outrigger.Events.Registry.Cache`.

    * A schema by its id, GUID or version: as long as there is room. An answer is kept under all of them that it tells.
    * What was made of a schema: the same.
    * The latest of a subject: for `:latest_ttl`, and for as long as the registry is down.
    * That there is none, or none that can be used: for `:negative_ttl`, or until it is registered here.
    * That the registry is down: not at all. The circuit knows.
  """

  alias Outrigger.Events.Registry.Cache

  @transient [:registry_down, :rate_limited]
  # These say nothing of the schema.
  @passing @transient ++ [:overloaded, :bug]

  @enforce_keys [:cache, :book, :options]
  defstruct @enforce_keys

  @type t :: %__MODULE__{cache: Cache.t(), book: Cache.book(), options: map}

  @doc "Does an error say that the registry is down?"
  @spec transient?(Outrigger.Error.t()) :: boolean
  def transient?(error), do: error.reason in @transient

  @doc "The answer to a question, if it is known and holds."
  @spec known(t, tuple) :: Cache.answer() | nil
  def known(memory, {:schema, key}) do
    case Cache.lookup(memory.cache, key) do
      {found, _value} = answer when found in [:ok, :error] -> answer
      _unknown -> nil
    end
  end

  def known(_memory, _question), do: nil

  @doc "The answer, or what was the latest instead of the error that the registry is down."
  @spec or_stale(t, tuple, term) :: term
  def or_stale(memory, {:schema, {:latest, _subject} = key}, {:error, error} = answer) do
    with true <- transient?(error) and memory.options.stale_latest,
         {:stale, {:ok, schema}} <- Cache.lookup(memory.cache, key) do
      Cache.count(memory.cache, :stale)
      {:ok, schema}
    else
      _none -> answer
    end
  end

  def or_stale(_memory, _question, answer), do: answer

  @doc "Keeps what is to be kept of the answer to a question."
  @spec learn(t, tuple, term) :: t
  def learn(memory, {:schema, key}, {:ok, schema, others}) do
    until = if match?({:latest, _}, key), do: after_ms(memory, :latest_ttl), else: :infinity
    memory = put(memory, key, {:ok, schema}, until)

    for {also, schema} <- names(schema, key) ++ others,
        not match?({:ok, _}, Cache.lookup(memory.cache, also)),
        reduce: memory do
      memory -> put(memory, also, {:ok, schema}, :infinity)
    end
  end

  def learn(memory, {:schema, key}, {:error, %{reason: reason} = error})
      when reason not in @passing,
      do: put(memory, key, {:error, error}, after_ms(memory, :negative_ttl))

  # What was not there before is there now, and the latest is another: stale from now on.
  def learn(memory, {:register, subject, _draft, nil}, {:ok, id}) do
    latest = {:latest, subject}
    memory = memory |> forget_error({:id, id}) |> forget_error(latest)

    case Cache.lookup(memory.cache, latest) do
      {:ok, schema} -> put(memory, latest, {:ok, schema}, memory.options.clock.())
      _other -> memory
    end
  end

  def learn(memory, {:made, _key} = key, {:ok, {_made, _bytes}} = answer),
    do: put(memory, key, answer, :infinity)

  def learn(memory, _question, _answer), do: memory

  defp names(schema, key) do
    names = [
      schema.id && {:id, schema.id},
      schema.guid && {:guid, schema.guid},
      schema.subject && schema.version && {:version, schema.subject, schema.version}
    ]

    for name <- names, name && name != key, do: {name, schema}
  end

  defp after_ms(memory, option), do: memory.options.clock.() + Map.fetch!(memory.options, option)

  defp put(memory, key, answer, until),
    do: %{memory | book: Cache.put(memory.cache, memory.book, key, answer, until)}

  defp forget_error(memory, key),
    do: %{memory | book: Cache.forget_error(memory.cache, memory.book, key)}
end
