defmodule Outrigger.FakeBinary do
  @moduledoc """
  A shell script that speaks the line protocol of `outrigger node --supervised`, for error paths that the real binary
  cannot be made to take at will.
  """

  @doc """
  Writes a script that runs `body` and returns its path. `say LEVEL EVENT TEXT` prints a line, `$cookie` is the first line of
  the input, `wait_for_eof` stays until the input ends or it is asked to leave, `hang` stays even then (for 30 s, so that a failed test leaves nothing for long).
  """
  def write(body) do
    dir =
      Path.join(
        System.tmp_dir!(),
        "outrigger-fake-#{System.unique_integer([:positive])}-#{System.pid()}"
      )

    File.mkdir_p!(dir)
    ExUnit.Callbacks.on_exit(fn -> File.rm_rf!(dir) end)
    path = Path.join(dir, "outrigger")

    File.write!(path, """
    #!/bin/sh
    # The folder of this script, for scripts that remember something between two starts.
    dir=#{dir}
    say() { printf '%s\\t%s\\t%s\\n' "$1" "$2" "$3"; }
    wait_for_eof() { read -r line; }
    hang() { trap '' TERM PIPE; n=0; while [ $n -lt 300 ]; do sleep 0.1; n=$((n + 1)); done; }
    say debug cookie ''
    read -r cookie
    echo x >> $dir/starts
    #{body}
    """)

    File.chmod!(path, 0o755)
    path
  end

  @doc "How often the script was started."
  def starts(path) do
    case File.read(Path.join(Path.dirname(path), "starts")) do
      {:ok, text} -> length(String.split(text))
      {:error, :enoent} -> 0
    end
  end
end
