defmodule Outrigger.Watch.Label do
  @moduledoc """
  What may be a label: small things that name something. Whatever else an event carries is never kept.

  `tag/1` is on the way of each event and only looks; `text/1` is called once for each series.

      iex> alias Outrigger.Watch.Label
      iex> {Label.text(MyApp.Repo), Label.text("/users/:id"), Label.text(200), Label.text(Label.tag(%{password: "x"}))}
      {"MyApp.Repo", "/users/:id", "200", "other"}
  """

  # Bytes. A client names the events of channels and LiveViews.
  @longest 128
  @largest 1_000_000

  @other :"$other"

  @type tag :: atom | binary | integer

  @doc "The tag of what is beyond the bounds."
  @spec other() :: tag
  def other, do: @other

  @doc "The term itself if it can be a label, else `other/0`. `nil` is one: the label is left out."
  @spec tag(term) :: tag
  def tag(term) when is_atom(term), do: term
  def tag(term) when is_binary(term) and byte_size(term) <= @longest, do: term
  def tag(term) when is_integer(term) and term in -@largest..@largest, do: term
  def tag(_term), do: @other

  @doc "As a label's value."
  @spec text(tag) :: String.t()
  def text(@other), do: "other"
  def text(atom) when is_atom(atom), do: bounded(name(Atom.to_string(atom)))
  def text(integer) when is_integer(integer), do: Integer.to_string(integer)
  def text(binary) when is_binary(binary), do: bounded(binary)

  defp name("Elixir." <> module), do: module
  defp name(name), do: name

  # A part of a large message would keep all of it.
  defp bounded(text) do
    if byte_size(text) <= @longest and String.printable?(text),
      do: :binary.copy(text),
      else: "other"
  end
end
