defmodule Outrigger.Test.LimitsGuide do
  @guide Path.expand("../../../docs/limits.md", __DIR__)
  @external_resource @guide
  # So that its examples are doctests: `doctest_file` is not in the oldest Elixir.
  @moduledoc File.read!(@guide)
end
