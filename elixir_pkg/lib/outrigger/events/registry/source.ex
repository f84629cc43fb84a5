defmodule Outrigger.Events.Registry.Source do
  @moduledoc """
  Where schemas come from: a registry over HTTP (`Outrigger.Events.Registry.Remote`) or a folder (`Outrigger.Events.Registry.Folder`).

  A source is a module with its configuration. Its functions run in a process of their own for each question, one at a time, and may wait.
  """

  alias Outrigger.Error
  alias Outrigger.Events.Registry.{Cache, Schema}

  @type t :: {module, term}
  @type found :: {:ok, Schema.t(), [Schema.ref()]} | {:error, Error.t()}

  @doc "One schema, its references not followed."
  @callback fetch(term, Cache.key()) :: found
  @callback versions(term, subject :: String.t()) :: {:ok, [pos_integer]} | {:error, Error.t()}
  @callback register(term, subject :: String.t(), Schema.draft()) ::
              {:ok, non_neg_integer} | {:error, Error.t()}
  @callback check(term, subject :: String.t(), Schema.draft(), pos_integer | :latest | :all) ::
              :ok | {:error, Error.t()}
end
