defmodule Outrigger.Test.PubSubModel.Switch do
  @moduledoc """
  What `Outrigger.PubSub.Switch` does, on the model's links.
  """

  alias Outrigger.PubSub.Routing

  import Outrigger.Test.PubSubModel.Wire

  @doc "Gives an event to a node's `Routing`, and does what it says."
  def switch(model, node, event) do
    {routing, actions} = Routing.handle(model.routing[node], event, model.now)
    model = %{model | routing: Map.put(model.routing, node, routing)}

    Enum.reduce(actions, model, fn
      {:publish, route, targets}, model ->
        %{model | board: Map.put(model.board, node, {route, targets})}

      {:fence, _worker, router, gen}, model ->
        box(model, node, {:fence, router, gen})

      {:unfence, _worker, router}, model ->
        box(model, node, {:unfence, router})

      {:attach, router, _worker, _protocol}, model ->
        elem(transmit(model, node, router, :attach), 1)

      {:left, router, _worker}, model ->
        elem(transmit(model, node, router, :left), 1)

      {:cover, _router, _nodes}, model ->
        model

      # Time passes fast here, and is counted again with the next event.
      {:wake, _ms}, model ->
        model
    end)
  end
end
