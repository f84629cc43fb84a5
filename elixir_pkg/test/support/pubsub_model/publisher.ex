defmodule Outrigger.Test.PubSubModel.Publisher do
  @moduledoc """
  What `Outrigger.PubSub.Publisher` does, on the model's links.
  """

  alias Outrigger.PubSub.Path

  import Outrigger.Test.PubSubModel.{Switch, Wire, Worker}

  @group :"Elixir.Model.Adapter"
  @hold_ms 2_000

  @doc "A publisher more on a node."
  def new_publisher(model, node) do
    {pid, model} = pid(model, node)
    put_in(model.publishers[pid], %{path: nil, n: 0})
  end

  @doc "Ends a publisher: whoever watches it is told."
  def kill_publisher(model, pid) do
    model = %{model | publishers: Map.delete(model.publishers, pid)}

    for({at, monitors} <- model.monitors, pid in monitors, do: at)
    |> Enum.reduce(model, &exit_signal(&2, pid, &1))
  end

  @doc "A publisher sends one message: to one other node now and then, to all most of the time."
  def publish(model, pid) do
    publisher = model.publishers[pid]
    model = put_in(model.publishers[pid].n, publisher.n + 1)

    if :rand.uniform(5) == 1 do
      unicast(model, pid, publisher.n + 1, pick(model.nodes -- [node(pid)]))
    else
      model =
        Enum.reduce(model.nodes -- [node(pid)], model, &expect(&2, pid, &1, publisher.n + 1))

      broadcast(model, pid, publisher.n + 1)
    end
  end

  defp expect(model, pid, at, n),
    do: %{model | expected: Map.update(model.expected, {pid, at}, [n], &[n | &1])}

  defp broadcast(model, pid, n) do
    {{epoch, relay, directs, use, _, _}, model} = path(model, pid)
    data = {:"$outrigger", epoch, pid, n}

    case relay && send_to(model, pid, relay, data) do
      {:noconnect, model} ->
        model |> count(:lost) |> switch(node(pid), {:lost, elem(use, 1)}) |> broadcast(pid, n)

      sent ->
        model = if sent, do: elem(sent, 1), else: model
        Enum.reduce(directs, model, fn to, model -> elem(send_to(model, pid, to, data), 1) end)
    end
  end

  defp unicast(model, pid, n, to) do
    {{epoch, relay, _, use, _, _} = path, model} = path(model, pid)
    {_route, targets} = model.board[node(pid)]
    member = use && elem(use, 1)

    case targets do
      %{^to => %{^member => dest}} ->
        model = expect(model, pid, to, n)

        case send_to(model, pid, dest, {:"$outrigger", epoch, pid, n}) do
          {:noconnect, model} when relay != nil and node(dest) == node(relay) ->
            model = %{model | expected: Map.update!(model.expected, {pid, to}, &tl/1)}
            model |> switch(node(pid), {:lost, member}) |> unicast(pid, n, to)

          {_, model} ->
            model
        end

      _ ->
        model = put_in(model.publishers[pid].path, Path.stray(path, to))
        elem(transmit(model, node(pid), to, {:"$outrigger", epoch, pid, n}), 1)
    end
  end

  defp path(model, pid) do
    {route, _targets} = model.board[node(pid)]

    {path, sends} =
      case model.publishers[pid].path do
        nil -> {Path.new(route, pid), []}
        path -> Path.change(path, route, pid, model.now, @hold_ms)
      end

    model = put_in(model.publishers[pid].path, path)
    model = if sends == [], do: model, else: count(model, :changes)

    {path,
     Enum.reduce(sends, model, fn {to, marker}, m -> elem(send_to(m, pid, to, marker), 1) end)}
  end

  defp send_to(model, pid, {@group, node}, message), do: transmit(model, node(pid), node, message)

  defp send_to(model, pid, to, message) do
    if router?(node(to)),
      do: transmit(model, node(pid), node(to), {to, message}),
      else: transmit(model, node(pid), node(to), message)
  end
end
