defmodule Outrigger.Telemetry do
  @moduledoc """
  Telemetry events, if the `:telemetry` library is there.

  `:telemetry` is not a dependency of this package. An application that has it gets the events below; elsewhere
  `execute/3` does nothing. Attaching a handler loads the `:telemetry` module, so as long as that module is not loaded
  nobody can be listening: this is what `execute/3` checks, and it costs about as much as a function call.

  ## Events

  | event | measurements | metadata |
  | --- | --- | --- |
  | `[:outrigger, :node, :up]` | `duration` of the start in native time units, `attempts` | `name`, `node`, `os_pid` |
  | `[:outrigger, :node, :down]` | `uptime` in native time units | `name`, `node`, `os_pid`, `error` |
  | `[:outrigger, :events, :registry, :request]`: one HTTP request | `duration` in native time units | `registry`, `method`, `url`, `path`, `status` or `nil`, `error` or `nil` |
  | `[:outrigger, :events, :registry, :error]`: a question that was not answered | | `registry`, `question`, `error` |
  | `[:outrigger, :events, :registry, :circuit]`: a registry was found down, or up again | | `registry`, `state` (`:open` or `:closed`), `error` or `nil` |

  `Outrigger.PubSub` and `Outrigger.Limit` list their own. `name` is the name of the `Outrigger.Node` process, `node` that of the Rust node, `error` an `Outrigger.Error`. `registry` is the name of an
  `Outrigger.Events.Registry`.
  """

  # Optional: an application that wants events brings the library along.
  @compile {:no_warn_undefined, :telemetry}

  alias Outrigger.Error

  @type event :: [atom, ...]

  @doc """
  Runs the handlers of `event`, if there can be any. Always returns `:ok`.
  """
  @spec execute(event, map, map) :: :ok
  def execute(event, measurements, metadata) when is_list(event) do
    if function_exported?(:telemetry, :execute, 3) do
      :telemetry.execute(event, measurements, metadata)
    end

    :ok
  end

  @doc """
  Whether handlers can be attached: the library is there and was started. Error: `:no_telemetry`.
  """
  @spec ready() :: :ok | {:error, Error.t()}
  def ready do
    cond do
      not Code.ensure_loaded?(:telemetry) ->
        missing("is not there: add {:telemetry, \"~> 1.0\"} to the dependencies in mix.exs")

      not listens?() ->
        missing(
          "was not started: it is an application that has to be started before those that use it; add it to the dependencies in mix.exs"
        )

      true ->
        :ok
    end
  end

  @doc """
  Attaches a handler, an external function of arity 4.
  """
  @spec attach(term, event, (event, map, map, term -> term), term) :: :ok | {:error, Error.t()}
  def attach(id, event, handler, config) do
    case :telemetry.attach(id, event, handler, config) do
      :ok ->
        :ok

      {:error, :already_exists} ->
        {:error,
         Error.new(:already_attached, "the handler #{inspect(id)} is there already", %{id: id})}
    end
  end

  @doc """
  Detaches a handler, if it is there.
  """
  @spec detach(term) :: :ok
  def detach(id) do
    :telemetry.detach(id)
    :ok
  rescue
    # The library was stopped, and its handlers are gone with it.
    _gone in [ArgumentError, UndefinedFunctionError] -> :ok
  end

  defp listens? do
    is_list(:telemetry.list_handlers([:outrigger]))
  rescue
    ArgumentError -> false
  end

  defp missing(what),
    do: {:error, Error.new(:no_telemetry, "the :telemetry library #{what}", %{})}
end
