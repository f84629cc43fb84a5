defmodule Outrigger.Error do
  @moduledoc """
  The one exception of this package.

  Functions that can fail return `{:error, %Outrigger.Error{}}`; their bang twins raise the same struct.

    * `:reason` - an atom to match on, such as `:cookie_refused` or `:bad_option`;
    * `:details` - a map with what was seen (the option, the path, the node); never a cookie;
    * `:message` - a sentence for a person: what failed, and what to do about it.

  Each module lists the reasons it can return.

  ## Example

      iex> error = Outrigger.Error.new(:missing_binary, "the file is not there", %{path: "priv/x"})
      iex> {error.reason, error.details.path, Exception.message(error)}
      {:missing_binary, "priv/x", "the file is not there"}
  """

  @type t :: %__MODULE__{reason: atom, details: map, message: String.t()}

  defexception [:reason, :message, details: %{}]

  @doc """
  Builds an error. `message` names the remedy where there is one.
  """
  @spec new(atom, String.t(), map) :: t
  def new(reason, message, details \\ %{})
      when is_atom(reason) and is_binary(message) and is_map(details) do
    %__MODULE__{reason: reason, message: message, details: details}
  end
end
