defmodule Outrigger.NativeBuild do
  @moduledoc false
  # The step of `mix compile` that builds the binary and the NIF with cargo and puts them into priv/native.
  #
  #   * Runs cargo only when a source, the toolchain's settings or an output changed. Their fingerprint lies beside
  #     the outputs, not in _build: what is built does not depend on MIX_ENV, so dev and test share one build.
  #   * Outputs are written beside their place and renamed into it: a running node has the NIF mapped and the binary
  #     open, and both keep the file they have. An output whose bytes are the same is not touched.
  #   * cargo's target folder: CARGO_TARGET_DIR if set; as a dependency one below the build path of the application,
  #     since the folder of a dependency is not the place for it; otherwise target/ at the root.
  #   * OUTRIGGER_PREBUILT=1 takes the files that are in priv/native as they are.
  #
  # It stands apart from mix.exs, and in no application, because it runs before anything is compiled.

  @root Path.expand("../..", __DIR__)
  @priv Path.join(@root, "priv/native")
  @stamp Path.join(@priv, ".fingerprint")
  # Those a source build needs. `testkit` is for this repository only, `pubsub` and `stream` are for programs in Rust.
  @crates ~w(term proto node fanout limit events watch probe nif cli)
  @lock "Cargo.lock"
  @settings ~w(RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET RUSTUP_TOOLCHAIN MIX_TARGET)

  def run(args) do
    cond do
      System.get_env("OUTRIGGER_PREBUILT") == "1" -> check_prebuilt()
      "--force" in args or stale?() -> build("--from-mix-deps-compile" in args)
      true -> {:noop, []}
    end
  end

  defp check_prebuilt do
    case Enum.reject(Map.values(outputs()), &File.regular?(Path.join(@priv, &1))) do
      [] ->
        {:noop, []}

      missing ->
        Mix.raise(
          "OUTRIGGER_PREBUILT=1 is set, but #{@priv} lacks #{Enum.join(missing, " and ")}. " <>
            "Put the prebuilt files there, or unset OUTRIGGER_PREBUILT to build them with cargo."
        )
    end
  end

  # The files of this repository that a build goes by, from its root: what is packed, and what has it build anew.
  def sources do
    ["Cargo.toml", @lock] ++
      for crate <- @crates,
          listed <- ["native/#{crate}/Cargo.toml", "native/#{crate}/src/**"],
          path <- @root |> Path.join(listed) |> Path.wildcard(match_dot: true) |> Enum.sort(),
          File.regular?(path),
          do: Path.relative_to(path, @root)
  end

  defp stale? do
    File.read(@stamp) != {:ok, fingerprint(contents())} or
      not Enum.all?(Map.values(outputs()), &File.regular?(Path.join(@priv, &1)))
  end

  defp build(dependency?) do
    # Taken before cargo reads the sources: what is edited meanwhile is built by the next run.
    contents = contents()
    target = target_dir(dependency?)
    cargo!(target)
    File.mkdir_p!(@priv)

    for {built, shipped} <- outputs() do
      install!(Path.join(release_dir(target), built), Path.join(@priv, shipped))
    end

    write!(@stamp, &File.write!(&1, fingerprint(contents)))
    # priv may be new, and the build path links to it.
    Mix.Project.build_structure()
    {:ok, []}
  end

  defp cargo!(target) do
    cargo =
      System.find_executable("cargo") ||
        Mix.raise(
          "cargo was not found in PATH. Outrigger builds its node and its NIF from Rust sources: install Rust " <>
            "1.91 or later (https://rustup.rs) and open a new shell, or put prebuilt files into #{@priv} and " <>
            "set OUTRIGGER_PREBUILT=1."
        )

    args =
      ~w(build --release -p outrigger -p outrigger_nif --manifest-path) ++
        [Path.join(@root, "Cargo.toml")]

    Mix.shell().info(
      "Building Outrigger's native code with cargo (the first time takes a minute or two)"
    )

    case System.cmd(cargo, args ++ ["--target-dir", target],
           cd: @root,
           into: IO.stream(:stdio, :line),
           stderr_to_stdout: true
         ) do
      {_output, 0} ->
        :ok

      {_output, status} ->
        Mix.raise(
          "cargo could not build Outrigger's native code (exit status #{status}); its messages are above. " <>
            "If they speak of the Rust version: 1.91 or later is needed, `rustup update` brings it."
        )
    end
  end

  defp target_dir(dependency?) do
    case System.get_env("CARGO_TARGET_DIR", "") do
      "" when dependency? -> Path.join(Mix.Project.build_path(), "outrigger_target")
      "" -> Path.join(@root, "target")
      dir -> Path.expand(dir)
    end
  end

  defp release_dir(target) do
    Path.join([target, System.get_env("CARGO_BUILD_TARGET", ""), "release"])
  end

  # cargo's name => the name in priv/native. The VM asks for `.so` on every Unix, macOS included.
  defp outputs do
    case :os.type() do
      {:win32, _} ->
        %{"outrigger.exe" => "outrigger.exe", "outrigger_nif.dll" => "outrigger_nif.dll"}

      {_, :darwin} ->
        %{"outrigger" => "outrigger", "liboutrigger_nif.dylib" => "outrigger_nif.so"}

      _ ->
        %{"outrigger" => "outrigger", "liboutrigger_nif.so" => "outrigger_nif.so"}
    end
  end

  defp install!(built, place) do
    case File.read(built) do
      {:ok, bytes} ->
        # File.cp!/2 carries the mode over, and the binary has to stay executable.
        if File.read(place) != {:ok, bytes}, do: write!(place, &File.cp!(built, &1))

      {:error, reason} ->
        Mix.raise(
          "cargo did not leave #{built} (#{:file.format_error(reason)}). If a cargo configuration sets `build.target`, " <>
            "set CARGO_BUILD_TARGET to the same value."
        )
    end
  end

  defp write!(place, writer) do
    # Unique per run: two `mix` at a time must not write into one file.
    draft = "#{place}.#{System.pid()}.new"
    writer.(draft)
    File.rename!(draft, place)
  end

  # Contents, not times: a checkout, a copy into an image or a restored cache changes times only.
  defp contents do
    for source <- sources(),
        source != @lock,
        do: [source, 0, File.read!(Path.join(@root, source)), 0]
  end

  # The lock as it is behind cargo, which takes out of a packed one what is not shipped.
  defp fingerprint(contents) do
    settings = Enum.map(@settings, &[&1, ?=, System.get_env(&1, ""), 0])

    [
      contents,
      File.read!(Path.join(@root, @lock)),
      settings,
      :erlang.system_info(:system_architecture)
    ]
    |> :erlang.md5()
    |> Base.encode16()
  end
end
