defmodule Outrigger.NativeTest do
  use ExUnit.Case, async: true

  alias Outrigger.Native

  test "the NIF is loaded and says what it is" do
    assert Native.status() == :ok
    info = Native.nif_info()
    assert info.version == to_string(Application.spec(:outrigger, :vsn))
    assert info.nif_version == "2.16"
    assert info.os in ["linux", "macos", "freebsd", "windows"]
    assert to_string(:erlang.system_info(:system_architecture)) =~ info.arch
  end

  # In a VM of its own: this one has the NIF.
  @tag :tmp_dir
  test "without the NIF the stubs say why and what to do, and the application starts", %{
    tmp_dir: dir
  } do
    output = run_without_nif(dir)
    assert output =~ "PubSub scope: true"
    assert output =~ "{:error, :not_loaded}"
    assert output =~ "limits say so too"
    assert output =~ "raised :not_loaded"
    assert output =~ "outrigger_nif.so could not be loaded"
    assert output =~ "mix deps.compile outrigger --force"
  end

  @tag :tmp_dir
  test "a library that is none is an error, not a crash", %{tmp_dir: dir} do
    native = Path.join(dir, "outrigger/priv/native")
    File.mkdir_p!(native)
    File.write!(Path.join(native, "outrigger_nif.so"), "not a library")
    output = run_without_nif(dir)
    assert output =~ "{:error, :not_loaded}"
  end

  defp run_without_nif(dir) do
    # A copy of the application, without its priv folder or with the one the test made.
    ebin = Path.join(dir, "outrigger/ebin")
    File.mkdir_p!(Path.dirname(ebin))
    File.cp_r!(Application.app_dir(:outrigger, "ebin"), ebin)

    script = ~S"""
    {:ok, _} = Application.ensure_all_started(:outrigger)
    IO.puts("PubSub scope: #{is_pid(Process.whereis(Outrigger.PubSub))}")
    {:error, error} = Outrigger.Native.status()
    IO.puts(inspect({:error, error.reason}))

    for made <- [
          Outrigger.Limit.new(limit: 1, period: 1_000),
          Outrigger.Limit.start_link(name: NoNif, limit: 1, period: 1_000),
          Outrigger.Limit.Slots.new(limit: 1)
        ] do
      {:error, %Outrigger.Error{reason: :not_loaded}} = made
    end

    IO.puts("limits say so too")

    try do
      Outrigger.Watch.Histogram.new()
    rescue
      error in Outrigger.Error ->
        IO.puts("raised #{inspect(error.reason)}: #{Exception.message(error)}")
    end
    """

    elixir = System.find_executable("elixir")
    {output, 0} = System.cmd(elixir, ["-pa", ebin, "-e", script], stderr_to_stdout: true, cd: dir)
    output
  end
end
