defmodule Outrigger.PubSub.Contract.Check do
  @moduledoc false
  # What the cases say about values. Not ExUnit's assertions: a case has to compile where ExUnit is not there.

  alias Outrigger.PubSub.Contract.Violation

  @doc "Both are the same."
  def equal(actual, expected, what) do
    if actual === expected,
      do: :ok,
      else: fail("#{what}: expected #{inspect(expected)}, got #{inspect(actual)}")
  end

  @doc "`fun` raises. With `module`, an exception of it."
  def raises(fun, what, module \\ nil) do
    fun.()
  rescue
    error ->
      if module in [nil, error.__struct__],
        do: :ok,
        else: fail("#{what}: expected #{inspect(module)}, got #{inspect(error)}")
  else
    value -> fail("#{what}: should raise, returned #{inspect(value)}")
  end

  @doc "The caller's next message, which has to come within the deadline."
  def next_message(what) do
    receive do: (message -> message), after: (5_000 -> fail("#{what}: no message"))
  end

  @doc "The caller's messages until `last`, without it."
  def messages_until(last, what) do
    case next_message(what) do
      ^last -> []
      message -> [message | messages_until(last, what)]
    end
  end

  @doc "Waits until `fun` returns `expected`, for the deadline of the context."
  def eventually(c, fun, expected, what),
    do: retry(fun, expected, what, System.monotonic_time(:millisecond) + c.deadline_ms)

  defp retry(fun, expected, what, deadline) do
    actual = fun.()

    cond do
      actual === expected ->
        :ok

      System.monotonic_time(:millisecond) > deadline ->
        equal(actual, expected, what)

      true ->
        Process.sleep(5)
        retry(fun, expected, what, deadline)
    end
  end

  def fail(message), do: raise(Violation, message)
end
