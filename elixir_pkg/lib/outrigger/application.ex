defmodule Outrigger.Application do
  @moduledoc """
  Starts what all of Outrigger shares on a node: the `:pg` scope `Outrigger.PubSub`, and `Outrigger.Silence`, which cuts links to
  hidden nodes that have gone silent.

  In that scope the PubSub groups of all nodes find each other, so it has to run before any of them, and once per node.
  Nothing else starts by itself: nodes and PubSubs are children of your own supervisors.
  """

  use Application

  @impl true
  def start(_type, _args) do
    children = [
      %{id: Outrigger.PubSub, start: {:pg, :start_link, [Outrigger.PubSub]}},
      Outrigger.Silence
    ]

    Supervisor.start_link(children, strategy: :one_for_one, name: Outrigger.Supervisor)
  end
end
