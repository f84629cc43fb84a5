defmodule Outrigger.Doctor.Epmd do
  @moduledoc """
  Does an EPMD answer on this machine? Asks it for its names, as `epmd -names` does.

  The request is `NAMES_REQ` of the Erlang distribution protocol: 2 bytes of length, then `n`. The answer is the port in 4
  bytes, a line of text per node, and the end of the connection.
  """

  alias Outrigger.Doctor.Check

  @timeout 2_000
  # Of a program that answers at EPMD's port and is none.
  @most_bytes 65_536

  @doc "`port` as text, since it comes from an option or from `ERL_EPMD_PORT`; `nil` for the usual one."
  @spec check(String.t() | nil) :: Check.t()
  def check(port) do
    case Integer.parse(port || "4369") do
      {number, ""} when number in 1..65_535 ->
        ask(number)

      _ ->
        Check.fail(
          "own epmd",
          "#{inspect(port)} is not a port",
          "set ERL_EPMD_PORT or --epmd-port to a number"
        )
    end
  end

  defp ask(port) do
    with {:ok, socket} <- connect(port),
         answer = names(socket),
         :gen_tcp.close(socket),
         {:ok, <<^port::32, lines::binary>>} <- answer do
      Check.ok("own epmd", "answers at port #{port}, #{registered(lines)}")
    else
      {:error, reason} ->
        Check.fail(
          "own epmd",
          "does not answer at port #{port} of this machine (#{:inet.format_error(reason)})",
          "start it with `epmd -daemon`, or give the port it listens on with ERL_EPMD_PORT"
        )

      {:ok, _other} ->
        Check.fail(
          "own epmd",
          "what listens at port #{port} is not an EPMD",
          "free the port, or set ERL_EPMD_PORT to another one on all machines of the cluster"
        )
    end
  end

  defp connect(port) do
    options = [:binary, active: false, packet: :raw]

    with {:error, _} <- :gen_tcp.connect({127, 0, 0, 1}, port, options, @timeout) do
      :gen_tcp.connect({0, 0, 0, 0, 0, 0, 0, 1}, port, [:inet6 | options], @timeout)
    end
  end

  defp names(socket) do
    with :ok <- :gen_tcp.send(socket, <<1::16, ?n>>), do: all(socket, "")
  end

  defp all(socket, read) do
    case :gen_tcp.recv(socket, 0, @timeout) do
      {:ok, more} when byte_size(read) + byte_size(more) < @most_bytes ->
        all(socket, read <> more)

      {:ok, _too_much} ->
        {:ok, read}

      {:error, :closed} ->
        {:ok, read}

      {:error, reason} ->
        {:error, reason}
    end
  end

  defp registered(lines) do
    case Regex.scan(~r/^name (\S+) at port \d+$/m, lines, capture: :all_but_first) do
      [] -> "no node is registered"
      names -> "registered: #{names |> List.flatten() |> Enum.join(", ")}"
    end
  end
end
