# Compiles bench/support and bench/<name> to a folder that the measured nodes can load from, and runs Bench.<Name>.
[name | argv] = System.argv()
ebin = Path.join(Mix.Project.build_path(), "bench/#{name}/ebin")
File.mkdir_p!(ebin)
sources = Path.wildcard("bench/{support,#{name}}/*.ex")

case Kernel.ParallelCompiler.compile_to_path(sources, ebin, return_diagnostics: true) do
  {:ok, _modules, _diagnostics} -> Code.prepend_path(ebin)
  {:error, _errors, _diagnostics} -> System.halt(1)
end

System.halt(Module.concat(Bench, Macro.camelize(name)).main(argv))
