defmodule Outrigger.Doctor.Cookie do
  @moduledoc """
  Is there a cookie, and is it guarded as `erl` wants it?

  Looks where the binary looks, and in its order: the given file, `OUTRIGGER_COOKIE`, `~/.erlang.cookie`, and
  `erlang/.erlang.cookie` in the user's configuration folder. The cookie itself is in no answer.
  """

  import Bitwise

  alias Outrigger.Doctor.Check

  @doc "`file` is the one of `--cookie-file`, or `nil`."
  @spec check(Path.t() | nil) :: Check.t()
  def check(file) do
    environment = System.get_env("OUTRIGGER_COOKIE")

    cond do
      file ->
        from_file(file)

      environment ->
        text(
          environment,
          "OUTRIGGER_COOKIE",
          "set OUTRIGGER_COOKIE to the cluster's cookie, or unset it"
        )

      found = Enum.find(usual_files(), &exists?/1) ->
        from_file(found)

      true ->
        none()
    end
  end

  defp usual_files do
    home = for dir <- List.wrap(System.user_home()), do: Path.join(dir, ".erlang.cookie")
    home ++ [Path.join(:filename.basedir(:user_config, "erlang"), ".erlang.cookie")]
  end

  # A file of which no more is known than that it may not be looked at exists as well.
  defp exists?(path), do: File.lstat(path) not in [{:error, :enoent}, {:error, :enotdir}]

  defp none do
    failed(
      "none found: no OUTRIGGER_COOKIE, and none of #{Enum.join(usual_files(), ", ")}",
      "write the cluster's cookie into #{hd(usual_files())} with mode 0400, or start `erl -sname x` once, which makes one"
    )
  end

  defp from_file(path) do
    case File.stat(path) do
      {:ok, %File.Stat{type: :regular, mode: mode}} when (mode &&& 0o077) != 0 ->
        failed(
          "others can read or write #{path} (mode #{octal(mode)}); neither erl nor outrigger takes such a file",
          "chmod 0400 #{path}"
        )

      {:ok, %File.Stat{type: :regular}} ->
        read(path)

      {:ok, %File.Stat{type: type}} ->
        failed(
          "#{path} is not a file but a #{type}",
          "give a file that holds the cookie and nothing else"
        )

      {:error, reason} ->
        unreadable(path, reason)
    end
  end

  defp read(path) do
    case File.read(path) do
      {:ok, content} ->
        text(
          String.trim_trailing(content, "\n"),
          path,
          "write the cluster's cookie into it, one line of printable ASCII"
        )

      {:error, reason} ->
        unreadable(path, reason)
    end
  end

  defp unreadable(path, :enoent),
    do:
      failed(
        "#{path} is not there",
        "name a file that exists, or write the cookie into it with mode 0400"
      )

  defp unreadable(path, reason) do
    failed(
      "#{path} cannot be read (#{:file.format_error(reason)})",
      "let the file belong to the user who runs the node: chown #{System.get_env("USER") || "USER"} #{path} && chmod 0400 #{path}"
    )
  end

  defp text("", source, remedy), do: failed("#{source} is empty", remedy)

  defp text(cookie, source, remedy) do
    if cookie =~ ~r/\A[\x20-\x7e]+\z/ do
      Check.ok("cookie", "from #{source}")
    else
      failed("#{source} holds characters that a cookie cannot have", remedy)
    end
  end

  defp octal(mode), do: "0" <> Integer.to_string(mode &&& 0o777, 8)
  defp failed(detail, remedy), do: Check.fail("cookie", detail, remedy)
end
