%% One message for each round, one message back: `{Tag, Answer}`. Wanted: `#{top => {Size, Count}, pools => Most, events => [{Kind, Limit}],
%% latency => new | more, depth => of depths.erl}`.
Round = fun(Wanted, {Walk, Read, Walks}) ->
  Began = erlang:monotonic_time(microsecond),
  %% Ahead of the walk: whoever is asked for what is known of it is put into a run queue for it.
  Now = System(),
  {Top1, Walk1} = case Wanted of
    #{top := {Size, Count}} -> Top(Size, Count, case Walk of undefined -> {Again(erlang:processes(), 0, [], Began), []}; _ -> Walk end);
    _ -> {undefined, Walk}
  end,
  {Counted, Read1} = Latency(Wanted, Read),
  Reported = case Wanted of #{events := Limits} -> Events(Limits); _ -> undefined end,
  {Deeper, Spent, Walks1} = Depth(Wanted, Walks),
  Answer = #{
    at => Began,
    system => Now,
    top => Top1,
    latency => Counted,
    pools => case Wanted of #{pools := Number} -> Pools(Number); _ -> [] end,
    events => Reported,
    depth => Deeper,
    depth_took => Spent
  },
  {Answer#{took => erlang:monotonic_time(microsecond) - Began - Idle(Reported)}, {Walk1, Read1, Walks1}}
end,

Loop = fun Loop(State) ->
  receive
    {round, Tag, Wanted} ->
      {Answer, Next} = Round(Wanted, State),
      Owner ! {Tag, Answer},
      Loop(Next);
    _ -> Loop(State)
  end
end,

_ = Quietly(fun() -> erlang:system_flag(scheduler_wall_time, true) end, undefined),
Arrive(),
Loop({undefined, new, #{}}).
