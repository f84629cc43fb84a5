defmodule Outrigger.Limit.Module do
  @moduledoc """
  What `use Outrigger.Limit` puts into a module: the functions of `Outrigger.Limit`, with the module as the limiter.
  """

  @doc "The code, for options as given to `use`."
  @spec define(Macro.t()) :: Macro.t()
  def define(options) do
    quote location: :keep do
      @doc "A child specification; options given here stand before those of `use`."
      def child_spec(options), do: Outrigger.Limit.child_spec(__options__(options))

      @doc "Starts the limiter."
      def start_link(options \\ []), do: Outrigger.Limit.start_link(__options__(options))

      @doc "`Outrigger.Limit.hit/3`"
      def hit(key, cost \\ 1), do: Outrigger.Limit.hit(__MODULE__, key, cost)

      @doc "`Outrigger.Limit.peek/3`"
      def peek(key, cost \\ 1), do: Outrigger.Limit.peek(__MODULE__, key, cost)

      @doc "`Outrigger.Limit.refund/3`"
      def refund(key, cost \\ 1), do: Outrigger.Limit.refund(__MODULE__, key, cost)

      @doc "`Outrigger.Limit.reset/2`"
      def reset(key), do: Outrigger.Limit.reset(__MODULE__, key)

      @doc "`Outrigger.Limit.update/2`"
      def update(rule), do: Outrigger.Limit.update(__MODULE__, rule)

      @doc "`Outrigger.Limit.stats/1`"
      def stats, do: Outrigger.Limit.stats(__MODULE__)

      defp __options__(options) do
        [name: __MODULE__] |> Keyword.merge(unquote(options)) |> Keyword.merge(options)
      end

      defoverridable child_spec: 1, start_link: 1
    end
  end
end
