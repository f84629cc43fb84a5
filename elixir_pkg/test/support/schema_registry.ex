defmodule Outrigger.Test.SchemaRegistry do
  @moduledoc """
  A schema registry for tests: Confluent's REST shapes over a socket, and whatever misbehaviour a test wants.

  Each request is kept, and is answered by the next behaviour of the script, or by the standing one:

    * `:answer` - as a registry does, from what `put/3` has put;
    * `{:status, status, headers, body}`, `{:raw, bytes}` - this, and the connection is closed;
    * `:hang` - nothing, with the connection open; `:gate` - as `:answer`, once `release/1` is called;
    * `:endless` - a body without an end, until the client has had enough.
  """

  use GenServer

  @media "application/vnd.schemaregistry.v1+json"

  def start_link(options \\ []), do: GenServer.start_link(__MODULE__, options)

  def url(server), do: GenServer.call(server, :url)
  @doc "Answers to `GET path` with this map as JSON."
  def put(server, path, answer), do: GenServer.call(server, {:put, path, answer})
  def always(server, behaviour), do: GenServer.call(server, {:always, behaviour})
  def script(server, behaviours), do: GenServer.call(server, {:script, behaviours})
  def requests(server), do: GenServer.call(server, :requests)
  def paths(server), do: for(request <- requests(server), do: request.path)
  def release(server), do: GenServer.call(server, :release)
  @doc "Closes the connections that wait for `release/1` without an answer."
  def drop(server), do: GenServer.call(server, :drop)
  @doc "From now on connections are refused, until `up/1`, on the same port."
  def down(server), do: GenServer.call(server, :down)
  def up(server), do: GenServer.call(server, :up)
  @doc "Sends `{:request, path}` to the calling process for each request."
  def watch(server), do: GenServer.call(server, {:watch, self()})

  @impl true
  def init(options) do
    state = %{
      tls: options[:tls],
      port: 0,
      listener: nil,
      answers: %{},
      always: :answer,
      script: [],
      requests: [],
      gated: [],
      watchers: []
    }

    {:ok, listen(state)}
  end

  @impl true
  def handle_call(:url, _from, state) do
    scheme = if state.tls, do: "https", else: "http"
    {:reply, "#{scheme}://127.0.0.1:#{state.port}", state}
  end

  def handle_call({:put, path, answer}, _from, state),
    do: {:reply, :ok, put_in(state.answers[path], answer)}

  def handle_call({:always, behaviour}, _from, state),
    do: {:reply, :ok, %{state | always: behaviour}}

  def handle_call({:script, script}, _from, state), do: {:reply, :ok, %{state | script: script}}
  def handle_call(:requests, _from, state), do: {:reply, Enum.reverse(state.requests), state}

  def handle_call({:watch, pid}, _from, state),
    do: {:reply, :ok, %{state | watchers: [pid | state.watchers]}}

  def handle_call(:release, _from, state) do
    Enum.each(state.gated, &GenServer.reply(&1, :ok))
    {:reply, :ok, %{state | gated: [], always: :answer}}
  end

  def handle_call(:drop, _from, state) do
    Enum.each(state.gated, &GenServer.reply(&1, :drop))
    {:reply, :ok, %{state | gated: [], always: {:raw, ""}}}
  end

  # It was released before it got here.
  def handle_call(:gate, _from, %{always: :answer} = state), do: {:reply, :ok, state}
  def handle_call(:gate, _from, %{always: {:raw, _}} = state), do: {:reply, :drop, state}
  def handle_call(:gate, from, state), do: {:noreply, %{state | gated: [from | state.gated]}}

  def handle_call(:down, _from, state) do
    close(state.listener)
    {:reply, :ok, %{state | listener: nil}}
  end

  def handle_call(:up, _from, state), do: {:reply, :ok, listen(state)}

  def handle_call({:request, request}, _from, state) do
    for pid <- state.watchers, do: send(pid, {:request, request.path})

    {behaviour, script} =
      case state.script do
        [behaviour | script] -> {behaviour, script}
        [] -> {state.always, []}
      end

    answer = Map.get(state.answers, request.path, :none)
    state = %{state | script: script, requests: [request | state.requests]}
    {:reply, {behaviour, answer}, state}
  end

  defp listen(state) do
    options = [:binary, active: false, reuseaddr: true, ip: {127, 0, 0, 1}, backlog: 1_024]

    {:ok, listener} =
      if state.tls do
        with {:ok, socket} <- :ssl.listen(state.port, options ++ state.tls),
             do: {:ok, {:ssl, socket}}
      else
        with {:ok, socket} <- :gen_tcp.listen(state.port, options), do: {:ok, {:gen_tcp, socket}}
      end

    server = self()
    spawn_link(fn -> accept(listener, server) end)
    %{state | listener: listener, port: port(listener)}
  end

  defp port({:gen_tcp, socket}), do: elem(:inet.port(socket), 1)
  defp port({:ssl, socket}), do: :ssl.sockname(socket) |> elem(1) |> elem(1)

  defp close({transport, socket}), do: transport.close(socket)

  defp accept({:gen_tcp, listener} = own, server) do
    case :gen_tcp.accept(listener) do
      {:ok, socket} ->
        serve({:gen_tcp, socket}, server)
        accept(own, server)

      {:error, _closed} ->
        :ok
    end
  end

  defp accept({:ssl, listener} = own, server) do
    with {:ok, socket} <- :ssl.transport_accept(listener) do
      case :ssl.handshake(socket) do
        {:ok, socket} -> serve({:ssl, socket}, server)
        {:error, _alert} -> :ok
      end

      accept(own, server)
    end
  end

  defp serve({transport, socket}, server) do
    pid =
      spawn(fn ->
        receive do: (:yours -> :ok)
        connection({transport, socket}, server)
      end)

    transport.controlling_process(socket, pid)
    send(pid, :yours)
  end

  defp connection({transport, socket} = connection, server) do
    with {:ok, request} <- read(connection, "") do
      {behaviour, answer} = GenServer.call(server, {:request, request}, :infinity)
      behave(behaviour, answer, connection, server)
      transport.close(socket)
    end
  end

  defp behave(:answer, answer, connection, _server), do: answer(answer, connection)

  defp behave(:gate, answer, connection, server) do
    if GenServer.call(server, :gate, :infinity) == :ok, do: answer(answer, connection)
  end

  defp behave({:status, status, headers, body}, _answer, connection, _server),
    do: respond(connection, status, headers, body)

  defp behave({:raw, bytes}, _answer, {transport, socket}, _server),
    do: transport.send(socket, bytes)

  defp behave(:hang, _answer, {transport, socket}, _server), do: transport.recv(socket, 0)

  defp behave(:endless, _answer, {transport, socket}, _server) do
    transport.send(socket, "HTTP/1.1 500 Oh\r\ncontent-type: application/json\r\n\r\n")
    endless(transport, socket)
  end

  defp endless(transport, socket) do
    if transport.send(socket, String.duplicate(" ", 65_536)) == :ok,
      do: endless(transport, socket)
  end

  defp answer(:none, connection) do
    body = ~s({"error_code": 40403, "message": "Schema not found"})
    respond(connection, 404, [], body)
  end

  defp answer(answer, connection),
    do: respond(connection, 200, [], Outrigger.Events.JSON.encode!(answer))

  defp respond({transport, socket}, status, headers, body) do
    headers = Map.merge(%{"content-type" => @media}, Map.new(headers))
    lines = for {name, value} <- headers, do: "#{name}: #{value}\r\n"

    transport.send(socket, [
      "HTTP/1.1 #{status} It\r\n",
      lines,
      "content-length: #{byte_size(body)}\r\n\r\n",
      body
    ])
  end

  defp read({transport, socket} = connection, read) do
    with {:ok, bytes} <- transport.recv(socket, 0) do
      read = read <> bytes

      case String.split(read, "\r\n\r\n", parts: 2) do
        [head, body] -> request(connection, head, body)
        [_part] -> read(connection, read)
      end
    end
  end

  defp request({transport, socket}, head, body) do
    [first | lines] = String.split(head, "\r\n")
    [method, path, _version] = String.split(first, " ")

    headers =
      for line <- lines, [name, value] = String.split(line, ": ", parts: 2), into: %{} do
        {String.downcase(name), value}
      end

    left = String.to_integer(Map.get(headers, "content-length", "0")) - byte_size(body)
    rest = if left > 0, do: elem(transport.recv(socket, left), 1), else: ""
    {:ok, %{method: method, path: path, headers: headers, body: body <> rest}}
  end
end
