defmodule Outrigger.Node.Config do
  @moduledoc """
  Options of `Outrigger.Node`, and what follows from them and from the VM: one struct with all that a start needs.

  `resolve/2` reads nothing itself. The facts of the VM come in as an argument (`Outrigger.Node.Vm.read/0`), so each
  combination can be tested without a cluster. The struct holds the cookie only wrapped (`Outrigger.Node.Secret`), and the
  arguments never hold it.

  Errors: `:bad_option`, `:not_distributed`, `:name_mismatch`.
  """

  alias Outrigger.{Error, Options}
  alias Outrigger.Node.{Name, Secret, Vm}

  @schema [
    name: [
      type: {:or, [:string, :atom]},
      default_doc: "`outrigger-` and the short name of this node",
      doc:
        "Name of the Rust node. Without `@host` it gets the host of this node. Each name is used once per cluster."
    ],
    join: [
      type: {:list, {:or, [:atom, :string]}},
      default: [],
      doc: "Nodes to join besides this one, such as `[:\"app2@10.0.0.6\"]`."
    ],
    peers: [
      type: {:list, :string},
      default: [],
      doc:
        "Nodes at known addresses, as `\"name@host=address:port\"`. They are joined without asking EPMD. " <>
          "List this node too if it runs without EPMD on a port that changes."
    ],
    epmd: [
      type: :boolean,
      default: true,
      doc:
        "`false` runs the Rust node without EPMD: it registers nowhere and knows only `:peers`."
    ],
    listen: [
      type: :string,
      default_doc: "the address of the name's host",
      doc: "IP address, with or without a port, on which the Rust node accepts other nodes."
    ],
    cookie: [
      type: {:or, [:string, :atom]},
      secret: true,
      default_doc: "the cookie of this node",
      doc: "Cookie of the Rust node."
    ],
    tls_cert: [
      type: :string,
      default_doc: "that of this node, if it was started with `-ssl_dist_optfile`",
      doc:
        "With TLS distribution (`-proto_dist inet_tls`): PEM file of the Rust node's certificate."
    ],
    tls_key: [
      type: :string,
      default_doc: "as `:tls_cert`",
      doc: "PEM file of its key."
    ],
    tls_ca: [
      type: :string,
      default_doc: "as `:tls_cert`",
      doc: "PEM file of the CAs that the certificates of other nodes may come from."
    ],
    start_timeout: [
      type: :pos_integer,
      default: 5_000,
      doc: "Milliseconds until the Rust node must have joined this node."
    ],
    log_level: [
      type: {:in, [:debug, :info, :warning, :error]},
      default: :info,
      doc: "The least important level that the Rust node logs."
    ],
    threads: [
      type: :pos_integer,
      default: 1,
      doc: "Threads of the Rust node that serve links."
    ],
    pubsub_queue: [
      type: {:or, [:pos_integer, :string]},
      default_doc: "`\"32MiB\"`",
      doc:
        "How much may wait at the Rust node for each node that reads more slowly than others publish: bytes, or such as " <>
          "`\"8MiB\"`. A full queue costs that node messages, and the others nothing."
    ],
    pubsub_policy: [
      type: :string,
      default_doc: "`drop_oldest` for all topics",
      doc:
        "What becomes of messages for which there is no room in such a queue, as `\"presence:*=keep_latest,metrics:*=drop_oldest\"`. " <>
          "Policies: `drop_oldest`, `drop_newest`, `keep_latest` (the newest message of each topic stays), `disconnect` (the " <>
          "slow node's link ends). The longest pattern that fits a topic counts."
    ],
    gates: [
      type: :string,
      doc:
        "A file of gates (`outrigger.toml`) that the Rust node judges over and over, for `Outrigger.Gate` on each node."
    ],
    server: [
      type: :atom,
      default: Outrigger.Node,
      doc: "Local name of the process, for a second Rust node beside the same VM."
    ],
    binary: [
      type: :string,
      default_doc:
        "`config :outrigger, :binary`, `OUTRIGGER_BINARY`, or the one in `priv/native`",
      doc: "Path of the binary."
    ]
  ]

  @enforce_keys [:name, :node, :args, :cookie, :start_timeout, :server, :binary]
  defstruct @enforce_keys

  @typedoc """
  `name` is the full name of the Rust node, `node` that of this VM, `args` what the binary is started with.
  """
  @type t :: %__MODULE__{
          name: String.t(),
          node: String.t(),
          args: [String.t()],
          cookie: Secret.t(),
          start_timeout: pos_integer,
          server: atom,
          binary: Path.t() | nil
        }

  @doc "The schema of the options."
  @spec schema() :: Options.schema()
  def schema, do: @schema

  @doc """
  Wraps the cookie in options, so that no supervisor prints it. Options of a wrong shape are left as they are, for
  `resolve/2` to complain about.
  """
  @spec conceal(keyword) :: keyword
  def conceal(options) do
    if Keyword.keyword?(options) and Keyword.has_key?(options, :cookie) do
      Keyword.update!(options, :cookie, &conceal_value/1)
    else
      options
    end
  end

  defp conceal_value(cookie) when is_atom(cookie) or is_binary(cookie), do: Secret.wrap(cookie)
  defp conceal_value(other), do: other

  @doc "Checks the options and works out how to start the binary."
  @spec resolve(keyword, Vm.t()) :: {:ok, t} | {:error, Error.t()}
  def resolve(options, vm) do
    with {:ok, options} <- validate(options),
         :ok <- distributed(vm),
         {:ok, name} <- own_name(options[:name], vm),
         {:ok, join} <- names(options[:join], vm),
         {:ok, peers} <- peers(options, vm),
         {:ok, tls} <- tls(options, vm),
         {:ok, cookie} <- cookie(options[:cookie], vm) do
      {:ok,
       %__MODULE__{
         name: name,
         node: vm.node,
         args: args(name, Enum.uniq([vm.node | join]), peers, options, vm) ++ tls,
         cookie: cookie,
         start_timeout: options[:start_timeout],
         server: options[:server],
         binary: options[:binary]
       }}
    end
  end

  # A concealed cookie is shown to the schema as what it conceals.
  defp validate(options) do
    shown =
      case Keyword.keyword?(options) && options[:cookie] do
        secret when is_function(secret, 0) ->
          Keyword.put(options, :cookie, Secret.reveal(secret))

        _ ->
          options
      end

    with {:ok, valid} <- Options.validate(shown, @schema, Outrigger.Node) do
      {:ok, conceal(valid)}
    end
  end

  defp distributed(%{node: nil}) do
    {:error,
     Error.new(
       :not_distributed,
       "this VM is not distributed, so there is nothing to join. Start it with a name and a cookie " <>
         "(elixir --name app@host --cookie ..., iex --sname app, or RELEASE_DISTRIBUTION=name in a release)."
     )}
  end

  defp distributed(_vm), do: :ok

  defp own_name(nil, vm), do: own_name("outrigger-" <> parse!(vm.node).short, vm)

  defp own_name(name, vm) do
    name = to_string(name)
    full = if String.contains?(name, "@"), do: name, else: name <> "@" <> parse!(vm.node).host

    with {:ok, ^full} <- check(:name, full, vm) do
      if full == vm.node do
        bad(:name, name, "#{full} is the name of this node: give the Rust node one of its own")
      else
        {:ok, full}
      end
    end
  end

  defp parse!(node) do
    {:ok, parsed} = Name.parse(node)
    parsed
  end

  defp names(join, vm) do
    Enum.reduce_while(join, {:ok, []}, fn name, {:ok, names} ->
      case check(:join, to_string(name), vm) do
        {:ok, full} -> {:cont, {:ok, names ++ [full]}}
        {:error, error} -> {:halt, {:error, error}}
      end
    end)
  end

  defp check(option, name, vm) do
    case Name.parse(name) do
      {:ok, %{type: type}} when type == vm.type ->
        {:ok, name}

      {:ok, %{type: type}} ->
        {:error,
         Error.new(
           :name_mismatch,
           "#{name} (option #{inspect(option)}) is a #{type} name, but this node, #{vm.node}, was started with " <>
             "#{vm.type} names. Nodes of the two kinds never connect: give it a host #{host_hint(vm.type)}.",
           %{option: option, name: name, node: vm.node}
         )}

      :error ->
        bad(option, name, "#{inspect(name)} is not a node name such as app@10.0.0.5")
    end
  end

  defp host_hint(:long), do: "with a dot (a full host name or an IP address)"
  defp host_hint(:short), do: "without a dot, or start all nodes with long names (--name)"

  defp peers(options, vm) do
    given = options[:peers]

    cond do
      wrong = Enum.find(given, &(not String.match?(&1, ~r/\A[^=,]+@[^=,]+=.+:\d{1,5}\z/))) ->
        bad(:peers, wrong, "#{inspect(wrong)} is not of the form name@host=address:port")

      options[:epmd] or Enum.any?(given, &String.starts_with?(&1, vm.node <> "=")) ->
        {:ok, given}

      vm.fixed_port ->
        {:ok, [own_address(vm) | given]}

      true ->
        bad(
          :peers,
          given,
          "with epmd: false the Rust node has to be told where this node listens: start the VM with " <>
            "-erl_epmd_port PORT, or add \"#{vm.node}=address:port\" to :peers"
        )
    end
  end

  defp own_address(vm) do
    host = parse!(vm.node).host
    host = if String.contains?(host, ":"), do: "[#{host}]", else: host
    "#{vm.node}=#{host}:#{vm.fixed_port}"
  end

  # TLS is for all links of a node or for none, so the Rust node does as this one.
  defp tls(options, %{tls: of_vm} = vm) do
    given = %{cert: options[:tls_cert], key: options[:tls_key], ca: options[:tls_ca]}
    missing = Enum.filter([:tls_cert, :tls_key, :tls_ca], &is_nil(options[&1]))

    cond do
      of_vm && missing == [] -> {:ok, tls_flags(given)}
      is_nil(of_vm) && length(missing) == 3 -> {:ok, []}
      is_map(of_vm) && length(missing) == 3 -> {:ok, tls_flags(of_vm)}
      true -> bad(:tls_cert, options[:tls_cert], tls_problem(of_vm, missing, vm))
    end
  end

  defp tls_flags(files),
    do: ["--tls-cert", files.cert, "--tls-key", files.key, "--tls-ca", files.ca]

  defp tls_problem(nil, _missing, vm) do
    "#{vm.node} does not speak TLS distribution: start it with -proto_dist inet_tls, or leave out the options " <>
      ":tls_cert, :tls_key and :tls_ca"
  end

  defp tls_problem(_tls, missing, vm) do
    "#{vm.node} speaks TLS distribution: give the Rust node its files, too (missing: #{Enum.map_join(missing, ", ", &inspect/1)}), " <>
      "or none where -ssl_dist_optfile names certfile, keyfile and cacertfile for the server"
  end

  # The cookie is one line to the binary.
  defp cookie(option, vm) do
    secret = option || vm.cookie

    if Secret.reveal(secret) =~ ~r/\A[^\r\n]+\z/u do
      {:ok, secret}
    else
      bad(:cookie, nil, "the cookie is empty or has a line break in it")
    end
  end

  # The first node of --join is the one that has to be joined before the binary says `ready`.
  defp args(name, join, peers, options, vm) do
    parsed = parse!(name)

    [["node", "--supervised", Name.flag(parsed.type), name], ["--join", Enum.join(join, ",")]]
    |> Enum.concat(Enum.map(peers, &["--peer", &1]))
    |> Enum.concat([
      if(options[:epmd], do: [], else: ["--no-epmd"]),
      flag("--epmd-port", vm.epmd_port),
      flag("--listen", options[:listen]),
      flag("--net-ticktime", vm.ticktime),
      flag("--log-level", options[:log_level]),
      flag("--threads", options[:threads]),
      flag("--pubsub-queue", options[:pubsub_queue]),
      flag("--pubsub-policy", options[:pubsub_policy]),
      flag("--gates", options[:gates])
    ])
    |> Enum.concat()
  end

  defp flag(_flag, nil), do: []
  defp flag(flag, value), do: [flag, to_string(value)]

  defp bad(option, value, message) do
    {:error,
     Error.new(:bad_option, "Outrigger.Node: #{message}", %{option: option, value: value})}
  end
end
