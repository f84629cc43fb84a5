defmodule Outrigger.Node.Secret do
  @moduledoc """
  Keeps the cookie out of logs.

  Supervisors print child specifications and processes print their state when something fails. A value inside a
  function is not printed by `inspect/1` or `~p`, so the cookie travels as a function from the child specification to
  the moment when it is written to the node.

  ## Example

      iex> secret = Outrigger.Node.Secret.wrap("monster")
      iex> inspect([cookie: secret]) =~ "monster"
      false
      iex> Outrigger.Node.Secret.reveal(secret)
      "monster"
  """

  @type t :: (() -> String.t())

  @doc "Wraps a cookie; one that is wrapped already stays as it is."
  @spec wrap(String.t() | atom | t) :: t
  def wrap(secret) when is_function(secret, 0), do: secret
  def wrap(secret) when is_atom(secret) or is_binary(secret), do: fn -> to_string(secret) end

  @doc "The cookie. Do not put it into a state, a message or an error."
  @spec reveal(t) :: String.t()
  def reveal(secret) when is_function(secret, 0), do: to_string(secret.())
end
