defmodule Outrigger.Limit.Channel do
  @moduledoc """
  Limits what comes over a Phoenix channel: joins and events.

      defmodule MyAppWeb.RoomChannel do
        use MyAppWeb, :channel
        import Outrigger.Limit.Channel

        def join("room:" <> _id, _params, socket) do
          with :ok <- limit_join(MyApp.JoinLimit, socket.assigns.user_id) do
            {:ok, socket}
          end
        end

        def handle_in("message", payload, socket) do
          with :ok <- limit_event(socket, MyApp.MessageLimit, socket.assigns.user_id) do
            broadcast!(socket, "message", payload)
            {:noreply, socket}
          end
        end
      end

  What is denied is answered with `{"reason": "rate_limited", "retry_after": milliseconds}`; `retry_after` is `"never"` when no wait helps.

  ## Example

      iex> {:ok, limiter} = Outrigger.Limit.new(limit: 1, period: 1_000, clock: :manual)
      iex> Outrigger.Limit.Channel.limit_event(:socket, limiter, "ada")
      :ok
      iex> Outrigger.Limit.Channel.limit_event(:socket, limiter, "ada")
      {:reply, {:error, %{reason: "rate_limited", retry_after: 1000}}, :socket}

  ## Limits

  What the limiter cannot count raises its `Outrigger.Error`, which ends the channel's process.
  """

  alias Outrigger.Limit

  @type denied :: %{reason: String.t(), retry_after: non_neg_integer | :never}

  @doc "`:ok`, or what `handle_in/3` returns for an event that is denied."
  @spec limit_event(socket, Limit.limiter(), term, Limit.cost()) ::
          :ok | {:reply, {:error, denied}, socket}
        when socket: term
  def limit_event(socket, limiter, key, cost \\ 1) do
    with {:error, denied} <- limit_join(limiter, key, cost),
         do: {:reply, {:error, denied}, socket}
  end

  @doc "`:ok`, or what `join/3` returns for a join that is denied."
  @spec limit_join(Limit.limiter(), term, Limit.cost()) :: :ok | {:error, denied}
  def limit_join(limiter, key, cost \\ 1) do
    case Limit.hit(limiter, key, cost) do
      {:allow, _info} -> :ok
      {:deny, info} -> {:error, %{reason: "rate_limited", retry_after: info.retry_after}}
      {:error, error} -> raise error
    end
  end
end
