defmodule Outrigger.PubSub.Message do
  @moduledoc """
  What a process gets that has subscribed with `since: ...` (`Outrigger.PubSub.subscribe/3`).

    * `:topic` and `:message` - what was broadcast, and on what;
    * `:cursor` - its place in the order. Whoever has got as far as this message comes back with `since: cursor`.

  `Outrigger.PubSub.Gap` comes where messages are missing.
  """

  @enforce_keys [:topic, :cursor, :message]
  defstruct @enforce_keys

  @type t :: %__MODULE__{
          topic: binary,
          cursor: Outrigger.PubSub.Cursor.t(),
          message: term
        }
end
