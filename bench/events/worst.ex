defmodule Bench.Events.Worst do
  @moduledoc """
  Documents that take long for their size, each as large as a normal scheduler is given (32 KiB): how long one of them holds the scheduler, and
  how often the VM saw a scheduler held for a millisecond or more.
  """

  alias Outrigger.Events
  alias Outrigger.Events.JSON

  @size 32_700

  @doc "Name, and a call that decodes it on the scheduler that asks."
  @spec calls() :: [{String.t(), (() -> term)}]
  def calls do
    documents = [
      {"empty maps", list("{}")},
      {"maps of one key", list(~s({"a":0}))},
      {"maps of 33 keys", list("{" <> Enum.map_join(1..33, ",", &~s("#{&1}":0)) <> "}")},
      {"keys in falling order",
       list("{" <> Enum.map_join(32..1, ",", &~s("#{100 + &1}":0)) <> "}")},
      {"keys alike in eight bytes",
       list("{" <> Enum.map_join(32..1, ",", &~s("the same #{100 + &1}":0)) <> "}")},
      {"one map", "{" <> Enum.map_join(1..div(@size, 9), ",", &~s("#{10_000 + &1}":0)) <> "}"},
      {"one map, each key twice",
       "{" <> Enum.map_join(1..div(@size, 9), ",", &~s("#{10_000 + div(&1, 2)}":0)) <> "}"},
      {"floats", list("1.7976931348623157e308")},
      {"floats of 1,000 digits", list("0." <> String.duplicate("7", 1_000))},
      {"integers of 1,000 digits", list(String.duplicate("7", 1_000))},
      {"escapes", list(~S("\\ud83d\\ude00"))},
      {"empty strings", list(~s(""))},
      {"strings of 65 bytes", list(~s("#{String.duplicate("x", 65)}"))},
      {"depth", String.duplicate("[", 512) <> String.duplicate("]", 512)}
    ]

    plan = Events.plan!(["a", "1", "[0]"])

    for({name, text} <- documents, do: {name, fn -> {:ok, _term} = JSON.decode(text) end}) ++
      for {name, text} <- documents,
          String.starts_with?(text, "["),
          do: {name <> ", projected", fn -> Events.project(text, plan) end}
  end

  defp list(element),
    do:
      "[" <> Enum.map_join(1..div(@size, byte_size(element) + 1), ",", fn _ -> element end) <> "]"

  @doc "What `fun` returns, and how many schedules of a millisecond or more the VM saw meanwhile."
  @spec watched((() -> result)) :: {result, non_neg_integer} when result: term
  def watched(fun) do
    before = :erlang.system_monitor(self(), [{:long_schedule, 1}])
    result = fun.()
    :erlang.system_monitor(before)
    {result, seen(0)}
  end

  defp seen(count) do
    receive do
      {:monitor, _pid_or_port, :long_schedule, _about} -> seen(count + 1)
    after
      0 -> count
    end
  end
end
