defmodule Outrigger do
  @moduledoc """
  A Rust node beside your cluster that takes the hot path.

  The Rust node joins as a hidden node of the Erlang distribution. A PubSub broadcast leaves your node as one send to it, whatever
  the number of nodes; it copies the bytes to all the others. When it is gone, broadcasts go directly, as they did before.
  Rate limits are decided by a NIF in your VM, and are exact over the cluster when the Rust node owns them.

  ## In an application

      # mix.exs
      {:outrigger, "~> 0.1"}

      # application.ex, in place of {Phoenix.PubSub, name: MyApp.PubSub}
      children = [
        Outrigger.Node,
        {Outrigger.PubSub, name: MyApp.PubSub}
      ]

  The application's nodes have to be distributed (`--name` or `--sname`, or `RELEASE_DISTRIBUTION` in a release) and share a
  cookie. If something is missing, `mix outrigger.doctor` says what and how to put it right.

  ## What is where

  | module | for |
  | --- | --- |
  | `Outrigger.Node` | the Rust node under your supervisor |
  | `Outrigger.PubSub` | publish and subscribe through it |
  | `Outrigger.Limit` | rate limits, of a node or of the whole cluster; `Outrigger.Limit.Slots` for how many at once |
  | `Outrigger.Doctor`, `mix outrigger.doctor` | what stops a machine or a cluster from working |
  | `Outrigger.Telemetry` | the events |
  | `Outrigger.Error` | the one exception |

  ## Conventions

    * Functions that can fail return `{:error, %Outrigger.Error{}}`, whose message names the remedy.
    * Options are checked when a child starts; an unknown one is an error.
    * Nothing runs by itself except one `:pg` scope, see `Outrigger.Application`.
    * No Hex package is required. `:telemetry` and `:phoenix_pubsub` are used if your application has them.

  ## Limits

  The binary and the NIF are built with cargo when the package is compiled, for the machine it is compiled on. OTP 25 to 29,
  Elixir 1.14 to 1.20.
  """

  @doc """
  The version of this package, which is also that of the binary and the NIF.

      iex> is_binary(Outrigger.version())
      true
  """
  @spec version() :: String.t()
  def version do
    # Mix tasks run without the application being loaded.
    _ = Application.load(:outrigger)
    :outrigger |> Application.spec(:vsn) |> to_string()
  end
end
