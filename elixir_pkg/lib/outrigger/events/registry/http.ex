defmodule Outrigger.Events.Registry.Http do
  @moduledoc """
  One HTTP/1.1 request over a connection of its own, with OTP's `:gen_tcp`, `:ssl` and packet parser.

  Everything that comes from the other side is bounded: the time of the whole exchange, the lines of the head, their number, and the body,
  whatever the status. This is why it is not `:httpc`: that one bounds no body but those of status 200, and its processes hold the
  headers of a request, credentials and all, where a crash report would print them. A registry is asked for each schema once, so a
  connection is not worth keeping.

  Redirects are answers like others: they are not followed.
  """

  alias Outrigger.Events.Registry.Tls

  @type request :: %{
          url: URI.t(),
          method: :get | :post,
          path: String.t(),
          headers: [{String.t(), String.t()}],
          body: String.t() | nil,
          timeout: pos_integer,
          max_bytes: pos_integer,
          tls: keyword
        }
  @type answer :: %{
          status: pos_integer,
          headers: %{optional(String.t()) => String.t()},
          body: binary
        }
  @type problem :: {:connect | :tls | :timeout | :closed | :protocol | :too_large, String.t()}

  @line 8_192
  @headers 100
  @piece 65_536

  @doc "Sends a request and reads the answer to its end."
  @spec request(request) :: {:ok, answer} | {:error, problem}
  def request(request) do
    until = now() + request.timeout

    with {:ok, socket} <- connect(request, until) do
      try do
        with :ok <- transmit(socket, request),
             {:ok, status, headers} <- head(socket, until),
             {:ok, body} <- body(socket, status, headers, request.max_bytes, until) do
          {:ok, %{status: status, headers: headers, body: body}}
        end
      catch
        # Thrown deep inside a body.
        {:wrong, problem} -> {:error, problem}
      after
        close(socket)
      end
    end
  end

  defp connect(%{url: url} = request, until) do
    {host, family} = Tls.address(url.host)

    options =
      family ++
        [
          :binary,
          active: false,
          packet: :http_bin,
          packet_size: @line,
          nodelay: true,
          send_timeout: request.timeout,
          send_timeout_close: true
        ]

    case url.scheme do
      "http" ->
        host |> :gen_tcp.connect(url.port, options, left(until)) |> connected(:gen_tcp)

      "https" ->
        with {:ok, tls} <- Tls.options(url.host, request.tls) do
          host |> :ssl.connect(url.port, options ++ tls, left(until)) |> connected(:ssl)
        end
    end
  end

  defp connected({:ok, socket}, transport), do: {:ok, {transport, socket}}

  defp connected({:error, :timeout}, _transport),
    do: {:error, {:timeout, "no connection in time"}}

  defp connected({:error, {:tls_alert, alert}}, :ssl), do: {:error, {:tls, Tls.alert(alert)}}

  defp connected({:error, {:options, _options}}, :ssl),
    do: {:error, {:tls, "TLS: an option is wrong, or a file of option :tls cannot be read"}}

  defp connected({:error, reason}, _transport) when is_atom(reason),
    do: {:error, {:connect, "no connection: #{:inet.format_error(reason)}"}}

  defp connected({:error, _reason}, _transport), do: {:error, {:connect, "no connection"}}

  defp transmit({transport, socket}, request) do
    method = request.method |> Atom.to_string() |> String.upcase()
    body = request.body || ""

    length =
      if request.body, do: [{"content-length", Integer.to_string(byte_size(body))}], else: []

    headers = [{"host", authority(request.url)}, {"connection", "close"}] ++ length

    lines = for {name, value} <- headers ++ request.headers, do: [name, ": ", value, "\r\n"]
    path = (request.url.path || "") <> request.path

    case transport.send(socket, [method, " ", path, " HTTP/1.1\r\n", lines, "\r\n", body]) do
      :ok -> :ok
      {:error, _reason} -> {:error, {:closed, "the connection was closed while sending"}}
    end
  end

  defp authority(%URI{host: host, port: port}) do
    host = if String.contains?(host, ":"), do: "[#{host}]", else: host
    "#{host}:#{port}"
  end

  defp head(socket, until) do
    case receive_some(socket, 0, until) do
      {:ok, {:http_response, _version, status, _reason}} when status in 200..999 ->
        headers(socket, status, %{}, 0, until)

      # An interim answer: the real one follows.
      {:ok, {:http_response, _version, _status, _reason}} ->
        with {:ok, _status, _headers} <- headers(socket, 100, %{}, 0, until) do
          set(socket, packet: :http_bin)
          head(socket, until)
        end

      {:ok, _other} ->
        {:error, {:protocol, "the answer is no HTTP"}}

      {:error, problem} ->
        {:error, problem}
    end
  end

  defp headers(_socket, _status, _headers, count, _until) when count > @headers,
    do: {:error, {:protocol, "the answer has more than #{@headers} headers"}}

  defp headers(socket, status, headers, count, until) do
    case receive_some(socket, 0, until) do
      {:ok, {:http_header, _, name, _, value}} ->
        name = name |> to_string() |> String.downcase()
        headers(socket, status, Map.put(headers, name, value), count + 1, until)

      {:ok, :http_eoh} ->
        {:ok, status, headers}

      {:ok, _other} ->
        {:error, {:protocol, "the answer has a header that is none"}}

      {:error, problem} ->
        {:error, problem}
    end
  end

  defp body(_socket, status, _headers, _max, _until) when status in [204, 304], do: {:ok, ""}

  defp body(socket, _status, headers, max, until) do
    chunked? = headers |> Map.get("transfer-encoding", "") |> String.downcase() == "chunked"

    case headers do
      _any when chunked? ->
        chunks(socket, [], 0, max, until)

      %{"content-length" => length} ->
        case Integer.parse(length) do
          {length, ""} when length > max -> {:error, too_large(max)}
          {length, ""} when length >= 0 -> raw(socket, length, until)
          _other -> {:error, {:protocol, "the answer has a content-length that is none"}}
        end

      _no_length ->
        set(socket, packet: :raw)
        to_end(socket, [], 0, max, until)
    end
  end

  defp raw(socket, length, until) do
    set(socket, packet: :raw)
    {:ok, socket |> pieces(length, [], until) |> IO.iodata_to_binary()}
  end

  defp pieces(_socket, 0, read, _until), do: Enum.reverse(read)

  defp pieces(socket, length, read, until) do
    piece = expect(receive_some(socket, min(length, @piece), until))
    pieces(socket, length - byte_size(piece), [piece | read], until)
  end

  defp to_end(socket, read, size, max, until) do
    case receive_some(socket, 0, until) do
      {:ok, piece} when size + byte_size(piece) > max -> {:error, too_large(max)}
      {:ok, piece} -> to_end(socket, [piece | read], size + byte_size(piece), max, until)
      {:error, {:closed, _text}} -> {:ok, read |> Enum.reverse() |> IO.iodata_to_binary()}
      {:error, problem} -> {:error, problem}
    end
  end

  # RFC 9112, section 7.1. What comes after the last chunk is of no interest: the connection ends here.
  defp chunks(socket, read, size, max, until) do
    set(socket, packet: :line)
    line = expect(receive_some(socket, 0, until))

    case Integer.parse(line, 16) do
      {0, _extension} ->
        {:ok, read |> Enum.reverse() |> IO.iodata_to_binary()}

      {length, _extension} when length > 0 and size + length > max ->
        {:error, too_large(max)}

      {length, _extension} when length > 0 ->
        set(socket, packet: :raw)
        chunk = pieces(socket, length, [], until)
        expect_line_end(expect(receive_some(socket, 2, until)))
        chunks(socket, [chunk | read], size + length, max, until)

      _other ->
        {:error, {:protocol, "the answer has a chunk without a length"}}
    end
  end

  defp expect({:ok, bytes}), do: bytes
  defp expect({:error, problem}), do: throw({:wrong, problem})

  defp expect_line_end("\r\n"), do: :ok
  defp expect_line_end(_other), do: throw({:wrong, {:protocol, "a chunk has no end"}})

  defp too_large(max),
    do:
      {:too_large,
       "the answer has more than #{max} bytes: raise option :max_bytes if it is wanted"}

  defp receive_some({transport, socket}, length, until) do
    case transport.recv(socket, length, left(until)) do
      {:ok, some} ->
        {:ok, some}

      {:error, :timeout} ->
        {:error, {:timeout, "no answer in time"}}

      {:error, :emsgsize} ->
        {:error, {:protocol, "a line of the answer is too long"}}

      {:error, {:tls_alert, alert}} ->
        {:error, {:tls, Tls.alert(alert)}}

      {:error, _reason} ->
        {:error, {:closed, "the connection was closed before the answer was whole"}}
    end
  end

  defp set({:gen_tcp, socket}, options), do: :inet.setopts(socket, options)
  defp set({:ssl, socket}, options), do: :ssl.setopts(socket, options)

  defp close({transport, socket}), do: transport.close(socket)

  defp now, do: System.monotonic_time(:millisecond)
  defp left(until), do: max(until - now(), 0)
end
