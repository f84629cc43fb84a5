defmodule Bench.Events.Worst do
  @moduledoc """
  Documents that take long for their size, each as large as a normal scheduler is given (32 KiB of JSON, 16 of Protobuf): how long one of them holds the scheduler, and
  how often the VM saw a scheduler held for a millisecond or more.
  """

  alias Outrigger.Events
  alias Outrigger.Events.{JSON, Protobuf}

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

  # What a normal scheduler is given of Protobuf.
  @message 16_380

  @doc "The same of Protobuf messages."
  @spec messages() :: [{String.t(), (() -> term)}]
  def messages do
    fields = Enum.map_join(6..105, " ", &"int32 f#{&1} = #{&1};")

    schema =
      Protobuf.compile!("""
      syntax = "proto3"; message M { repeated M a = 1; map<int32, int32> b = 2; repeated uint64 c = 3; repeated int32 d = 4;
      oneof o { M p = 106; M q = 107; } repeated string s = 5; #{fields} }
      """)

    set = Protobuf.message!(schema, "M", defaults: :none)
    all = Protobuf.message!(schema, "M")

    for {name, message, part} <- [
          {"empty messages", set, <<10, 0>>},
          {"fields that are not there", all, <<10, 0>>},
          {"entries with one key", set, <<18, 0>>},
          {"varints", set, <<26, 4, 1, 1, 1, 1>>},
          {"numbers of 64 bits", set, <<24, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1>>},
          {"fields in turn", set, <<24, 1, 32, 1>>},
          {"a oneof that changes", set, <<210, 6, 0, 218, 6, 0>>},
          {"empty strings", set, <<42, 0>>}
        ] do
      bytes = String.duplicate(part, div(@message, byte_size(part)))
      {"Protobuf, " <> name, fn -> Protobuf.decode(bytes, message) end}
    end
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
