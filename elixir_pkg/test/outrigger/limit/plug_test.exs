defmodule Outrigger.Limit.PlugTest do
  @moduledoc """
  The plug, with the few functions of `Plug.Conn` that it calls. Where the real library is in the code path they are the real ones.
  """
  use ExUnit.Case, async: true

  alias Outrigger.{Error, Limit}
  alias Outrigger.Limit.{Headers, Info}

  doctest Headers

  # Replaces nothing: only where there is no Plug.
  unless Code.ensure_loaded?(Plug.Conn) do
    Code.eval_string("""
    defmodule Plug.Conn do
      defstruct remote_ip: {127, 0, 0, 1}, resp_headers: [], status: nil, resp_body: nil, halted: false, assigns: %{}

      def put_resp_header(conn, name, value),
        do: %{conn | resp_headers: List.keystore(conn.resp_headers, name, 0, {name, value})}

      def send_resp(conn, status, body), do: %{conn | status: status, resp_body: body}
      def halt(conn), do: %{conn | halted: true}
    end
    """)
  end

  defp conn(fields \\ []) do
    base =
      if Code.ensure_loaded?(Plug.Test),
        do: apply(Plug.Test, :conn, [:get, "/"]),
        else: struct(Plug.Conn)

    struct!(base, fields)
  end

  defp limiter(options \\ []) do
    {:ok, limiter} = Limit.new(Keyword.merge([limit: 2, period: 10_000, clock: :manual], options))

    limiter
  end

  defp call(conn, options), do: Limit.Plug.call(conn, Limit.Plug.init(options))
  defp header(conn, name), do: for({^name, value} <- conn.resp_headers, do: value)

  def user(conn), do: conn.assigns[:user]
  def user(conn, prefix), do: {prefix, conn.assigns[:user]}
  def heavy(_conn), do: 2

  test "admits up to the limit, then answers 429 and goes no further" do
    options = [limiter: limiter(), policy: "api"]
    first = call(conn(), options)
    refute first.halted
    assert header(first, "ratelimit-policy") == [~s("api";q=2;w=10)]
    assert header(first, "ratelimit") == [~s("api";r=1;t=5)]
    assert header(first, "retry-after") == []
    assert header(call(conn(), options), "ratelimit") == [~s("api";r=0;t=10)]

    denied = call(conn(), options)
    assert denied.halted
    assert denied.status == 429
    assert denied.resp_body == "Too Many Requests\n"
    assert header(denied, "retry-after") == ["5"]
    assert header(denied, "ratelimit") == [~s("api";r=0;t=10)]
    assert ["text/plain" <> _] = header(denied, "content-type")
  end

  test "x-ratelimit, with seconds since 1970, and no fields at all" do
    before = System.system_time(:second)
    conn = call(conn(), limiter: limiter(), headers: :x)
    assert header(conn, "x-ratelimit-limit") == ["2"]
    assert header(conn, "x-ratelimit-remaining") == ["1"]
    assert [reset] = header(conn, "x-ratelimit-reset")
    assert String.to_integer(reset) in (before + 5)..(System.system_time(:second) + 5)

    limiter = limiter(limit: 1)
    names = fn conn -> for {name, _} <- conn.resp_headers, name =~ "ratelimit", do: name end
    assert names.(call(conn(), limiter: limiter, headers: :none)) == []
    denied = call(conn(), limiter: limiter, headers: :none)
    assert names.(denied) == []
    assert header(denied, "retry-after") == ["10"]
  end

  test "by address: IPv4 each, IPv6 by network" do
    limiter = limiter(limit: 1)
    hit = fn ip -> call(conn(remote_ip: ip), limiter: limiter).halted end
    refute hit.({10, 0, 0, 1})
    refute hit.({10, 0, 0, 2})
    assert hit.({10, 0, 0, 1})
    refute hit.({0x2001, 0xDB8, 0, 1, 0, 0, 0, 1})
    assert hit.({0x2001, 0xDB8, 0, 1, 7, 7, 7, 7})
    refute hit.({0x2001, 0xDB8, 0, 2, 0, 0, 0, 1})
  end

  test "key and cost by number, function or module, function and arguments" do
    limiter = limiter()
    conn = conn(assigns: %{user: "ada"})
    call(conn, limiter: limiter, key: &__MODULE__.user/1)
    assert {:allow, %Info{remaining: 1}} = Limit.peek(limiter, "ada")
    call(conn, limiter: limiter, key: {__MODULE__, :user, [:api]}, cost: 2)
    assert {:deny, %Info{remaining: 0}} = Limit.peek(limiter, {:api, "ada"})
    call(conn, limiter: limiter, key: fn _ -> :all end, cost: {__MODULE__, :heavy, []})
    assert {:deny, _} = Limit.peek(limiter, :all)
    call(conn, limiter: limiter, key: fn _ -> :one end, cost: &__MODULE__.heavy/1)
    assert {:deny, _} = Limit.peek(limiter, :one)
  end

  test "a request may be left out" do
    limiter = limiter(limit: 1)
    for _ <- 1..3, do: refute(call(conn(), limiter: limiter, key: fn _ -> :skip end).halted)
    assert Limit.stats(limiter).allowed == 0
  end

  test "a denial may be answered in another way, and stays a denial" do
    limiter = limiter()
    for _ <- 1..2, do: call(conn(), limiter: limiter)

    answer = fn conn, %Info{retry_after: 5_000} ->
      apply(Plug.Conn, :send_resp, [conn, 503, "later"])
    end

    conn = call(conn(), limiter: limiter, on_deny: answer)
    assert {conn.status, conn.resp_body, conn.halted} == {503, "later", true}
    assert header(conn, "retry-after") == ["5"]

    conn = call(conn(), limiter: limiter, on_deny: {__MODULE__, :answer, ["again"]})
    assert conn.resp_body == "again"
  end

  def answer(conn, %Info{}, text), do: apply(Plug.Conn, :send_resp, [conn, 429, text])

  test "no wait helps: no Retry-After" do
    denied = call(conn(), limiter: limiter(), cost: 3)
    assert denied.status == 429
    assert header(denied, "retry-after") == []
  end

  test "the policy's name is the limiter's, and can be any text" do
    assert Limit.Plug.init(limiter: MyApp.ApiLimit).policy == "api_limit"
    assert Limit.Plug.init(limiter: :plain).policy == "plain"
    conn = call(conn(), limiter: limiter(), policy: ~s(a "b" \\ ü\n))
    assert header(conn, "ratelimit") == [~s("a \\"b\\" \\\\ ";r=1;t=5)]
  end

  test "a limit of the whole cluster has header fields, too" do
    start_supervised!({Limit, name: PlugTest.Shared, limit: 2, period: 10_000, cluster: true})

    conn = call(conn(), limiter: PlugTest.Shared)
    refute conn.halted
    assert header(conn, "ratelimit-policy") == [~s("shared";q=2;w=10)]
    call(conn(), limiter: PlugTest.Shared)
    assert call(conn(), limiter: PlugTest.Shared).status == 429
  end

  test "what cannot be counted raises and admits nothing; wrong options do not start" do
    assert_raise Error, ~r/no limiter runs/, fn -> call(conn(), limiter: PlugTest.Nobody) end
    assert_raise Error, ~r/option :limiter is required/, fn -> Limit.Plug.init([]) end

    assert_raise Error, ~r/option :headers/, fn ->
      Limit.Plug.init(limiter: limiter(), headers: :y)
    end
  end
end
