defmodule Outrigger.PubSub.MixedTest do
  @moduledoc """
  Clusters where some nodes speak as the PG2 adapter of Phoenix.PubSub does. With Phoenix.PubSub in the code path those are
  the real thing, otherwise the stand-in.
  """

  defmodule FromPG2Test do
    use Outrigger.PubSub.Contract,
      api: Outrigger.Test.MixedPubSub,
      applications: [:outrigger],
      extra: [[as: :pg2, pool_size: 3], [mixed: true], [as: :pg2, pool_size: 3]]
  end

  defmodule ToPG2Test do
    use Outrigger.PubSub.Contract,
      api: Outrigger.Test.MixedPubSub,
      applications: [:outrigger],
      extra: [
        [mixed: true, pool_size: 3],
        [as: :pg2, pool_size: 4, broadcast_pool_size: 1],
        [mixed: true]
      ]
  end
end
