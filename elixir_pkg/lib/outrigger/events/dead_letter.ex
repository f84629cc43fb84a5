defmodule Outrigger.Events.DeadLetter do
  @moduledoc """
  An event that a stream could not decode (`Outrigger.Events.Stream`), as it came.

    * `:reason` and `:message` - why: those of the `Outrigger.Error` that decoding it gives;
    * `:key` and `:value` - its bytes, `nil` where there were none.

  What is wrong with it mended, it can be published again: `Outrigger.Events.Stream.publish(stream, {letter.key, letter.value})`.
  """

  @enforce_keys [:reason, :message, :key, :value]
  defstruct @enforce_keys

  @type t :: %__MODULE__{
          reason: atom,
          message: String.t(),
          key: binary | nil,
          value: binary | nil
        }
end
