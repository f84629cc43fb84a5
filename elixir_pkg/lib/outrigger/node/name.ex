defmodule Outrigger.Node.Name do
  @moduledoc """
  Names of nodes, `short@host`, and their two types.

  A host with a dot or a colon in it (`app.example.com`, `127.0.0.1`, `::1`) makes a long name, any other a short one.
  Nodes of different types never connect to each other: the VM refuses the name before it dials.

  ## Example

      iex> Outrigger.Node.Name.parse("app1@127.0.0.1")
      {:ok, %{full: "app1@127.0.0.1", short: "app1", host: "127.0.0.1", type: :long}}
      iex> Outrigger.Node.Name.parse("app1")
      :error
  """

  @type type :: :long | :short
  @type t :: %{full: String.t(), short: String.t(), host: String.t(), type: type}

  # What EPMD and the handshake carry as a name; a node refuses more.
  @max_bytes 255
  @short ~r/\A[[:alnum:]_-]+\z/u
  @host ~r/\A[[:alnum:]_.:%-]+\z/u

  @doc "Takes a full name apart."
  @spec parse(String.t() | atom) :: {:ok, t} | :error
  def parse(name) when is_atom(name), do: name |> Atom.to_string() |> parse()

  def parse(name) when is_binary(name) and byte_size(name) <= @max_bytes do
    with [short, host] <- String.split(name, "@"),
         true <- Regex.match?(@short, short) and Regex.match?(@host, host) do
      {:ok, %{full: name, short: short, host: host, type: type(host)}}
    else
      _ -> :error
    end
  end

  def parse(_name), do: :error

  @doc "The type that a host part gives to a name."
  @spec type(String.t()) :: type
  def type(host), do: if(String.contains?(host, [".", ":"]), do: :long, else: :short)

  @doc "The flag with which a node of this type is started."
  @spec flag(type) :: String.t()
  def flag(:long), do: "--name"
  def flag(:short), do: "--sname"
end
