defmodule Outrigger.Limit.Slot do
  @moduledoc """
  What `Outrigger.Limit.Slots.acquire/3` gives, and `Outrigger.Limit.Slots.release/1` takes. It may be sent to other processes of this node: who
  has it can release it.
  """

  @enforce_keys [:ref, :owner, :id]
  defstruct [:ref, :owner, :id]

  @opaque t :: %__MODULE__{}
end
