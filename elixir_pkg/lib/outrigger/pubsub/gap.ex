defmodule Outrigger.PubSub.Gap do
  @moduledoc """
  Comes to a process that has subscribed with `since: ...` where messages may be missing: behind what it has got, and ahead of what follows.

  This node has not got all that was published on topics of the prefix: a router or a process here has died, or this node was too slow for a router. Whether
  any of it was on `:topic` nobody knows. What follows is without a gap again.
  """

  @enforce_keys [:topic]
  defstruct @enforce_keys

  @type t :: %__MODULE__{topic: binary}
end
