defmodule Outrigger.PubSub.ContractTest do
  @moduledoc "The contract of `Outrigger.PubSub.Contract`, kept by what stands here."

  # Phoenix.PubSub is there only where Hex is (OUTRIGGER_HEX=1). Then its functions, its adapter over ours, and its own
  # adapter are tried too: the last says that the contract asks for no more than Phoenix.PubSub promises.
  defmodule OutriggerTest do
    use Outrigger.PubSub.Contract
  end

  # Wrong ones, each on one node or between nodes: the contract has to notice.
  defmodule WrongTest do
    use ExUnit.Case, async: true
    alias Outrigger.PubSub.Contract
    alias Outrigger.Test.WrongPubSub

    @moduletag timeout: 120_000

    for wrong <- WrongPubSub.all() do
      test "#{inspect(wrong)} breaks the contract" do
        pubsub = Module.concat(unquote(wrong), Name)
        options = Contract.options!(api: unquote(wrong), deadline_ms: 2_000)
        start_supervised!(Contract.child(options, pubsub))
        context = Contract.prepare(options, pubsub)

        # Two cases that it does not break: the contract is not just failing.
        breaks = unquote(wrong).breaks()

        for {where, _, {_, name} = run} <- Contract.cases(),
            {where, name} in [{:local, :adapter}, {:local, :node_name} | breaks],
            do:
              assert(
                {where, name, broken?(run, context)} == {where, name, {where, name} in breaks}
              )
      end
    end

    # Each case in a process of its own, as ExUnit runs it.
    defp broken?({module, function}, context) do
      task =
        Task.async(fn ->
          try do
            apply(module, function, [context])
            false
          rescue
            Contract.Violation -> true
          end
        end)

      Task.await(task, 60_000)
    end
  end

  if Code.ensure_loaded?(Phoenix.PubSub) do
    defmodule PhoenixOverOutriggerTest do
      use Outrigger.PubSub.Contract,
        api: Phoenix.PubSub,
        options: [adapter: Outrigger.PubSub.Adapter],
        applications: [:phoenix_pubsub, :outrigger]
    end

    defmodule PG2Test do
      use Outrigger.PubSub.Contract, api: Phoenix.PubSub, options: [pool_size: 3]
    end
  end
end
