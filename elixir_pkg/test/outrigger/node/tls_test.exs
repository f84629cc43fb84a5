defmodule Outrigger.Node.TlsTest do
  # The real binary beside a node with -proto_dist inet_tls, with certificates made for this run.
  use ExUnit.Case, async: true
  doctest Outrigger.Node.Tls

  alias Outrigger.Test.Cluster

  @host ~c"127.0.0.1"

  setup_all do
    folder = Path.join(System.tmp_dir!(), Cluster.unique("outrigger-tls"))
    File.mkdir_p!(folder)
    on_exit(fn -> File.rm_rf!(folder) end)
    {:ok, certificates(folder)}
  end

  # A CA, and one certificate for all nodes of this host.
  defp certificates(folder) do
    names = [dNSName: @host, iPAddress: <<127, 0, 0, 1>>]
    # Not of a curve: OTP 25 names their signatures in a way of its own, which rustls refuses.
    key = {:key, {:rsa, 2048, 65_537}}
    digest = {:digest, :sha256}
    peer = [key, digest, {:extensions, [{:Extension, {2, 5, 29, 17}, false, names}]}]
    chain = %{root: [key, digest], intermediates: [], peer: peer}
    data = :public_key.pkix_test_data(%{server_chain: chain, client_chain: chain})
    server = data[:server_config]
    # Each side trusts the root of the other: two roots.
    roots = Enum.uniq(server[:cacerts] ++ data[:client_config][:cacerts])
    {kind, key} = server[:key]

    files = %{
      cert: pem(folder, "node.pem", [{:Certificate, server[:cert], :not_encrypted}]),
      key: pem(folder, "node.key", [{kind, key, :not_encrypted}]),
      ca: pem(folder, "ca.pem", for(root <- roots, do: {:Certificate, root, :not_encrypted}))
    }

    File.chmod!(files.key, 0o400)

    common = [
      certfile: files.cert,
      keyfile: files.key,
      cacertfile: files.ca,
      verify: :verify_peer
    ]

    options = [server: [{:fail_if_no_peer_cert, true} | common], client: common]
    optfile = Path.join(folder, "ssl_dist.conf")
    File.write!(optfile, :io_lib.format(~c"~p.~n", [options]))
    # What the nodes log would come out between the lines of ExUnit.
    quiet = ["-kernel", "logger_level", "none"]
    Map.put(files, :args, ["-proto_dist", "inet_tls", "-ssl_dist_optfile", optfile | quiet])
  end

  defp pem(folder, name, entries) do
    path = Path.join(folder, name)
    File.write!(path, :public_key.pem_encode(entries))
    path
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
