%% What the virtual machine reports by itself: `erlang:system_monitor/2` wants a process of its own node. It is one of ours, linked, so that a flood
%% of events does not hold up who sent for it; when it ends the setting goes with it.
%%
%% Up to OTP 27 a node has one system monitor at a time: who is there first stays, and nobody is evicted by us. From 28 on there are sessions.
Listen = fun(Limits) ->
  Kinds = lists:flatten([case lists:member(Kind, [busy_port, busy_dist_port]) of true -> Kind; _ -> {Kind, Limit} end || {Kind, Limit} <- Limits]),
  Session = Quietly(fun() ->
    New = trace:session_create(outrigger, self(), []),
    [trace:system(New, Kind, case Limit of 0 -> true; _ -> Limit end) || {Kind, Limit} <- Limits],
    {session, New}
  end, undefined),
  case Session of
    {session, _} -> Session;
    undefined ->
      case erlang:system_monitor() of
        undefined -> _ = erlang:system_monitor(self(), Kinds), monitor;
        {Pid, _} -> {taken, Pid}
      end
  end
end,

%% More that wait than this: they are counted, and the rest of the time until the next question there are none.
Flood = 2000,

Counting = fun Counting1(Guest, Setting, Limits, Counts, Last) ->
  receive
    %% That of the guest itself.
    {monitor, Who, _, _} when Who =:= Guest -> Counting1(Guest, Setting, Limits, Counts, Last);
    {monitor, Who, Kind, Info} ->
      {Setting1, Shed} = case process_info(self(), message_queue_len) of
        {_, Waits} when Waits > Flood, Setting =:= monitor -> {{off, erlang:system_monitor(undefined)}, 1};
        _ -> {Setting, 0}
      end,
      Counts1 = maps:update_with(Kind, fun(Count) -> Count + 1 end, 1, Counts),
      Counting1(Guest, Setting1, Limits, case Shed of 1 -> Counts1#{flood => 1}; _ -> Counts1 end,
        lists:sublist([{Kind, Who, Info, erlang:system_time(millisecond)} | Last], 16));
    {take, From, Ref} ->
      Standing = case Setting of
        monitor -> case erlang:system_monitor() of {Pid, _} when Pid =:= self() -> held; _ -> lost end;
        {session, _} -> held;
        {off, _} -> held;
        {taken, By} -> {taken, By}
      end,
      From ! {Ref, Standing, Counts, Last},
      Counting1(Guest, case Setting of {off, _} -> Listen(Limits); _ -> Setting end, Limits, #{}, [])
  end
end,

%% Numbers alone, and where it was: no event holds a term of the application.
Figures = fun(Info) ->
  case is_list(Info) of
    true -> [{Key, Number} || {Key, Number} <- Info, is_integer(Number)];
    _ -> []
  end
end,

Where = fun(Info, Key) ->
  case is_list(Info) andalso proplists:get_value(Key, Info) of {_, _, _} = Place -> Place; _ -> undefined end
end,

Label = fun(Who) -> if is_pid(Who) -> Text(Who); is_port(Who) -> list_to_binary(erlang:port_to_list(Who)); true -> <<>> end end,

%% Of the events since the question before: how many of each kind, and the last few. `waited`: what was no work of ours, for the processes of events are
%% the slow ones, and are asked who they are.
Events = fun(Limits) ->
  Helper = case get(outrigger_events) of
    undefined -> Own = self(), Born = spawn_link(fun() ->
        erlang:process_flag(max_heap_size, #{size => 8388608, kill => true, error_logger => true}),
        Counting(Own, Listen(Limits), Limits, #{}, [])
      end), put(outrigger_events, Born), Born;
    Known -> Known
  end,
  Asked = make_ref(),
  Began = erlang:monotonic_time(microsecond),
  Helper ! {take, self(), Asked},
  {Standing, Counts, Last} = receive {Asked, One, Two, Three} -> {One, Two, Three} after 2000 -> {silent, #{}, []} end,
  Events1 = [#{kind => Kind, who => Label(Who), at => At, figures => Figures(Info),
    into => Where(Info, in), out => Where(Info, out),
    process => if is_pid(Who) -> Detail(Who); true -> undefined end} || {Kind, Who, Info, At} <- Last],
  #{held => case Standing of {taken, By} -> {taken, Label(By)}; _ -> Standing end,
    counts => maps:to_list(Counts), last => Events1, waited => erlang:monotonic_time(microsecond) - Began}
end,

Idle = fun(Reported) -> case Reported of #{waited := Micros} -> Micros; _ -> 0 end end,
