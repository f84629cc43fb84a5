defmodule Outrigger.Node.Server do
  @moduledoc """
  The process behind `Outrigger.Node`: performs what `Outrigger.Node.Lifecycle` decides.

  `init/1` waits until the Rust node has joined, so `start_link/2` returns when it is of use or with the reason why not. While it waits
  it takes only messages of the port, its own timer and its parent's exit; calls wait in the mailbox.

  The process traps exits: the port is linked to it, and `terminate/2` has to see the program out.
  """

  use GenServer

  require Logger

  alias Outrigger.{Error, Telemetry}
  alias Outrigger.Node.{Config, Failure, Lifecycle, PortLog, Program, Vm}

  defstruct [:options, :vm, :life, :config, :program, :os_pid, :log, :last, :timer]

  # How long a program that has said `fatal` may take to leave.
  @fatal_exit_ms 500

  @doc """
  Starts the process. `vm` reads the facts of the VM.
  """
  @spec start_link(keyword, (() -> Vm.t())) :: GenServer.on_start()
  def start_link(options, vm \\ &Vm.read/0) do
    options = Config.conceal(options)

    # The name is needed before the process exists, all the rest is checked again before each start.
    with {:ok, config} <- Config.resolve(options, vm.()) do
      GenServer.start_link(__MODULE__, {options, vm}, name: config.server)
    end
  end

  @impl true
  def init({options, vm}) do
    Process.flag(:trap_exit, true)
    state = %__MODULE__{options: options, vm: vm, life: Lifecycle.new(), log: PortLog.new()}
    await_ready(start(state), parent())
  end

  defp await_ready(%{life: %{phase: :up}} = state, _parent), do: {:ok, state}
  defp await_ready(%{life: %{phase: :failed, error: error}}, _parent), do: {:stop, error}

  defp await_ready(state, parent) do
    receive do
      {:EXIT, ^parent, reason} ->
        close(state)
        {:stop, reason}

      {:EXIT, port, _reason} = message when is_port(port) ->
        await_ready(port_message(state, message), parent)

      {port, _data} = message when is_port(port) ->
        await_ready(port_message(state, message), parent)

      message when message == :start or elem(message, 0) == :start_timeout ->
        {:noreply, state} = handle_info(message, state)
        await_ready(state, parent)
    end
  end

  defp parent do
    case Process.get(:"$ancestors") do
      [pid | _] when is_pid(pid) -> pid
      [name | _] when is_atom(name) -> Process.whereis(name)
      _ -> nil
    end
  end

  @impl true
  def handle_call(:info, _from, state) do
    info = %{
      name: state.config.name,
      os_pid: state.program && state.os_pid,
      state: if(state.life.phase == :up, do: :up, else: :restarting),
      joined: Enum.sort(state.life.joined),
      error: state.life.error
    }

    {:reply, info, state}
  end

  @impl true
  def handle_info(:start, state), do: {:noreply, start(state)}

  def handle_info({:start_timeout, port}, %{program: %{port: port}} = state) do
    if state.life.phase == :starting do
      config = state.config
      error = Failure.timeout(config.name, config.node, config.start_timeout)
      {:noreply, state |> kill() |> step({:gone, error})}
    else
      {:noreply, state}
    end
  end

  def handle_info({port, _data} = message, state) when is_port(port) do
    {:noreply, port_message(state, message)}
  end

  def handle_info({:EXIT, port, _reason} = message, state) when is_port(port) do
    {:noreply, port_message(state, message)}
  end

  # Linked by someone else, who is gone. Our own parent is handled by GenServer.
  def handle_info({:EXIT, _pid, :normal}, state), do: {:noreply, state}
  def handle_info({:EXIT, _pid, reason}, state), do: {:stop, reason, state}
  def handle_info(_late, state), do: {:noreply, state}

  @impl true
  def terminate(reason, %{life: %{phase: :up}, program: program})
      when program != nil and (reason in [:normal, :shutdown] or elem(reason, 0) == :shutdown),
      do: Program.leave(program)

  def terminate(_reason, state), do: close(state)

  # Resolved anew each time: the cookie or the name of the VM may have changed since.
  defp start(state) do
    with {:ok, config} <- Config.resolve(state.options, state.vm.()),
         state = %{state | config: config, log: PortLog.new(), last: nil},
         {:ok, program} <- Program.open(config) do
      timer = Process.send_after(self(), {:start_timeout, program.port}, config.start_timeout)
      os_pid = Program.os_pid(program)
      step(%{state | program: program, os_pid: os_pid, timer: timer}, :opened)
    else
      {:error, error} -> step(state, {:gone, error})
    end
  end

  defp port_message(%{program: nil} = state, _late), do: state

  defp port_message(state, message) do
    case Program.read(state.program, state.log, message) do
      {:events, log, events} ->
        events(%{state | log: log}, events)

      {:exited, events, status} ->
        state = events(state, events)
        gone(state, &Failure.exited(&1.config.name, status, &1.last, &1.program.path))

      {:closed, events, reason} ->
        state = events(state, events)
        gone(state, &Failure.closed(&1.config.name, reason))

      :other ->
        state
    end
  end

  defp events(state, events), do: Enum.reduce(events, state, &event/2)

  # After a fatal line the program is no longer ours to listen to.
  defp event(_event, %{program: nil} = state), do: state

  defp event({:log, level, text}, state) do
    Logger.log(level, text, outrigger: state.config.name)

    # Of what it said before it died only complaints are of interest, but also whether it said anything.
    %{state | last: if(level in [:warning, :error], do: text, else: state.last || "")}
  end

  defp event({:fatal, reason, text}, state) do
    error = Failure.fatal(reason, text, state.config.name, state.config.node)
    state |> close(@fatal_exit_ms) |> step({:gone, error})
  end

  defp event(:cookie, state) do
    Program.give_cookie(state.program, state.config)
    # It runs: whatever status it ends with is its own.
    %{state | last: state.last || ""}
  end

  defp event(event, state), do: step(state, event)

  # Its last lines may have held a fatal one, and then it is known to be gone.
  defp gone(%{program: nil} = state, _error), do: state

  defp gone(state, error) do
    error = error.(state)
    state |> close() |> step({:gone, error})
  end

  defp close(state, exit_timeout \\ Program.exit_timeout())
  defp close(%{program: nil} = state, _exit_timeout), do: state

  defp close(%{program: program} = state, exit_timeout) do
    Process.cancel_timer(state.timer)
    Program.close(program, exit_timeout)
    %{state | program: nil}
  end

  # It has had its time to start and gets none to leave.
  defp kill(state) do
    Program.kill(state.program)
    close(state)
  end

  defp step(state, input) do
    {life, actions} = Lifecycle.step(state.life, input, System.monotonic_time(:millisecond))
    Enum.each(actions, &perform(&1, state))
    %{state | life: life}
  end

  defp perform({:up, duration, attempts}, state) do
    log(:info, state, "has joined #{state.config.node} after #{duration} ms")
    measurements = %{duration: native(duration), attempts: attempts}
    Telemetry.execute([:outrigger, :node, :up], measurements, metadata(state))
  end

  defp perform({:down, uptime, %Error{} = error}, state) do
    log(:error, state, "is down after #{uptime} ms: #{error.message}")
    metadata = Map.put(metadata(state), :error, error)
    Telemetry.execute([:outrigger, :node, :down], %{uptime: native(uptime)}, metadata)
  end

  defp perform({:start_failed, error}, state) do
    log(:error, state, "could not be started again: #{error.message}")
  end

  defp perform({:retry, pause}, state) do
    log(:info, state, "will be started again in #{pause} ms")
    Process.send_after(self(), :start, pause)
  end

  # The caller of start_link gets the error, and it is his to report.
  defp perform({:give_up, _error}, _state), do: :ok

  defp log(level, %{config: %Config{name: name}}, text) do
    Logger.log(level, "Rust node #{name} #{text}", outrigger: name)
  end

  defp log(level, _state, text), do: Logger.log(level, "Rust node #{text}")

  defp metadata(%{config: config} = state) do
    %{name: config.server, node: config.name, os_pid: state.os_pid}
  end

  defp native(milliseconds), do: System.convert_time_unit(milliseconds, :millisecond, :native)
end
