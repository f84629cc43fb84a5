defmodule Outrigger.Node.ConfigTest do
  use ExUnit.Case, async: true

  alias Outrigger.Error
  alias Outrigger.Node.{Config, Secret}

  # A function cannot stand in an attribute, so this one can't hold the cookie.
  @long %{
    node: "app1@10.0.0.5",
    type: :long,
    ticktime: 60,
    epmd_port: nil,
    fixed_port: nil,
    tls: nil
  }

  defp long(changes \\ %{}) do
    @long |> Map.put(:cookie, Secret.wrap("hush_hush")) |> Map.merge(changes)
  end

  defp short, do: long(%{node: "app1@box", type: :short})

  defp resolve!(options, vm) do
    assert {:ok, config} = Config.resolve(options, vm)
    config
  end

  defp refused(options, vm) do
    assert {:error, %Error{} = error} = Config.resolve(options, vm)
    error
  end

  test "nothing given: everything follows from the VM" do
    config = resolve!([], long())
    assert {config.name, config.node} == {"outrigger-app1@10.0.0.5", "app1@10.0.0.5"}

    assert config.args ==
             ~w(node --supervised --name outrigger-app1@10.0.0.5 --join app1@10.0.0.5) ++
               ~w(--net-ticktime 60 --log-level info --threads 1)

    assert Secret.reveal(config.cookie) == "hush_hush"
    assert {config.start_timeout, config.server, config.binary} == {5_000, Outrigger.Node, nil}
  end

  test "short names" do
    assert ["node", "--supervised", "--sname", "outrigger-app1@box" | _] =
             resolve!([], short()).args
  end

  test "the own node is joined first, and once" do
    config = resolve!([name: "r", join: [:"b@10.0.0.6", "app1@10.0.0.5", "b@10.0.0.6"]], long())
    assert config.name == "r@10.0.0.5"
    assert "app1@10.0.0.5,b@10.0.0.6" in config.args
  end

  test "every option reaches the arguments" do
    options = [
      name: :"r@10.0.0.9",
      peers: ["b@h.d=[::1]:9"],
      listen: "0.0.0.0:9100",
      log_level: :debug,
      threads: 4,
      pubsub_queue: "8MiB",
      pubsub_policy: "presence:*=keep_latest",
      gates: "/etc/outrigger.toml"
    ]

    args = Enum.join(resolve!(options, long(%{epmd_port: "4400", ticktime: nil})).args, " ")
    assert args =~ "--name r@10.0.0.9 "

    assert args =~
             "--peer b@h.d=[::1]:9 --epmd-port 4400 --listen 0.0.0.0:9100 --log-level debug --threads 4"

    assert args =~
             "--pubsub-queue 8MiB --pubsub-policy presence:*=keep_latest --gates /etc/outrigger.toml"

    refute args =~ "ticktime"
  end

  test "without EPMD the address of this node comes from -erl_epmd_port or from :peers" do
    args = Enum.join(resolve!([epmd: false], long(%{fixed_port: "9100"})).args, " ")
    assert args =~ "--peer app1@10.0.0.5=10.0.0.5:9100 --no-epmd"

    peers = ["app1@10.0.0.5=127.0.0.1:9200"]
    args = Enum.join(resolve!([epmd: false, peers: peers], long(%{fixed_port: "9100"})).args, " ")
    assert args =~ "--peer app1@10.0.0.5=127.0.0.1:9200 --no-epmd"

    assert %{reason: :bad_option, message: message} = refused([epmd: false], long())
    assert message =~ "-erl_epmd_port"
  end

  test "TLS as this node: its files, others, or an error that names what to do" do
    files = %{cert: "/n.pem", key: "/n.key", ca: "/ca.pem"}
    own = ~w(--tls-cert /n.pem --tls-key /n.key --tls-ca /ca.pem)
    assert Enum.take(resolve!([], long(%{tls: files})).args, -6) == own
    given = [tls_cert: "c", tls_key: "k", tls_ca: "a"]
    other = ~w(--tls-cert c --tls-key k --tls-ca a)

    for tls <- [files, :unknown] do
      assert Enum.take(resolve!(given, long(%{tls: tls})).args, -6) == other
    end

    assert refused([], long(%{tls: :unknown})).message =~ "missing: :tls_cert, :tls_key, :tls_ca"
    assert refused([tls_cert: "c"], long(%{tls: files})).message =~ "missing: :tls_key, :tls_ca"
    assert refused(given, long()).message =~ "-proto_dist inet_tls"
  end

  test "a VM without distribution" do
    assert %{reason: :not_distributed, message: message} = refused([], long(%{node: nil}))
    assert message =~ "--name"
  end

  test "long and short names do not mix" do
    assert %{reason: :name_mismatch, message: message} = refused([join: [:b@box]], long())

    assert message =~
             "b@box (option :join) is a short name, but this node, app1@10.0.0.5, was started with long"

    assert %{reason: :name_mismatch} = refused([name: "r@10.0.0.9"], short())
  end

  test "names and peers that are none" do
    assert refused([join: ["b"]], long()).message =~ ~s("b" is not a node name)
    assert refused([name: "r 1"], long()).message =~ "is not a node name"
    assert refused([name: "app1"], long()).message =~ "is the name of this node"
    assert refused([peers: ["b@h.d"]], long()).message =~ "name@host=address:port"
  end

  test "options are checked against the schema" do
    assert refused([naem: "r"], long()).message =~ "did you mean :name?"
    assert refused([start_timeout: 0], long()).message =~ "positive integer"
    assert refused(:oops, long()).reason == :bad_option
  end

  test "the cookie is shown nowhere, and may be given concealed or not" do
    for cookie <- ["hush_hush", :hush_hush, Secret.wrap("hush_hush")] do
      config = resolve!([cookie: cookie], long(%{cookie: Secret.wrap("other")}))
      assert Secret.reveal(config.cookie) == "hush_hush"
      refute inspect(config, limit: :infinity) =~ "hush_hush"
    end

    refute inspect(Outrigger.Node.child_spec(cookie: "hush_hush")) =~ "hush_hush"
    refute inspect(refused([cookie: "hush_hush\nx"], long())) =~ "hush_hush"
    assert refused([cookie: ""], long()).message =~ "cookie is empty"
    assert refused([cookie: 17], long()).message =~ "not shown"
  end
end
