defmodule Outrigger.Events.Registry.Options do
  @moduledoc """
  The options of `Outrigger.Events.Registry`.

  Credentials leave here as functions, which nothing prints.
  """

  alias Outrigger.{Error, Options}

  @schema [
    name: [type: :atom, required: true, doc: "Name of the registry, by which it is asked."],
    url: [
      type: {:or, [:string, {:list, :string}]},
      doc:
        "Where the registry is: `\"http://127.0.0.1:8081\"`, with a path in front of the API if there is one. Of several, the one that answered " <>
          "last is asked first, the others when it fails."
    ],
    dir: [
      type: :string,
      doc: "A folder of schemas in place of a registry; see `Outrigger.Events.Registry.Folder`."
    ],
    auth: [
      type: {:or, [{:tuple, [:any, :string]}, {:tuple, [:any, :string, :string]}, {:fun, 0}]},
      secret: true,
      doc:
        "`{:basic, user, password}`, `{:bearer, token}`, or a function that returns one of them and is called for each request."
    ],
    tls: [
      type: :keyword,
      default: [],
      secret: true,
      doc:
        "Options of `:ssl` for `https`, such as `cacertfile`, `certfile` and `keyfile`. Without them the certificate is verified against the " <>
          "system's CA certificates."
    ],
    timeout: [type: :pos_integer, default: 5_000, doc: "Milliseconds for one HTTP request."],
    deadline: [
      type: :pos_integer,
      default: 15_000,
      doc: "Milliseconds for a question: its requests, references, retries and waits."
    ],
    retries: [
      type: :non_neg_integer,
      default: 3,
      doc: "How often all urls are tried again, where the failure may pass."
    ],
    backoff: [
      type: :non_neg_integer,
      default: 100,
      doc: "Milliseconds before the first retry at most; twice as many before each that follows."
    ],
    max_backoff: [type: :non_neg_integer, default: 2_000, doc: "Milliseconds; the bound to that."],
    max_bytes: [
      type: :pos_integer,
      default: 8_388_608,
      doc: "Bytes of an answer, and of a schema with its references."
    ],
    references: [type: :pos_integer, default: 256, doc: "References of a schema at most."],
    connections: [type: :pos_integer, default: 8, doc: "Questions to the registry at a time."],
    waiting: [
      type: :pos_integer,
      default: 1_000,
      doc:
        "Questions that wait for their turn. Those on top are errors with the reason `:overloaded`."
    ],
    cache_entries: [type: :pos_integer, default: 10_000, doc: "Answers that are kept."],
    cache_bytes: [
      type: :pos_integer,
      default: 67_108_864,
      doc: "Bytes of text in them. One that does not fit alone is still kept, alone."
    ],
    latest_ttl: [
      type: :non_neg_integer,
      default: 30_000,
      doc: "Milliseconds for which the latest version of a subject is taken as such."
    ],
    stale_latest: [
      type: :boolean,
      default: true,
      doc: "Whether an older answer is given for it while the registry is down."
    ],
    negative_ttl: [
      type: :non_neg_integer,
      default: 5_000,
      doc:
        "Milliseconds for which an answer that there is no such schema, or none that can be used, is given again."
    ],
    circuit: [
      type: :pos_integer,
      default: 5_000,
      doc: "Milliseconds for which a registry that was found down is not asked."
    ],
    clock: [
      type: {:fun, 0},
      doc: "Monotonic milliseconds, for tests of what happens later. Default: the VM's."
    ]
  ]

  @owner Outrigger.Events.Registry

  @doc "The options of a registry."
  @spec schema() :: Options.schema()
  def schema, do: @schema

  @doc "Wraps what is secret, so that a child specification and what supervisors log of it do not show it."
  @spec conceal(keyword) :: keyword
  def conceal(options) do
    if Keyword.keyword?(options) do
      for {key, value} <- options do
        if key in [:auth, :tls] and not is_function(value),
          do: {key, {:concealed, fn -> value end}},
          else: {key, value}
      end
    else
      options
    end
  end

  @doc "The checked options, or what is wrong with them. `:auth` and `:tls` are functions from here on, `:urls` parsed."
  @spec validate(keyword) :: {:ok, map} | {:error, Error.t()}
  def validate(options) do
    with {:ok, options} <- options |> reveal() |> Options.validate(@schema, @owner),
         options = Map.new(options),
         :ok <- one_source(options),
         {:ok, urls} <- urls(List.wrap(options[:url])),
         :ok <- auth(options[:auth]) do
      auth = options[:auth]
      tls = options.tls

      {:ok,
       options
       |> Map.merge(%{
         urls: urls,
         auth: if(is_function(auth), do: auth, else: fn -> auth end),
         tls: fn -> tls end
       })
       |> Map.put_new(:clock, fn -> System.monotonic_time(:millisecond) end)}
    end
  end

  defp reveal(options) do
    if Keyword.keyword?(options) do
      for {key, value} <- options do
        case value do
          {:concealed, secret} -> {key, secret.()}
          value -> {key, value}
        end
      end
    else
      options
    end
  end

  defp one_source(%{url: _url, dir: _dir}),
    do: bad(:dir, "options :url and :dir are both given: keep the one where the schemas are")

  defp one_source(%{url: _url}), do: :ok
  defp one_source(%{dir: _dir}), do: :ok

  defp one_source(_options),
    do: bad(:url, "give option :url, or option :dir for a folder of schemas")

  defp urls(urls) do
    parsed = Enum.map(urls, &url/1)
    Enum.find(parsed, {:ok, parsed}, &match?({:error, _}, &1))
  end

  defp url(text) do
    case URI.new(text) do
      {:ok, %URI{userinfo: userinfo}} when userinfo != nil ->
        bad(:url, "option :url has credentials in it: give them with option :auth")

      {:ok, %URI{scheme: scheme, host: host, query: nil, fragment: nil} = url}
      when scheme in ["http", "https"] and is_binary(host) and host != "" ->
        %{url | path: String.trim_trailing(url.path || "", "/")}

      _other ->
        bad(:url, "option :url must be such as \"http://127.0.0.1:8081\", got: #{inspect(text)}")
    end
  end

  defp auth(nil), do: :ok
  defp auth(auth) when is_function(auth, 0), do: :ok
  defp auth({:basic, _user, _password}), do: :ok
  defp auth({:bearer, _token}), do: :ok

  defp auth(_other),
    do:
      bad(
        :auth,
        "option :auth must be {:basic, user, password}, {:bearer, token} or a function of arity 0 (the value given is not shown)"
      )

  defp bad(option, message) do
    {:error,
     Error.new(:bad_option, "#{inspect(@owner)}: #{message}", %{option: option, problem: :value})}
  end
end
