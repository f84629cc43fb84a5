defmodule Outrigger.Doctor.CookieTest do
  # Changes the environment of the VM.
  use ExUnit.Case, async: false

  alias Outrigger.Doctor.Cookie

  setup do
    dir =
      Path.join(
        System.tmp_dir!(),
        "outrigger-cookie-#{System.pid()}-#{System.unique_integer([:positive])}"
      )

    File.mkdir_p!(dir)
    saved = Map.take(System.get_env(), ["OUTRIGGER_COOKIE", "HOME"])
    System.delete_env("OUTRIGGER_COOKIE")

    on_exit(fn ->
      File.rm_rf!(dir)
      System.delete_env("OUTRIGGER_COOKIE")
      System.put_env(saved)
    end)

    {:ok, dir: dir, cookie_file: Path.join(dir, "cookie")}
  end

  defp write(file, content, mode) do
    File.write!(file, content)
    File.chmod!(file, mode)
  end

  test "a file that only its owner may read", %{cookie_file: file} do
    write(file, "HUSHHUSH\n", 0o400)
    assert %{status: :ok, detail: detail} = Cookie.check(file)
    assert detail == "from #{file}"
  end

  test "a file that others may read is refused, as by erl", %{cookie_file: file} do
    for mode <- [0o440, 0o404, 0o644, 0o600 + 0o020] do
      write(file, "HUSHHUSH", mode)
      assert %{status: :fail, detail: detail, remedy: remedy} = Cookie.check(file)
      assert detail =~ "mode 0#{Integer.to_string(mode, 8)}"
      assert remedy == "chmod 0400 #{file}"
    end
  end

  test "a file that is not there, is empty, is a folder or holds more than a cookie", %{
    dir: dir,
    cookie_file: file
  } do
    assert %{status: :fail, detail: missing} = Cookie.check(file)
    assert missing =~ "is not there"

    for {content, why} <- [
          {"", "is empty"},
          {"\n", "is empty"},
          {"a\nb", "characters"},
          {<<255, 1>>, "characters"}
        ] do
      File.rm(file)
      write(file, content, 0o600)
      assert %{status: :fail, detail: detail} = Cookie.check(file)
      assert detail =~ why
    end

    assert %{status: :fail, detail: folder} = Cookie.check(dir)
    assert folder =~ "directory"
  end

  test "a file that this user may not read", %{dir: dir, cookie_file: file} do
    write(file, "HUSHHUSH", 0o400)

    # The superuser may read everything: ask as somebody else.
    answer =
      if root?() and System.find_executable("setpriv") do
        File.chmod!(dir, 0o755)
        as_nobody("IO.inspect(Outrigger.Doctor.Cookie.check(#{inspect(file)}))")
      else
        File.chmod!(file, 0o000)
        inspect(Cookie.check(file))
      end

    if not root?() or System.find_executable("setpriv") do
      assert answer =~ "status: :fail" and answer =~ "cannot be read (permission denied)" and
               answer =~ "chown"
    end
  end

  defp root?, do: System.cmd("id", ["-u"]) == {"0\n", 0}

  defp as_nobody(code) do
    # Its own copy of the code: the build may lie where only we may look.
    ebin =
      Path.join(
        System.tmp_dir!(),
        "outrigger-ebin-#{System.pid()}-#{System.unique_integer([:positive])}"
      )

    File.cp_r!(Path.dirname(to_string(:code.which(Cookie))), ebin)
    File.chmod!(ebin, 0o755)
    on_exit(fn -> File.rm_rf!(ebin) end)

    {output, _} =
      System.cmd(
        System.find_executable("setpriv"),
        ["--reuid=65534", "--regid=65534", "--clear-groups", System.find_executable("elixir")] ++
          ["-pa", ebin, "-e", code],
        cd: "/",
        env: [{"HOME", "/"}],
        stderr_to_stdout: true
      )

    output
  end

  test "the environment comes after a given file and before the files of the user", %{
    dir: dir,
    cookie_file: file
  } do
    System.put_env("HOME", dir)
    write(Path.join(dir, ".erlang.cookie"), "HOMECOOKIE", 0o400)
    assert Cookie.check(nil).detail =~ ".erlang.cookie"
    System.put_env("OUTRIGGER_COOKIE", "HUSHHUSH")
    assert Cookie.check(nil).detail == "from OUTRIGGER_COOKIE"
    write(file, "HUSHHUSH", 0o400)
    assert Cookie.check(file).detail == "from #{file}"
    System.put_env("OUTRIGGER_COOKIE", "")
    assert %{status: :fail, detail: "OUTRIGGER_COOKIE is empty"} = Cookie.check(nil)
  end

  test "none anywhere", %{dir: dir} do
    System.put_env("HOME", dir)
    check = Cookie.check(nil)

    # A cookie in the user's configuration folder, which HOME does not move on every system, is one as well.
    if check.status == :fail, do: assert(check.remedy =~ "mode 0400")
  end

  test "the cookie is in no answer", %{cookie_file: file} do
    for {content, mode} <- [{"HUSHHUSH", 0o400}, {"HUSHHUSH", 0o644}, {"HUSHHUSH\nHUSH", 0o600}] do
      File.rm(file)
      write(file, content, mode)
      refute inspect(Cookie.check(file)) =~ "HUSH"
    end
  end
end
