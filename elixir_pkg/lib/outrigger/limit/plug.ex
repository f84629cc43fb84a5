defmodule Outrigger.Limit.Plug do
  @schema [
    limiter: [
      type: :any,
      required: true,
      doc: "A module, a name or a handle of `Outrigger.Limit`."
    ],
    key: [
      type: {:or, [{:in, [:remote_ip]}, {:fun, 1}, :mfa]},
      default: :remote_ip,
      doc:
        "Whose request it is: a function of the connection, or `{module, function, args}` with the connection before `args`. It answers any term, or " <>
          "`:skip` for a request that is not limited. `:remote_ip`: the address, and of IPv6 addresses the first 64 bits, as who has one of these has " <>
          "all of them."
    ],
    cost: [
      type: {:or, [:non_neg_integer, {:fun, 1}, :mfa]},
      default: 1,
      doc: "What it costs: a number, or as `:key`."
    ],
    headers: [
      type: {:in, [:ietf, :x, :none]},
      default: :ietf,
      doc: "Which header fields say how much is left, see `Outrigger.Limit.Headers`."
    ],
    policy: [
      type: :string,
      default: nil,
      default_doc: "from the limiter's name",
      doc: "Name of the limit in `:ietf` header fields."
    ],
    on_deny: [
      type: {:or, [{:fun, 2}, :mfa]},
      default: nil,
      default_doc: "429 with a line of text",
      doc:
        "Answers a request that is denied: a function of the connection and `Outrigger.Limit.Info`, or `{module, function, args}` with these before " <>
          "`args`. Header fields are set already, and the connection is halted behind it."
    ]
  ]

  @moduledoc """
  Limits HTTP requests: in an endpoint, a router, a pipeline or a controller.

      plug Outrigger.Limit.Plug, limiter: MyApp.ApiLimit, key: &MyAppWeb.Limits.user/1

      def user(conn), do: {:user, conn.assigns.user_id}

  A request that is denied is answered with 429 and `Retry-After`, and goes no further. Others go on with what is left in their header
  fields.

  ## Options

  #{Outrigger.Options.docs(@schema)}

  Where plugs are initialised at compile time (a router's default) functions have to be captures of named ones, as above.

  ## Behind a proxy

  `remote_ip` is the proxy's address unless something has put the client's there. Take only a forwarded address that your own proxy has
  written, or a client chooses its own key.

  ## Limits

  What the limiter cannot count raises its `Outrigger.Error`: when it does not run, or a key is over 64 KiB. Nothing is admitted then. Several of these plugs in
  a row each take their part; use `Outrigger.Limit.hit_all/1` in a plug of your own where a request that one of them denies must not
  cost at the others.
  """

  # Optional: an application that uses this has Plug.
  @compile {:no_warn_undefined, Plug.Conn}

  alias Outrigger.{Limit, Options}
  alias Outrigger.Limit.Headers

  @doc "Checks the options."
  @spec init(keyword) :: map
  def init(options) do
    options = options |> Options.validate!(@schema, __MODULE__) |> Map.new()
    Map.update!(options, :policy, &(&1 || Headers.policy(options.limiter)))
  end

  @doc "Takes a hit for the request."
  @spec call(conn, map) :: conn when conn: struct
  def call(conn, options) do
    case key(conn, options.key) do
      :skip -> conn
      key -> hit(conn, key, options)
    end
  end

  defp hit(conn, key, %{limiter: limiter} = options) do
    case Limit.hit(limiter, key, cost(conn, options.cost)) do
      {:allow, info} ->
        put(conn, headers(info, options))

      {:deny, info} ->
        conn
        |> put(headers(info, options) ++ Headers.retry_after(info))
        |> deny(info, options.on_deny)
        |> Plug.Conn.halt()

      {:error, error} ->
        raise error
    end
  end

  defp key(conn, :remote_ip), do: network(conn.remote_ip)
  defp key(conn, function), do: run(function, [conn])

  defp network({a, b, c, d, _, _, _, _}), do: {a, b, c, d}
  defp network(address), do: address

  defp cost(_conn, cost) when is_integer(cost), do: cost
  defp cost(conn, function), do: run(function, [conn])

  defp headers(_info, %{headers: :none}), do: []

  defp headers(info, %{headers: style, policy: policy, limiter: limiter}) do
    case Limit.rule(limiter) do
      %{period: period} -> Headers.of(style, info, %{policy: policy, period: period})
      # It was stopped a moment ago.
      {:error, _error} -> []
    end
  end

  defp put(conn, headers) do
    Enum.reduce(headers, conn, fn {name, value}, conn ->
      Plug.Conn.put_resp_header(conn, name, value)
    end)
  end

  defp deny(conn, _info, nil) do
    conn
    |> Plug.Conn.put_resp_header("content-type", "text/plain; charset=utf-8")
    |> Plug.Conn.send_resp(429, "Too Many Requests\n")
  end

  defp deny(conn, info, function), do: run(function, [conn, info])

  defp run({module, function, args}, before), do: apply(module, function, before ++ args)
  defp run(function, args), do: apply(function, args)
end
