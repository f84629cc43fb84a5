ExUnit.start()
Code.require_file("../compile.exs", __DIR__)
