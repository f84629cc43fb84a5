defmodule Outrigger.Events.Registry.Client do
  @moduledoc """
  Requests to a registry, with credentials, fail-over and retries, until a deadline.
  """

  alias Outrigger.{Error, Telemetry}
  alias Outrigger.Events.Registry.{Cache, Http, Retry}

  @enforce_keys [:options, :cache, :preferred, :until]
  defstruct @enforce_keys

  @type t :: %__MODULE__{options: map, cache: Cache.t(), preferred: :atomics.atomics_ref()}

  @media "application/vnd.schemaregistry.v1+json"
  # A number in Retry-After beyond this is beyond any deadline.
  @longest 86_400

  @doc "A client of the registry with these options; the deadline begins now."
  @spec new(map, Cache.t(), :atomics.atomics_ref()) :: t
  def new(options, cache, preferred) do
    until = now() + options.deadline
    %__MODULE__{options: options, cache: cache, preferred: preferred, until: until}
  end

  @spec get(t, String.t()) :: {:ok, Http.answer()} | {:error, Error.t()}
  def get(client, path), do: request(client, :get, path, nil, 0)

  @doc "Everything that is posted here may be posted twice: the answer is the same."
  @spec post(t, String.t(), String.t()) :: {:ok, Http.answer()} | {:error, Error.t()}
  def post(client, path, body), do: request(client, :post, path, body, 0)

  defp request(client, method, path, body, attempts) do
    first = :atomics.get(client.preferred, 1)
    index = rem(first + attempts, length(client.options.urls))
    url = Enum.at(client.options.urls, index)

    case attempt(client, url, method, path, body) do
      {:ok, answer} ->
        :atomics.put(client.preferred, 1, index)
        {:ok, answer}

      {:again, error, retry_after} ->
        again(client, {method, path, body}, attempts + 1, error, retry_after)

      {:error, error} ->
        {:error, error}
    end
  end

  defp again(client, {method, path, body}, attempts, error, retry_after) do
    policy = Map.put(client.options, :urls, length(client.options.urls))

    case Retry.next(policy, attempts, retry_after, left(client), :rand.uniform()) do
      {:wait, wait} ->
        Cache.count(client.cache, :retries)
        Process.sleep(wait)
        request(client, method, path, body, attempts)

      :stop ->
        {:error, %{error | details: Map.put(error.details, :attempts, attempts)}}
    end
  end

  defp attempt(%{options: options} = client, url, method, path, body) do
    with {:ok, credentials} <- credentials(options.auth) do
      headers = [{"accept", @media <> ", application/json"}, {"user-agent", "outrigger"}]
      type = if body, do: [{"content-type", @media}], else: []
      Cache.count(client.cache, :requests)
      started = System.monotonic_time()

      result =
        Http.request(%{
          url: url,
          method: method,
          path: path,
          headers: headers ++ type ++ credentials,
          body: body,
          timeout: max(min(options.timeout, left(client)), 1),
          max_bytes: options.max_bytes,
          tls: options.tls.()
        })

      judged = judge(result, url)
      tell(client, started, url, method, path, result, judged)
      judged
    end
  end

  defp judge({:ok, %{status: 429} = answer}, url) do
    wait = retry_after(answer)

    {:again,
     Error.new(:rate_limited, "the registry at #{url} has had too many requests", %{
       retry_after: wait
     }), wait}
  end

  defp judge({:ok, %{status: status} = answer}, url) when status == 408 or status >= 500,
    do: {:again, down(url, "status #{status}"), retry_after(answer)}

  defp judge({:ok, answer}, _url), do: {:ok, answer}

  defp judge({:error, {kind, text}}, url) when kind in [:too_large, :protocol],
    do: {:error, Error.new(:bad_answer, "the registry at #{url} cannot be used: #{text}")}

  defp judge({:error, {_kind, text}}, url), do: {:again, down(url, text), 0}

  defp down(url, text) do
    Error.new(
      :registry_down,
      "the registry at #{url} does not answer: #{text}. Schemas that are known are given all the same",
      %{cause: text}
    )
  end

  # In seconds. The other form, a date, would need the registry's clock.
  defp retry_after(answer) do
    case Integer.parse(Map.get(answer.headers, "retry-after", "")) do
      {seconds, ""} when seconds > 0 -> min(seconds, @longest) * 1_000
      _other -> 0
    end
  end

  # What a function of the application raises may hold the token: only its kind is told.
  defp credentials(auth) do
    case auth.() do
      nil -> {:ok, []}
      {:basic, user, password} -> header("Basic " <> Base.encode64("#{user}:#{password}"))
      {:bearer, token} -> header("Bearer " <> token)
      _other -> no_credentials("returned neither {:basic, user, password} nor {:bearer, token}")
    end
  rescue
    raised -> no_credentials("raised #{inspect(raised.__struct__)}")
  catch
    kind, _value -> no_credentials("ended by #{kind}")
  end

  defp header(value) do
    if String.match?(value, ~r/[^\x20-\x7E]/),
      do: no_credentials("has bytes that a header cannot have"),
      else: {:ok, [{"authorization", value}]}
  end

  defp no_credentials(problem) do
    {:error,
     Error.new(:no_credentials, "option :auth #{problem} (what it gave is not shown)", %{
       option: :auth
     })}
  end

  defp tell(client, started, url, method, path, result, judged) do
    status = with {:ok, answer} <- result, do: answer.status

    Telemetry.execute(
      [:outrigger, :events, :registry, :request],
      %{duration: System.monotonic_time() - started},
      %{
        registry: client.options.name,
        method: method,
        url: URI.to_string(url),
        path: path,
        status: if(is_integer(status), do: status),
        error: if(not match?({:ok, _}, judged), do: elem(judged, 1))
      }
    )
  end

  defp left(client), do: client.until - now()
  defp now, do: System.monotonic_time(:millisecond)
end
