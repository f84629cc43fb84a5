defmodule Outrigger.Watch.Source.Phoenix do
  @moduledoc """
  Requests, sockets and channels of Phoenix.
  """

  @behaviour Outrigger.Watch.Handler

  alias Outrigger.Watch.{Label, Requests, Store}

  # A client may send any method.
  @methods ~w(GET HEAD POST PUT PATCH DELETE OPTIONS CONNECT TRACE)

  @impl true
  def events(options) do
    if options[:phoenix] do
      [
        {[:phoenix, :endpoint, :start], :request},
        {[:phoenix, :endpoint, :stop], :response},
        {[:phoenix, :router_dispatch, :stop], :routed},
        {[:phoenix, :router_dispatch, :exception], :raised},
        {[:phoenix, :socket_connected], :socket},
        {[:phoenix, :channel_joined], :joined},
        {[:phoenix, :channel_handled_in], :handled_in}
      ]
    else
      []
    end
  end

  @impl true
  def event(:request, _times, _about, store), do: Requests.begin(store)

  def event(:response, %{duration: time}, %{conn: conn}, store) do
    Requests.leave(store)
    one(store, {:endpoint, method(conn), status(conn)}, time)
  end

  def event(:routed, %{duration: time}, %{conn: conn} = about, store),
    do: one(store, {:router, Label.tag(about[:route]), status(conn)}, time)

  def event(:raised, times, about, store) do
    route = Label.tag(about[:route])
    one(store, {:router, route, 500}, times[:duration])
    Store.count(store, {:errors, route})
    Store.count(store, {:failures, "route " <> Label.text(route)})
  end

  def event(:socket, %{duration: time}, about, store),
    do: one(store, {:socket, Label.tag(about[:user_socket])}, time)

  def event(:joined, %{duration: time}, %{socket: socket}, store),
    do: one(store, {:channel_join, Label.tag(Map.get(socket, :channel))}, time)

  def event(:handled_in, %{duration: time}, %{socket: socket} = about, store) do
    key = {:channel_in, Label.tag(Map.get(socket, :channel)), Label.tag(about[:event])}
    one(store, key, time)
  end

  defp one(store, key, time), do: Store.record(store, Store.series(store, key), 0, time)

  defp method(%{method: method}) when method in @methods, do: method
  defp method(_conn), do: Label.other()

  defp status(%{status: status}) when status in 100..599, do: status
  defp status(_conn), do: nil
end
