defmodule Outrigger.Events.Registry.Schema do
  @moduledoc """
  A schema as a registry knows it.

    * `:type` - `:avro`, `:json` or `:protobuf`;
    * `:text` - what was registered, byte for byte;
    * `:references` - the schemas that the text refers to, directly or through others, as a flat list in which each comes after those that
      it needs itself. `:name` is what the text calls it (an Avro full name, a JSON `$ref`, a Protobuf import). Their own
      `:references` are empty: all of them are in this list;
    * `:id`, `:guid`, `:subject`, `:version` - where known. An answer to a question by GUID may lack the id, and one by id the subject.

  What is given to `Outrigger.Events.Registry.register/3` and `check/4` is the text of an Avro schema, or a keyword list:

      [type: :protobuf, text: text, references: [%{name: "money.proto", subject: "money", version: 3}]]
  """

  alias Outrigger.Error

  @enforce_keys [:type, :text]
  defstruct [:id, :guid, :type, :text, :name, :subject, :version, references: []]

  @type type :: :avro | :json | :protobuf
  @type t :: %__MODULE__{
          id: non_neg_integer | nil,
          guid: String.t() | nil,
          type: type,
          text: String.t(),
          name: String.t() | nil,
          subject: String.t() | nil,
          version: pos_integer | nil,
          references: [t]
        }

  @typedoc "Where a schema that is referred to is registered, and what the text calls it."
  @type ref :: %{name: String.t(), subject: String.t(), version: pos_integer}

  @typedoc "A schema to register or to check."
  @type draft :: %{type: type, text: String.t(), references: [ref]}

  @types %{"AVRO" => :avro, "JSON" => :json, "PROTOBUF" => :protobuf}
  @names Map.new(@types, fn {name, type} -> {type, name} end)

  # What a struct takes beside its text.
  @overhead 256

  @doc false
  @spec draft(String.t() | keyword | map) :: {:ok, draft} | {:error, Error.t()}
  def draft(text) when is_binary(text), do: draft(%{text: text})

  def draft(given) when is_list(given) or is_map(given) do
    given = if is_struct(given), do: Map.from_struct(given), else: Map.new(given)

    draft =
      Map.merge(%{type: :avro, references: []}, Map.take(given, [:type, :text, :references]))

    with true <- is_map_key(@names, draft.type),
         true <- is_binary(draft[:text]) and String.valid?(draft.text),
         {:ok, references} <- references(draft.references) do
      {:ok, %{draft | references: references}}
    else
      _not_one ->
        {:error,
         Error.new(
           :bad_schema,
           "a schema is the text of an Avro schema, or [type: :avro | :json | :protobuf, text: text, " <>
             "references: [%{name: name, subject: subject, version: version}]]"
         )}
    end
  end

  @doc false
  @spec type(String.t() | nil) :: {:ok, type} | :error
  def type(nil), do: {:ok, :avro}
  def type(name), do: Map.fetch(@types, name)

  @doc false
  @spec type_name(type) :: String.t()
  def type_name(type), do: Map.fetch!(@names, type)

  @doc false
  @spec references(term) :: {:ok, [ref]} | :error
  def references(nil), do: {:ok, []}

  def references(list) when is_list(list) do
    read = Enum.map(list, &reference/1)
    if :error in read, do: :error, else: {:ok, read}
  end

  def references(_other), do: :error

  @doc "The bytes that a schema is counted with in the cache."
  @spec bytes(t) :: pos_integer
  def bytes(%__MODULE__{} = schema) do
    Enum.reduce(
      schema.references,
      byte_size(schema.text) + @overhead,
      &(byte_size(&1.text) + @overhead + &2)
    )
  end

  defp reference(%{"name" => name, "subject" => subject, "version" => version}),
    do: reference(%{name: name, subject: subject, version: version})

  defp reference(%{name: name, subject: subject, version: version})
       when is_binary(name) and is_binary(subject) and is_integer(version) and version > 0,
       do: %{name: name, subject: subject, version: version}

  defp reference(_other), do: :error
end
