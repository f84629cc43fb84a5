%% One message for each round, one message back: `{Tag, Answer}`. Wanted: `#{top => {Size, Count}, pools => Most, tables => Count}`.
Round = fun(Wanted, Walk) ->
  Began = erlang:monotonic_time(microsecond),
  {Top1, Walk1} = case Wanted of
    #{top := {Size, Count}} -> Top(Size, Count, case Walk of undefined -> {Again([], Began), []}; _ -> Walk end);
    _ -> {undefined, Walk}
  end,
  Answer = #{
    at => Began,
    system => System(),
    top => Top1,
    pools => case Wanted of #{pools := Number} -> Pools(Number); _ -> [] end
  },
  {Answer#{took => erlang:monotonic_time(microsecond) - Began}, Walk1}
end,

Loop = fun Loop(Walk) ->
  receive
    {round, Tag, Wanted} ->
      {Answer, Next} = Round(Wanted, Walk),
      Owner ! {Tag, Answer},
      Loop(Next);
    _ -> Loop(Walk)
  end
end,

true = link(Owner),
%% Its rounds are short. On a node that is overloaded they have to come all the same, and what they take is then their own time, not that of a queue.
erlang:process_flag(priority, high),
erlang:process_flag(max_heap_size, #{size => 33554432, kill => true, error_logger => true}),
_ = Quietly(fun() -> erlang:system_flag(scheduler_wall_time, true) end, undefined),
Owner ! {hello, self(), #{
  release => list_to_binary(erlang:system_info(otp_release)),
  schedulers => erlang:system_info(schedulers_online),
  all_schedulers => erlang:system_info(schedulers),
  dirty_cpu => erlang:system_info(dirty_cpu_schedulers),
  dirty_io => erlang:system_info(dirty_io_schedulers)
}},
Loop(undefined).
