Code.require_file("elixir_pkg/build/native_build.exs", __DIR__)

defmodule Outrigger.MixProject do
  @moduledoc false
  use Mix.Project

  @version "0.1.0"

  def project do
    [
      app: :outrigger,
      version: @version,
      elixir: "~> 1.14",
      description:
        "A Rust node beside your BEAM cluster: PubSub fan-out in one send, exact rate limits",
      # The binary and the NIF first: `Outrigger.Native` loads the NIF as soon as it is compiled.
      compilers: [:outrigger_native | Mix.compilers()],
      aliases: [
        "compile.outrigger_native": &Outrigger.NativeBuild.run/1,
        "outrigger.package_files": &print_package_files/1
      ],
      elixirc_paths: elixirc_paths(Mix.env()),
      test_paths: ["elixir_pkg/test", "examples/demo/test"],
      test_ignore_filters: [&String.starts_with?(&1, "elixir_pkg/test/support/")],
      start_permanent: Mix.env() == :prod,
      deps: deps(System.get_env("OUTRIGGER_HEX")),
      package: package(),
      docs: docs()
    ]
  end

  def application do
    [mod: {Outrigger.Application, []}, extra_applications: [:logger, :ssl]]
  end

  defp elixirc_paths(:test), do: ["elixir_pkg/lib", "elixir_pkg/test/support"]
  defp elixirc_paths(_env), do: ["elixir_pkg/lib"]

  # Nothing is required. What is optional is declared only with OUTRIGGER_HEX=1: a dependency that is listed but not
  # fetched stops `mix compile`, and this package has to build where Hex is not installed or not reachable.
  # An explicit switch, and no guess from what lies in deps/ or in the lock, so that one tree builds the same way
  # everywhere. Set it to publish, to build the docs and to test beside the real Phoenix.PubSub and Broadway.
  # Nothing looks for these libraries at compile time, so a package built without them works with them.
  defp deps("1") do
    [
      {:telemetry, "~> 1.0", optional: true},
      {:phoenix_pubsub, "~> 2.1", optional: true},
      {:plug, "~> 1.14", optional: true},
      {:broadway, "~> 1.0", optional: true},
      {:ex_doc, "~> 0.34", only: :dev, runtime: false}
    ]
  end

  defp deps(_unset), do: []

  defp package do
    [
      licenses: ["Apache-2.0"],
      links: %{},
      files: package_files()
    ]
  end

  # Crates file by file: a folder would bring along any target/ in it. The workspace manifest has to ship: without it
  # cargo takes a consumer's own workspace for ours and fails.
  defp package_files do
    ~w(mix.exs .formatter.exs README.md CHANGELOG.md LICENSE elixir_pkg/lib elixir_pkg/build) ++
      Outrigger.NativeBuild.sources()
  end

  # What `mix hex.build` would pack, one path a line, for the package test where there is no Hex.
  defp print_package_files(_args) do
    for listed <- package_files(), path <- expand(listed), do: Mix.shell().info(path)
  end

  defp expand(listed) do
    cond do
      File.regular?(listed) ->
        [listed]

      File.dir?(listed) ->
        Path.join(listed, "**")
        |> Path.wildcard(match_dot: true)
        |> Enum.filter(&File.regular?/1)

      true ->
        Mix.raise("the package lists #{listed}, which is not there")
    end
  end

  defp docs do
    [main: "readme", extras: ["README.md", "CHANGELOG.md"] ++ Path.wildcard("docs/**/*.md")]
  end
end
