defmodule Outrigger.Node do
  @moduledoc """
  A Rust node beside this one, under your supervisor.

      children = [
        Outrigger.Node,
        {Outrigger.PubSub, name: MyApp.PubSub}
      ]

  The child starts the `outrigger` binary as a port. The binary joins this node, and those of `:join`, as a hidden node with
  this node's cookie. The child counts as started when it has really joined; otherwise the start fails with an
  `Outrigger.Error` that says what to do.

  ## Life and death

    * The **first** start must succeed within `:start_timeout`, or your supervisor gets the error.
    * When the Rust node **dies later**, it is started again by the same process: at once the first time, then with growing pauses up to
      30 s, for ever. Your supervisor's restart intensity is not touched. PubSub goes the direct way meanwhile.
    * When this **VM ends**, by whatever means, the Rust node sees the end of its standard input and leaves.
    * When the **child is stopped**, it waits for the Rust node to leave and kills it after 2 s.

  Its log goes to `Logger` with the metadata `outrigger: "name@host"`. The cookie reaches it through its standard input; it is in no
  argument, no environment and no log. See `Outrigger.Telemetry` for the events `[:outrigger, :node, :up | :down]`.

  ## Options

  #{Outrigger.Options.docs(Outrigger.Node.Config.schema())}

  ## Errors

  The reasons are listed in `Outrigger.Node.Failure`.

  ## Limits

  One Rust node per process; for a second one beside the same VM give `:name` and `:server`. This VM has to be distributed when the child
  starts, and its name has to stay the same.
  """

  alias Outrigger.Node.{Config, Server}

  @typedoc """
    * `:name` - full name of the Rust node;
    * `:os_pid` - its process number, `nil` while there is none;
    * `:state` - `:up` once it has joined this node, `:restarting` from its death until then;
    * `:joined` - names of the nodes it has links to;
    * `:error` - why it is not up.
  """
  @type info :: %{
          name: String.t(),
          os_pid: pos_integer | nil,
          state: :up | :restarting,
          joined: [String.t()],
          error: Outrigger.Error.t() | nil
        }

  @doc """
  The child specification. A `:cookie` is wrapped in it, so that no supervisor report shows it.
  """
  @spec child_spec(keyword) :: Supervisor.child_spec()
  def child_spec(options) do
    %{
      id:
        if(Keyword.keyword?(options),
          do: Keyword.get(options, :server, __MODULE__),
          else: __MODULE__
        ),
      start: {__MODULE__, :start_link, [Config.conceal(options)]},
      type: :worker,
      restart: :permanent,
      # Three seconds for the Rust node to leave in good order, two to leave at once, and some to spare.
      shutdown: 8_000
    }
  end

  @doc """
  Starts the Rust node and returns when it has joined this one.
  """
  @spec start_link(keyword) ::
          {:ok, pid} | {:error, Outrigger.Error.t() | {:already_started, pid}}
  def start_link(options \\ []), do: Server.start_link(options)

  @doc """
  How the Rust node is doing.

      Outrigger.Node.info()
      #=> %{name: "outrigger-app1@10.0.0.5", os_pid: 4711, state: :up, joined: ["app1@10.0.0.5"], error: nil}
  """
  @spec info(GenServer.server()) :: info
  def info(server \\ __MODULE__), do: GenServer.call(server, :info)

  @doc """
  The full name of the Rust node.
  """
  @spec name(GenServer.server()) :: String.t()
  def name(server \\ __MODULE__), do: info(server).name
end
