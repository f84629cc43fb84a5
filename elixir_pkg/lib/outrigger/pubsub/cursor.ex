defmodule Outrigger.PubSub.Cursor do
  @moduledoc """
  A place in the order of a prefix (`ordered: [...]`): that of a message, or of the moment of a subscription.

  The same message has the same cursor on every node, so a client may come back on another one. Of two cursors of a prefix the later one is the
  greater (`compare/2`); cursors of different prefixes have nothing to do with each other. What is in one is nobody's business.

  Clients get it as text:

      iex> cursor = Outrigger.PubSub.Cursor.new({1_000, :"router@host"}, 7)
      iex> text = Outrigger.PubSub.Cursor.encode(cursor)
      iex> Outrigger.PubSub.Cursor.decode(text) == {:ok, cursor}
      true
      iex> Outrigger.PubSub.Cursor.decode("what a client makes up")
      :error

  Text that was tampered with is an error or another cursor. With that one gets what is kept behind it of the topic that one may subscribe to, or
  `{:error, :gap}`, and nothing else. No atom is made of it.
  """

  @typedoc "Opaque: compare by `compare/2`."
  @opaque t :: {term_number :: non_neg_integer, router :: binary, number :: integer}

  @version 1
  @most 0x7FFFFFFFFFFFFFFF

  @doc false
  @spec new({non_neg_integer, node}, integer) :: t
  def new({term_number, router}, number), do: {term_number, Atom.to_string(router), number}

  @doc "The place ahead of everything."
  @spec beginning() :: t
  def beginning, do: {0, "", -1}

  @doc "Which one is later?"
  @spec compare(t, t) :: :lt | :eq | :gt
  def compare(a, b) when a < b, do: :lt
  def compare(a, b) when a > b, do: :gt
  def compare(_same, _place), do: :eq

  # A router never has two terms of one number, and two routers hardly ever.
  @doc false
  @spec numbers(t) :: {term_number :: non_neg_integer, number :: integer}
  def numbers({term_number, _router, number}), do: {term_number, number}

  @doc false
  @spec previous(t) :: t
  def previous({term_number, router, number}), do: {term_number, router, number - 1}

  # How many places of one term are from `a` to `b`.
  @doc false
  @spec between(t, t) :: integer
  def between({term_number, router, a}, {term_number, router, b}), do: b - a

  @doc false
  @spec same_term?(t, t) :: boolean
  def same_term?({number, router, _a}, {number, router, _b}), do: true
  def same_term?(_one, _other), do: false

  @doc "As text of letters, digits, `-` and `_`."
  @spec encode(t) :: String.t()
  def encode({term_number, router, number}) do
    Base.url_encode64(<<@version, term_number::64, number + 1::64, router::binary>>,
      padding: false
    )
  end

  @doc "The cursor of a text that `encode/1` has made."
  @spec decode(term) :: {:ok, t} | :error
  def decode(text) when is_binary(text) and byte_size(text) <= 400 do
    case Base.url_decode64(text, padding: false) do
      {:ok, <<@version, term_number::64, number::64, router::binary>>}
      when byte_size(router) <= 255 and term_number <= @most and number <= @most ->
        {:ok, {term_number, router, number - 1}}

      _another ->
        :error
    end
  end

  def decode(_too_long_or_no_text), do: :error
end
