defmodule Outrigger.Binary.Keyboard do
  @moduledoc false

  # Keys for somebody else: what is typed goes to whoever reads first, so nobody here may read.
  #
  # Up to OTP 25 the process `user` reads standard input all the time, through a port. Nothing stops it but the end of that port, which is its own end as
  # well, and a new one afterwards. From OTP 26 on a process reads for it, and is suspended meanwhile.

  @doc """
  Calls the function while nobody here reads standard input.
  """
  @spec lend((() -> result)) :: result when result: var
  def lend(fun) do
    case {Process.whereis(:user_drv_reader), port()} do
      {reader, _} when is_pid(reader) -> suspended(reader, fun)
      {nil, {user, port}} -> without(user, port, fun)
      {nil, nil} -> fun.()
    end
  end

  defp port do
    with user when is_pid(user) <- Process.whereis(:user),
         {:links, links} <- Process.info(user, :links),
         port when is_port(port) <- Enum.find(links, &is_port/1),
         do: {user, port},
         else: (_ -> nil)
  end

  defp suspended(reader, fun) do
    :erlang.suspend_process(reader)

    try do
      fun.()
    after
      :erlang.resume_process(reader)
    end
  end

  defp without(user, port, fun) do
    monitor = Process.monitor(user)
    Port.close(port)

    receive do
      {:DOWN, ^monitor, :process, _pid, _reason} -> :ok
    end

    try do
      fun.()
    after
      # From OTP 26 on there is no such module.
      new = apply(:user, :start, [])
      if Process.group_leader() == user, do: Process.group_leader(self(), new)
    end
  end
end
