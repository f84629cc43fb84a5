defmodule Outrigger.Test.RegistryCase do
  @moduledoc """
  Tests of a registry's client: a `Outrigger.Test.SchemaRegistry` in `context.server`, clients whose clock stands still until `later/2`.
  """

  use ExUnit.CaseTemplate

  alias Outrigger.Events.Registry
  alias Outrigger.Test.SchemaRegistry

  @text ~s({"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]})
  @guid "89791762-2336-186f-9674-299b90a8e2d8"

  using do
    quote do
      import Outrigger.Test.RegistryCase
      alias Outrigger.Events.Registry
      alias Outrigger.Test.SchemaRegistry

      @text unquote(@text)
      @guid unquote(@guid)
    end
  end

  setup do
    server = start_supervised!(SchemaRegistry)
    SchemaRegistry.put(server, "/schemas/ids/7", %{schema: @text, guid: @guid})
    %{server: server, clock: :atomics.new(1, [])}
  end

  @doc "A client that does not wait long between retries."
  def registry(context, options \\ []) do
    name = :"#{context.module}.#{context.line}.#{System.unique_integer([:positive])}"

    defaults = [
      name: name,
      url: SchemaRegistry.url(context.server),
      retries: 2,
      backoff: 1,
      clock: fn -> :atomics.get(context.clock, 1) end
    ]

    start_supervised!({Registry, Keyword.merge(defaults, options)})
    name
  end

  @doc "Moves the clients' clock."
  def later(context, milliseconds), do: :atomics.add(context.clock, 1, milliseconds)

  @doc "Looks again and again, for as long as the test may take."
  def wait_until(condition) do
    unless condition.() do
      Process.sleep(5)
      wait_until(condition)
    end
  end
end
