defmodule Outrigger.Limit.GuideTest do
  @moduledoc "The examples of docs/limits.md."
  use ExUnit.Case, async: true

  doctest Outrigger.Test.LimitsGuide
end
