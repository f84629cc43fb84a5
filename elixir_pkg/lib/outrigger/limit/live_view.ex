defmodule Outrigger.Limit.LiveView do
  @schema [
    limiter: [
      type: :any,
      required: true,
      doc: "A module, a name or a handle of `Outrigger.Limit`."
    ],
    key: [
      type: {:or, [{:fun, 1}, :mfa]},
      required: true,
      doc:
        "Whose events they are: a function of the socket, or `{module, function, args}` with the socket before `args`."
    ],
    cost: [
      type: {:or, [:non_neg_integer, {:fun, 2}, :mfa]},
      default: 1,
      doc: "What an event costs: a number, or a function of its name and the socket."
    ],
    on_deny: [
      type: {:or, [{:fun, 2}, :mfa]},
      default: nil,
      default_doc: "an error as flash",
      doc: "What becomes of the socket: a function of it and `Outrigger.Limit.Info`."
    ]
  ]

  @moduledoc """
  Limits the events of LiveViews.

      live_session :default,
        on_mount: {Outrigger.Limit.LiveView, limiter: MyApp.EventLimit, key: &MyAppWeb.Limits.user/1} do

      def user(socket), do: {:user, socket.assigns.current_user.id}

  An event that is denied does not reach `handle_event/3`. Put this behind what assigns the user.

  ## Options

  #{Outrigger.Options.docs(@schema)}

  ## Limits

  Events of live components are handled by the components, and do not come by here. What the limiter cannot count raises its
  `Outrigger.Error`.
  """

  # Optional: an application that uses this has LiveView.
  @compile {:no_warn_undefined, Phoenix.LiveView}

  alias Outrigger.{Limit, Options}

  @doc "For `on_mount`."
  @spec on_mount(keyword, term, map, socket) :: {:cont, socket} when socket: term
  def on_mount(options, _params, _session, socket) do
    options = options |> Options.validate!(@schema, __MODULE__) |> Map.new()
    id = {__MODULE__, options.limiter}
    hook = fn event, _params, socket -> handle_event(event, socket, options) end
    {:cont, Phoenix.LiveView.attach_hook(socket, id, :handle_event, hook)}
  end

  defp handle_event(event, socket, options) do
    case Limit.hit(
           options.limiter,
           run(options.key, [socket]),
           cost(options.cost, event, socket)
         ) do
      {:allow, _info} -> {:cont, socket}
      {:deny, info} -> {:halt, deny(socket, info, options.on_deny)}
      {:error, error} -> raise error
    end
  end

  defp cost(cost, _event, _socket) when is_integer(cost), do: cost
  defp cost(function, event, socket), do: run(function, [event, socket])

  defp deny(socket, info, nil) do
    wait =
      if is_integer(info.retry_after),
        do: " Try again in #{div(info.retry_after + 999, 1_000)} s.",
        else: ""

    Phoenix.LiveView.put_flash(socket, :error, "Too many requests." <> wait)
  end

  defp deny(socket, info, function), do: run(function, [socket, info])

  defp run({module, function, args}, before), do: apply(module, function, before ++ args)
  defp run(function, args), do: apply(function, args)
end
