defmodule Outrigger.Test.BroadwayStandIn do
  @moduledoc """
  A message as Broadway 1.x has them, and what its processors do with what `c:Broadway.prepare_messages/2` returns, written from its
  documentation. For the contract where Broadway is not to be had.
  """

  defmodule Message do
    @moduledoc "The fields of `Broadway.Message`, and their defaults."
    @enforce_keys [:data, :acknowledger]
    defstruct data: nil,
              metadata: %{},
              acknowledger: nil,
              batcher: :default,
              batch_key: :default,
              batch_mode: :bulk,
              status: :ok

    def failed(%__MODULE__{} = message, reason), do: %{message | status: {:failed, reason}}
  end

  @doc "Prepares and handles messages: those that went well, and those that failed."
  def process(messages, module) do
    prepared = module.prepare_messages(messages, :context)
    true = length(prepared) == length(messages)
    handled = Enum.map(prepared, &module.handle_message(:default, &1, :context))
    Enum.split_with(handled, &(&1.status == :ok))
  end
end
