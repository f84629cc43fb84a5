%% One message for each round, one message back: `{Tag, Answer}`. Wanted: `#{top => {Size, Count}, pools => Most, events => [{Kind, Limit}]}`.
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
    pools => case Wanted of #{pools := Number} -> Pools(Number); _ -> [] end,
    events => case Wanted of #{events := Limits} -> Events(Limits); _ -> undefined end
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

_ = Quietly(fun() -> erlang:system_flag(scheduler_wall_time, true) end, undefined),
Arrive(),
Loop(undefined).
