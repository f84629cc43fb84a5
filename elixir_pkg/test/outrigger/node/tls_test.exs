defmodule Outrigger.Node.TlsTest do
  # The real binary beside a node with -proto_dist inet_tls, with certificates made for this run.
  use ExUnit.Case, async: true
  doctest Outrigger.Node.Tls

  alias Outrigger.Test.Cluster

  setup_all do
    folder = Path.join(System.tmp_dir!(), Cluster.unique("outrigger-tls"))
    File.mkdir_p!(folder)
    on_exit(fn -> File.rm_rf!(folder) end)
    {:ok, certificates(folder)}
  end

  # A CA, and one certificate for all nodes of this host; as docs/tls.md shows it.
  defp certificates(folder) do
    openssl(folder, ~w(req -x509 -subj /CN=CA -keyout ca.key -out ca.pem))
    names = "subjectAltName=DNS:127.0.0.1,IP:127.0.0.1"
    openssl(folder, ~w(req -subj /CN=node -addext #{names} -keyout node.key -out node.csr))

    openssl(folder, [
      "x509" | ~w(-req -in node.csr -CA ca.pem -CAkey ca.key -copy_extensions copy -out node.pem)
    ])

    [cert, key, ca] = for name <- ~w(node.pem node.key ca.pem), do: Path.join(folder, name)
    File.chmod!(key, 0o400)
    common = [certfile: cert, keyfile: key, cacertfile: ca, verify: :verify_peer]
    options = [server: [{:fail_if_no_peer_cert, true} | common], client: common]
    optfile = Path.join(folder, "ssl_dist.conf")
    File.write!(optfile, :io_lib.format(~c"~p.~n", [options]))
    # What the nodes log would come out between the lines of ExUnit.
    quiet = ["-kernel", "logger_level", "none"]
    args = ["-proto_dist", "inet_tls", "-ssl_dist_optfile", optfile | quiet]
    %{cert: cert, key: key, ca: ca, args: args}
  end

  defp openssl(folder, [command | args]) do
    curve = ~w(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
    args = if command == "req", do: [command | curve ++ args], else: [command | args]
    {_, 0} = System.cmd("openssl", args, cd: folder, stderr_to_stdout: true)
  end

  defp start(member, options) do
    spec = Outrigger.Node.child_spec(options)
    Cluster.call(member, Supervisor, :start_child, [Outrigger.Supervisor, spec])
  end

  test "beside a node with TLS the Rust node takes the node's own files", %{args: args} do
    app = Cluster.start_node(args)
    assert {:ok, _pid} = start(app, [])
    assert [rust] = Cluster.call(app, Node, :list, [:hidden])
    assert Cluster.call(app, :net_adm, :ping, [rust]) == :pong
  end

  test "a certificate that does not hold is an error with the remedy", %{args: args} = own do
    folder = Path.join(Path.dirname(own.ca), "other")
    File.mkdir_p!(folder)
    other = certificates(folder)
    app = Cluster.start_node(args)
    options = [tls_cert: other.cert, tls_key: other.key, tls_ca: other.ca, log_level: :error]
    assert {:error, {%{reason: :tls_refused, message: message}, _child}} = start(app, options)
    assert message =~ "CA"
    assert message =~ "docs/tls.md"
  end

  test "files that are not there are named", %{args: args} = own do
    app = Cluster.start_node(args)
    options = [tls_cert: own.cert <> "x", tls_key: own.key, tls_ca: own.ca, log_level: :error]
    assert {:error, {%{reason: :bad_option, message: message}, _child}} = start(app, options)
    assert message =~ own.cert <> "x"
  end
end
