# Entry point of `make demo`.
Code.require_file("compile.exs", __DIR__)

# An interrupted demo has not shown what it promises.
{:ok, _id} = System.trap_signal(:sigterm, fn -> System.halt(143) end)
System.halt(Demo.CLI.main(System.argv()))
