defmodule Outrigger.Events.Registry.Remote do
  @moduledoc """
  A Confluent-compatible registry over HTTP: its paths and answers
  (the Schema Registry API reference of Confluent Platform, `/schemas`, `/subjects` and `/compatibility`).
  """

  @behaviour Outrigger.Events.Registry.Source

  alias Outrigger.Error
  alias Outrigger.Events.{JSON, Registry}
  alias Outrigger.Events.Registry.{Client, Schema}

  @reasons %{
    40_401 => :unknown_subject,
    40_402 => :unknown_version,
    40_403 => :unknown_schema,
    42_201 => :bad_schema,
    42_202 => :unknown_version
  }

  @impl true
  def fetch(client, key) do
    with {:ok, answer} <- Client.get(client, path(key)) |> read(), do: schema(answer, key)
  end

  @impl true
  def versions(client, subject) do
    with {:ok, versions} <- Client.get(client, "/subjects/#{encode(subject)}/versions") |> read() do
      if is_list(versions) and Enum.all?(versions, &is_integer/1),
        do: {:ok, versions},
        else: odd("it should be a list of versions")
    end
  end

  @impl true
  def register(client, subject, draft) do
    case Client.post(client, "/subjects/#{encode(subject)}/versions", body(draft)) |> read() do
      {:ok, %{"id" => id}} when is_integer(id) -> {:ok, id}
      {:ok, _other} -> odd("it should have an id")
      {:error, error} -> {:error, error}
    end
  end

  @impl true
  def check(client, subject, draft, version) do
    at = if version == :all, do: "", else: "/#{version}"
    path = "/compatibility/subjects/#{encode(subject)}/versions#{at}?verbose=true"

    case Client.post(client, path, body(draft)) |> read() do
      {:ok, %{"is_compatible" => true}} ->
        :ok

      {:ok, %{"is_compatible" => false} = answer} ->
        messages = for text <- List.wrap(answer["messages"]), is_binary(text), do: text
        {:error, incompatible(subject, messages)}

      {:ok, _other} ->
        odd("it should have is_compatible")

      {:error, error} ->
        {:error, error}
    end
  end

  defp path({:id, id}), do: "/schemas/ids/#{id}"
  defp path({:guid, guid}), do: "/schemas/guids/#{guid}"

  defp path({:version, subject, version}),
    do: "/subjects/#{encode(subject)}/versions/#{version}"

  defp path({:latest, subject}), do: "/subjects/#{encode(subject)}/versions/latest"

  defp encode(text), do: URI.encode(text, &URI.char_unreserved?/1)

  defp body(draft) do
    references = Enum.map(draft.references, &Map.take(&1, [:name, :subject, :version]))

    JSON.encode!(%{
      schema: draft.text,
      schemaType: Schema.type_name(draft.type),
      references: references
    })
  end

  defp schema(%{"schema" => text} = answer, key) when is_binary(text) do
    with {:ok, type} <- Schema.type(answer["schemaType"]),
         {:ok, references} <- Schema.references(answer["references"]) do
      schema = %Schema{
        id: id(answer["id"], key),
        guid: guid(answer["guid"], key),
        type: type,
        text: text,
        subject: text_or_nil(answer["subject"]),
        version: version(answer["version"])
      }

      {:ok, place(schema, key), references}
    else
      :error ->
        odd("its type is none of AVRO, JSON and PROTOBUF, or its references are not in order")
    end
  end

  defp schema(_answer, _key), do: odd("it should have a schema")

  # What was asked for is what it is, whatever the answer says.
  defp id(_given, {:id, id}), do: id
  defp id(given, _key) when is_integer(given) and given >= 0, do: given
  defp id(_given, _key), do: nil

  defp guid(_given, {:guid, guid}), do: guid

  defp guid(given, _key) when is_binary(given) do
    case Registry.Frame.guid(given) do
      {:ok, guid} -> guid
      :error -> nil
    end
  end

  defp guid(_given, _key), do: nil

  defp place(schema, {:version, subject, version}),
    do: %{schema | subject: subject, version: version}

  defp place(schema, {:latest, subject}), do: %{schema | subject: subject}
  defp place(schema, _key), do: schema

  defp version(given) when is_integer(given) and given > 0, do: given
  defp version(_given), do: nil

  defp text_or_nil(given) when is_binary(given), do: given
  defp text_or_nil(_given), do: nil

  defp read({:error, error}), do: {:error, error}

  defp read({:ok, %{status: status} = answer}) do
    with {:ok, body} <- json(answer) do
      case {status, body} do
        {200, body} ->
          {:ok, body}

        {_status, %{"error_code" => code} = body} when is_integer(code) ->
          refused(status, code, body)

        {status, _body} when status in [401, 403] ->
          refused(status, status, %{})

        _other ->
          odd("its status is #{status}: is the url that of a schema registry?")
      end
    end
  end

  defp refused(status, code, body) do
    said =
      if text = text_or_nil(body["message"]), do: ": #{String.slice(text, 0, 1_000)}", else: ""

    {reason, what} =
      case {status, code} do
        {409, _code} ->
          {:incompatible, "the registry refuses the schema as incompatible"}

        {401, _code} ->
          {:refused, "the registry wants other credentials (option :auth)"}

        {403, _code} ->
          {:refused, "the registry does not allow it to these credentials (option :auth)"}

        {_status, code} ->
          {Map.get(@reasons, code, :refused), "the registry refuses"}
      end

    messages = if reason == :incompatible, do: %{messages: List.wrap(body["message"])}, else: %{}
    details = Map.merge(%{status: status, error_code: code}, messages)
    {:error, Error.new(reason, "#{what}#{said}", details)}
  end

  defp incompatible(subject, messages) do
    Error.new(
      :incompatible,
      "the schema is not compatible with those of #{subject}: #{Enum.join(messages, "; ")}",
      %{messages: messages}
    )
  end

  # A login page answers with status 200 as well.
  defp json(%{status: status, body: body, headers: headers}) do
    type = Map.get(headers, "content-type", "json")

    cond do
      status in [401, 403] ->
        {:ok, decoded(body)}

      status in 300..399 ->
        odd("it is a redirect, which is not followed: give the url it leads to")

      not String.contains?(type, "json") ->
        odd("its content type is not JSON (status #{status})")

      decoded = decoded(body) ->
        {:ok, decoded}

      true ->
        odd("it is no JSON (status #{status})")
    end
  end

  defp decoded(body) do
    case JSON.decode(body, max_depth: 64) do
      {:ok, decoded} -> decoded
      {:error, _error} -> nil
    end
  end

  defp odd(problem),
    do: {:error, Error.new(:bad_answer, "the registry's answer cannot be used: #{problem}")}
end
