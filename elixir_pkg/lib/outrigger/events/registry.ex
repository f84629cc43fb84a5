defmodule Outrigger.Events.Registry do
  @moduledoc """
  Schemas by their ids: from a Confluent-compatible registry over HTTP, or from a folder.

      children = [{Outrigger.Events.Registry, name: MyApp.Schemas, url: "http://127.0.0.1:8081"}]

      {:ok, {:id, id}, payload} = Outrigger.Events.Registry.unframe(message)
      {:ok, schema} = Outrigger.Events.Registry.schema(MyApp.Schemas, id)

  A schema is an `Outrigger.Events.Registry.Schema`: its text, and all that it refers to.

  ## What holds

    * **An id is asked for once.** What has an id, a GUID or a version never changes, so it is kept, and read from a table without a message to
      any process. When `:cache_entries` or `:cache_bytes` are reached, what was not used for the longest time goes.
    * **A thousand processes that miss the same schema make one request**, and wait for it together.
    * **A registry that is down takes nothing with it that is known.** A question that it does not answer is put again, with exponential
      backoff and jitter, until `:deadline`. Then the circuit opens: for `:circuit` milliseconds unknown schemas are errors at once,
      then one request tries. `latest/2` is answered with what was the latest.
    * **What there is not is asked for once** in `:negative_ttl` milliseconds.
    * **Credentials are shown nowhere**: not in logs, errors, `inspect` or the child specification.

  ## Options

  #{Outrigger.Options.docs(Outrigger.Events.Registry.Options.schema())}

  ## Errors

  `{:error, error}` with an `Outrigger.Error`:

    * `:unknown_schema`, `:unknown_subject`, `:unknown_version` - the registry answers, and has none;
    * `:registry_down` - no answer, after all retries or since the circuit is open; `:rate_limited` - the same, with status 429;
    * `:refused` - credentials, or what the registry does not do; `details` has `:status` and `:error_code`;
    * `:incompatible` - of `register/3` and `check/4`, with the registry's `:messages`; `:bad_schema` - one that cannot be used;
    * `:bad_answer` - what answers is no registry: a redirect, no JSON, more than `:max_bytes`;
    * `:no_credentials` - the function given as `:auth` does not give any;
    * `:overloaded` - `:connections` are busy and `:waiting` questions wait;
    * `:bad_folder` - of a folder, with the file and the remedy; `:unsupported` - what a folder does not do;
    * `:not_started` - there is no registry of this name.

  ## Telemetry

  `[:outrigger, :events, :registry, :request]`, `:error` and `:circuit`: see `Outrigger.Telemetry`. How many questions the cache has
  answered is in `stats/1`.

  ## Limits

  What is known is lost with the registry's process, as when the node restarts. A connection is made for each request, and no proxy is used. Redirects are not followed. `Retry-After` is read in seconds, not as a date.
  """

  alias Outrigger.Error
  alias Outrigger.Events.Registry.{Cache, Frame, Options, Schema, Server, Writers}

  @type registry :: atom
  @type draft :: String.t() | keyword | Schema.draft()

  @doc "A child specification. Options: see above."
  @spec child_spec(keyword) :: Supervisor.child_spec()
  def child_spec(options) do
    id =
      if Keyword.keyword?(options), do: Keyword.get(options, :name, __MODULE__), else: __MODULE__

    %{id: {__MODULE__, id}, start: {__MODULE__, :start_link, [Options.conceal(options)]}}
  end

  @doc "Starts a registry linked to the calling process. Options: see above."
  @spec start_link(keyword) :: GenServer.on_start() | {:error, Error.t()}
  def start_link(options) do
    with {:ok, options} <- Options.validate(options), do: Server.start_link(options)
  end

  @doc """
  The schema with an id, a GUID, or with what `unframe/1` has read. What is known costs no message.
  """
  @spec schema(registry, non_neg_integer | String.t() | Frame.ref()) ::
          {:ok, Schema.t()} | {:error, Error.t()}
  def schema(registry, id) when is_integer(id) and id >= 0, do: get(registry, {:id, id})
  def schema(registry, {:id, id}) when is_integer(id) and id >= 0, do: get(registry, {:id, id})
  def schema(registry, {:guid, guid}), do: schema(registry, guid)

  def schema(registry, guid) when is_binary(guid) do
    case Frame.guid(guid) do
      {:ok, guid} -> get(registry, {:guid, guid})
      :error -> {:error, Error.new(:unknown_schema, "#{inspect(guid)} is no GUID")}
    end
  end

  @doc "The latest schema of a subject: not older than `:latest_ttl`, unless the registry is down."
  @spec latest(registry, String.t()) :: {:ok, Schema.t()} | {:error, Error.t()}
  def latest(registry, subject) when is_binary(subject), do: get(registry, {:latest, subject})

  @doc "A version of a subject."
  @spec version(registry, String.t(), pos_integer) :: {:ok, Schema.t()} | {:error, Error.t()}
  def version(registry, subject, version)
      when is_binary(subject) and is_integer(version) and version > 0,
      do: get(registry, {:version, subject, version})

  @doc "The versions of a subject, as the registry has them now."
  @spec versions(registry, String.t()) :: {:ok, [pos_integer]} | {:error, Error.t()}
  def versions(registry, subject) when is_binary(subject),
    do: ask(registry, {:versions, subject})

  @doc "Registers a schema (see `Outrigger.Events.Registry.Schema`) and returns its id. One that is there already keeps its id."
  @spec register(registry, String.t(), draft) :: {:ok, non_neg_integer} | {:error, Error.t()}
  def register(registry, subject, schema) when is_binary(subject) do
    with {:ok, draft} <- Schema.draft(schema),
         do: ask(registry, {:register, subject, draft, nil})
  end

  @doc """
  Whether a schema could be registered, by the registry's rules: against the `:latest` version, a given one, or `:all`.
  """
  @spec check(registry, String.t(), draft, pos_integer | :latest | :all) ::
          :ok | {:error, Error.t()}
  def check(registry, subject, schema, version \\ :latest)
      when is_binary(subject) and (version in [:latest, :all] or is_integer(version)) do
    with {:ok, draft} <- Schema.draft(schema),
         do: ask(registry, {:check, subject, draft, version})
  end

  @doc """
  What has happened since the start: `hits` and `misses` of the cache and their `hit_rate`, `requests`, `retries`, `errors`, `stale`
  answers, rows `evicted`, questions `overloaded`; and now: `entries`, `bytes`, `flying`, `waiting`, `circuit`.
  """
  @spec stats(registry) :: {:ok, map} | {:error, Error.t()}
  def stats(registry) do
    case Cache.handle(registry) do
      nil -> not_started(registry)
      cache -> {:ok, Server.stats(cache.server)}
    end
  catch
    :exit, _reason -> not_started(registry)
  end

  @doc false
  @spec writers(registry) :: {:ok, Writers.t()} | {:error, Error.t()}
  def writers(registry) do
    case Cache.handle(registry) do
      nil -> not_started(registry)
      cache -> {:ok, cache.writers}
    end
  end

  @doc false
  # What `make` makes of a schema of the registry, with the bytes that it is counted with; kept like a schema.
  @spec made(registry, term, (() -> {:ok, term, pos_integer} | {:error, Error.t()})) ::
          {:ok, term} | {:error, Error.t()}
  def made(registry, key, make) do
    case Cache.handle(registry) do
      nil -> not_started(registry)
      cache -> kept(cache, {:made, key}, make)
    end
  end

  defdelegate frame(reference, payload), to: Frame
  defdelegate unframe(bytes), to: Frame

  defp get(registry, key) do
    with %Cache{} = cache <- Cache.handle(registry) do
      case Cache.lookup(cache, key) do
        {found, _value} = answer when found in [:ok, :error] ->
          Cache.count(cache, :hits)
          answer

        :gone ->
          not_started(registry)

        _unknown ->
          Cache.count(cache, :misses)
          Server.ask(cache.server, {:schema, key})
      end
    else
      nil -> not_started(registry)
    end
  end

  defp kept(cache, key, make) do
    with {:ok, {made, _bytes}} <- Cache.lookup(cache, key) do
      Cache.count(cache, :hits)
      {:ok, made}
    else
      _unknown ->
        with {:ok, made, bytes} <- make.() do
          Server.keep(cache.server, key, {made, bytes})
          {:ok, made}
        end
    end
  end

  defp ask(registry, question) do
    case Cache.handle(registry) do
      nil -> not_started(registry)
      cache -> Server.ask(cache.server, question)
    end
  end

  defp not_started(registry) do
    {:error,
     Error.new(
       :not_started,
       "there is no registry #{inspect(registry)}: add {Outrigger.Events.Registry, name: #{inspect(registry)}, url: url} to a supervisor",
       %{registry: registry}
     )}
  end
end
