defmodule Outrigger.Limit.LiveViewTest do
  @moduledoc "The hook, with the two functions of `Phoenix.LiveView` that it calls."
  use ExUnit.Case, async: true

  alias Outrigger.{Error, Limit}

  unless Code.ensure_loaded?(Phoenix.LiveView) do
    Code.eval_string("""
    defmodule Phoenix.LiveView do
      def attach_hook(socket, id, :handle_event, hook), do: Map.update!(socket, :hooks, &Map.put(&1, id, hook))
      def put_flash(socket, kind, text), do: Map.put(socket, :flash, {kind, text})
    end
    """)
  end

  setup do
    {:ok, limiter} = Limit.new(limit: 2, period: 3_000, clock: :manual)
    %{limiter: limiter, socket: %{hooks: %{}, flash: nil, user: "ada"}}
  end

  defp mount(c, options) do
    options = Keyword.merge([limiter: c.limiter, key: & &1.user], options)
    {:cont, socket} = Limit.LiveView.on_mount(options, %{}, %{}, c.socket)
    [hook] = Map.values(socket.hooks)
    {socket, hook}
  end

  def deny(socket, info, text), do: %{socket | flash: {text, info.retry_after}}

  test "events go on up to the limit, then they are halted with a flash", c do
    {socket, hook} = mount(c, [])
    assert {:cont, ^socket} = hook.("save", %{}, socket)
    assert {:cont, ^socket} = hook.("save", %{}, socket)
    assert {:halt, %{flash: {:error, text}}} = hook.("save", %{}, socket)
    assert text == "Too many requests. Try again in 2 s."
    assert {:cont, _} = hook.("save", %{}, %{socket | user: "bob"})
  end

  test "cost by event, denial by function", c do
    cost = fn
      "export", _socket -> 3
      _event, _socket -> 1
    end

    {socket, hook} = mount(c, cost: cost, on_deny: {__MODULE__, :deny, ["no"]})
    assert {:halt, %{flash: {"no", :never}}} = hook.("export", %{}, socket)
    assert {:cont, _} = hook.("save", %{}, socket)
  end

  test "what cannot be counted raises, and wrong options do not mount", c do
    {socket, hook} = mount(c, cost: fn _, _ -> -1 end)
    assert_raise Error, fn -> hook.("save", %{}, socket) end

    assert_raise Error, ~r/option :key is required/, fn ->
      Limit.LiveView.on_mount([limiter: c.limiter], %{}, %{}, c.socket)
    end
  end
end
