defmodule Outrigger.Doctor do
  @schema [
    name: [type: :string, doc: "Long name that the Rust node is going to have."],
    sname: [type: :string, doc: "The same as a short name. Not both."],
    join: [type: {:list, :string}, default: [], doc: "Nodes to examine."],
    peers: [
      type: {:list, :string},
      default: [],
      doc: "Nodes to examine at `name@host=address:port`, without EPMD."
    ],
    cookie_file: [type: :string, doc: "File with the cookie."],
    epmd_port: [type: :string, default_doc: "`ERL_EPMD_PORT`, or 4369", doc: "Port of EPMD."],
    binary: [type: :string, default_doc: "as for `Outrigger.Node`", doc: "Path of the binary."]
  ]

  @moduledoc """
  Says what stops this machine and this cluster from working, with the remedy.

  Looks at the Elixir and OTP versions, EPMD, host names, the type of node names, the cookie and its file, the binary and the
  NIF. With nodes to examine it also has the binary dial them, see `Outrigger.Doctor.Cluster`. `mix outrigger.doctor` prints it.

  ## Options

  #{Outrigger.Options.docs(@schema)}

  ## Example

      {:ok, checks} = Outrigger.Doctor.run(join: ["app1@10.0.0.5"])
      Outrigger.Doctor.well?(checks)

  ## Limits

  It examines the machine and the user that it runs as, which should be those of the node. It needs no running application.
  """

  alias Outrigger.{Error, Options}
  alias Outrigger.Doctor.{Check, Cluster, Cookie, Epmd, Host, Names, Native, Report, Versions}
  alias Outrigger.Node.Program

  @doc "All checks, in the order in which they depend on each other."
  @spec run(keyword) :: {:ok, [Check.t()]} | {:error, Error.t()}
  def run(options \\ []) do
    with {:ok, options} <- Options.validate(options, @schema, __MODULE__),
         :ok <- one_name(options) do
      own = own(options)
      binary = options[:binary] || Program.default_path()
      binary_check = Native.binary(binary)
      own_name = own && elem(own, 1)

      local =
        Versions.checks() ++
          [binary_check, Native.nif(), Host.check(own_name)] ++
          epmd(own, options) ++
          Names.checks(own, options[:join]) ++
          [Cookie.check(options[:cookie_file])]

      {:ok, merge(local, cluster(binary_check, binary, options))}
    end
  end

  @doc "True if each check is ok. A warning is not well."
  @spec well?([Check.t()]) :: boolean
  def well?(checks), do: Report.worst(checks) == :ok

  defp one_name(options) do
    if options[:name] && options[:sname] do
      {:error,
       Error.new(
         :bad_option,
         "a node has either a long name or a short one: give --name or --sname"
       )}
    else
      :ok
    end
  end

  defp own(options) do
    cond do
      name = options[:name] -> {:long, name}
      name = options[:sname] -> {:short, name}
      true -> nil
    end
  end

  # Where all nodes are at known addresses there may well be no EPMD.
  defp epmd(nil, options) do
    if options[:join] == [] and options[:peers] != [], do: [], else: [epmd(options)]
  end

  defp epmd(_own, options), do: [epmd(options)]

  defp epmd(options), do: Epmd.check(options[:epmd_port] || System.get_env("ERL_EPMD_PORT"))

  defp cluster(binary_check, binary, options) do
    cond do
      options[:join] == [] and options[:peers] == [] ->
        []

      binary_check.status == :ok ->
        Cluster.checks(binary, arguments(options))

      true ->
        [
          Check.fail(
            "cluster",
            "not examined, since there is no usable binary",
            "see the check `binary`"
          )
        ]
    end
  end

  defp arguments(options) do
    Enum.concat([
      flag("--name", options[:name]),
      flag("--sname", options[:sname]),
      flag("--join", if(options[:join] != [], do: Enum.join(options[:join], ","))),
      Enum.flat_map(options[:peers], &["--peer", &1]),
      flag("--cookie-file", options[:cookie_file]),
      flag("--epmd-port", options[:epmd_port])
    ])
  end

  defp flag(_flag, nil), do: []
  defp flag(flag, value), do: [flag, value]

  # The binary examines this machine too. What was said already is not said twice.
  defp merge(local, cluster) do
    said = MapSet.new(local, & &1.check)
    local ++ Enum.reject(cluster, &(&1.check in said))
  end
end
