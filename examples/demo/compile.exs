# Compiles the demo's modules to a folder that other nodes can load them from, and puts it on the code path.
ebin = Path.join(Mix.Project.build_path(), "demo/ebin")
File.mkdir_p!(ebin)
Code.put_compiler_option(:docs, true)
sources = Path.wildcard(Path.join(__DIR__, "lib/*.ex"))

case Kernel.ParallelCompiler.compile_to_path(sources, ebin, return_diagnostics: true) do
  {:ok, _modules, _diagnostics} -> Code.prepend_path(ebin)
  {:error, _errors, _diagnostics} -> System.halt(1)
end
