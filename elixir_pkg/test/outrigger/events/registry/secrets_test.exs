defmodule Outrigger.Events.Registry.SecretsTest do
  @moduledoc "Credentials and certificates: they arrive, and are shown nowhere."
  # Captures all that is logged.
  use ExUnit.Case, async: false
  import ExUnit.CaptureLog

  alias Outrigger.Events.Registry
  alias Outrigger.Test.{Cluster, SchemaRegistry}

  @secret "s3cr3t-of-this-test"

  defp name, do: :"#{__MODULE__}.#{System.unique_integer([:positive])}"

  defp arrived(auth) do
    server = start_supervised!({SchemaRegistry, []}, id: make_ref())
    SchemaRegistry.put(server, "/schemas/ids/1", %{schema: "\"int\""})
    name = name()

    pid =
      start_supervised!(
        {Registry, name: name, url: SchemaRegistry.url(server), auth: auth, retries: 0}
      )

    result = Registry.schema(name, 1)

    refute inspect({:sys.get_state(pid), result}, limit: :infinity, printable_limit: :infinity) =~
             @secret

    headers = for request <- SchemaRegistry.requests(server), do: request.headers["authorization"]
    {headers, result}
  end

  test "arrive by value and by function" do
    basic = "Basic " <> Base.encode64("ada:" <> @secret)
    bearer = "Bearer " <> @secret
    assert {[^basic], {:ok, _schema}} = arrived({:basic, "ada", @secret})
    assert {[^bearer], {:ok, _schema}} = arrived({:bearer, @secret})
    assert {[^bearer], {:ok, _schema}} = arrived(fn -> {:bearer, @secret} end)
    assert {[nil], {:ok, _schema}} = arrived(fn -> nil end)
  end

  test "a function that does not give any is an error without what it gave, and nothing is sent" do
    for auth <- [
          fn -> raise @secret end,
          fn -> throw(@secret) end,
          fn -> @secret end,
          fn -> {:bearer, @secret <> "\r\nx: y"} end
        ] do
      log =
        capture_log(fn ->
          assert {[], {:error, %{reason: :no_credentials} = error}} = arrived(auth)
          refute inspect(error) =~ @secret
        end)

      refute log =~ @secret
    end
  end

  test "are not in the child specification, in errors, or in what a crash logs" do
    server = start_supervised!(SchemaRegistry)
    name = name()
    url = SchemaRegistry.url(server)

    spec =
      Registry.child_spec(
        name: name,
        url: url,
        auth: {:bearer, @secret},
        tls: [password: @secret]
      )

    refute inspect(spec) =~ @secret

    log =
      capture_log(fn ->
        pid = start_supervised!(spec)

        SchemaRegistry.always(
          server,
          {:status, 401, [], ~s({"error_code": 401, "message": "No"})}
        )

        assert {:error, %{reason: :refused} = error} = Registry.schema(name, 1)
        refute inspect(error) =~ @secret
        SchemaRegistry.down(server)
        assert {:error, error} = Registry.schema(name, 2)
        refute inspect(error) =~ @secret
        monitor = Process.monitor(pid)
        GenServer.cast(pid, :nonsense)
        assert_receive {:DOWN, ^monitor, :process, ^pid, _reason}
      end)

    assert log =~ "nonsense"
    refute log =~ @secret
  end

  describe "over TLS" do
    setup do
      folder = Path.join(System.tmp_dir!(), Cluster.unique("outrigger-registry-tls"))
      File.mkdir_p!(folder)
      on_exit(fn -> File.rm_rf!(folder) end)
      openssl(folder, ~w(req -x509 -subj /CN=CA -keyout ca.key -out ca.pem))

      for {name, subject} <- [own: "IP:127.0.0.1", other: "DNS:elsewhere.example"] do
        names = "subjectAltName=#{subject}"

        openssl(
          folder,
          ~w(req -subj /CN=registry -addext #{names} -keyout #{name}.key -out #{name}.csr)
        )

        openssl(folder, [
          "x509"
          | ~w(-req -in #{name}.csr -CA ca.pem -CAkey ca.key -copy_extensions copy -out #{name}.pem)
        ])
      end

      %{folder: folder, ca: Path.join(folder, "ca.pem")}
    end

    defp openssl(folder, [command | args]) do
      curve = ~w(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
      args = if command == "req", do: [command | curve ++ args], else: [command | args]
      {_, 0} = System.cmd("openssl", args, cd: folder, stderr_to_stdout: true)
    end

    defp asked(folder, certificate, tls) do
      file = fn name -> Path.join(folder, name) end

      own = [
        certfile: file.("#{certificate}.pem"),
        keyfile: file.("#{certificate}.key"),
        log_level: :none
      ]

      server = start_supervised!({SchemaRegistry, tls: own}, id: make_ref())
      SchemaRegistry.put(server, "/schemas/ids/1", %{schema: "\"int\""})
      name = name()
      options = [name: name, url: SchemaRegistry.url(server), tls: [log_level: :none] ++ tls]
      start_supervised!({Registry, options ++ [retries: 0, auth: {:bearer, @secret}]})
      {Registry.schema(name, 1), length(SchemaRegistry.requests(server))}
    end

    test "a certificate is verified, by name and authority, before anything is sent", context do
      %{folder: folder, ca: ca} = context
      assert {{:ok, %{text: "\"int\""}}, 1} = asked(folder, :own, cacertfile: ca)

      assert {{:error, %{reason: :registry_down} = error}, 0} =
               asked(folder, :other, cacertfile: ca)

      assert error.message =~ "TLS"
      # With the system's authorities, or if there are none.
      assert {{:error, %{reason: :registry_down} = error}, 0} = asked(folder, :own, [])
      assert error.message =~ "TLS"
      assert {{:ok, _schema}, 1} = asked(folder, :other, verify: :verify_none)
    end
  end
end
