%% The sampler: who runs at a tick, and what it runs. Nothing is traced: a tick asks some processes for their status, and those that are
%% active for their stacks. The stack of one that runs is taken when its time slice ends; until then the sampler waits and costs nothing.
%%
%% Processes that were active lately are looked at in each tick (`Hot`), of the others a part. Walk: `{Number, Left, Todo}`, how many a walk over them has, and
%% whom nobody has looked at in it.

Runs = ets:match_spec_compile([
  {{'$1', {status, '$2'}}, [{'orelse', {'=:=', '$2', running}, {'=:=', '$2', runnable}, {'=:=', '$2', garbage_collecting}}], [{{'$1', '$2'}}]}]),

Active = fun(Pids) -> ets:match_spec_run(lists:zip(Pids, Each(fun erlang:process_info/2, Pids, status)), Runs) end,

%% A new walk has all that live, without those who are looked at anyhow. There may be a million of them: nothing goes over all in each tick.
Part = fun(Walk, Size, Skip) ->
  {Number, Left, Todo} = case Walk of
    {_, 0, []} -> New = erlang:processes() -- Skip, All = length(New), {All, All, New};
    _ -> Walk
  end,
  Taken = min(Size, Left),
  {Some, Rest} = lists:split(Taken, Todo),
  {Some, {Number, Left - Taken, Rest}}
end,

%% What each of them runs, and how long that was waited for: `{[[Frames | {Tick, Of, Pid, Before, After, Name, Call}]], Microseconds}`, so that `hd` and
%% `tl` group them by stacks. Of: `hot`, or `part`.
Seen = fun
  (_Tick, _Of, [], _Room) -> {[], 0};
  (Tick, Of, Actives, Room) ->
    Some = lists:sublist(Actives, Room),
    Asked = erlang:monotonic_time(microsecond),
    Infos = Each(fun erlang:process_info/2, [Pid || {Pid, _} <- Some], [status, current_stacktrace, registered_name, initial_call]),
    Waited = erlang:monotonic_time(microsecond) - Asked,
    {[[Frames | {Tick, Of, Pid, Before, After, Name, Call}]
      || {{Pid, Before}, [{_, After}, {_, Frames}, {_, Name}, {_, Call}]} <- lists:zip(Some, Infos)], Waited}
end,

TickOnce = fun(Tick, Size, Most, {Hot, Walk}) ->
  Began = erlang:monotonic_time(microsecond),
  Queue = erlang:statistics(total_run_queue_lengths),
  Tasks = erlang:statistics(total_active_tasks),
  {Some, {Number, _, _} = Next} = Part(Walk, Size, [self(), get(outrigger_events) | Hot]),
  HotActive = Active(Hot),
  PartActive = Active(Some -- Hot),
  {FromHot, Waited1} = Seen(Tick, hot, HotActive, Most),
  {FromPart, Waited2} = Seen(Tick, part, PartActive, Most - length(FromHot)),
  All = FromHot ++ FromPart,
  {All, {Began, length(Some), Number, length(All), Waited1 + Waited2, length(HotActive) + length(PartActive), Queue, Tasks}, {Hot, Next}}
end,

%% Wanted: `#{waits => Milliseconds before each tick, part => Size, most => Stacks of a tick, hot => Processes looked at in each}`
%%
%% A tick is told with the time when all of its work was done, which is that before the next wait.
Sampling = fun(#{waits := Waits, part := Size, most := Most, hot := HotMost} = Wanted, {Hot, Walk}) ->
  Since = erlang:monotonic_time(microsecond),
  {Samples, Ticks, Dones, {_, Walked}} = lists:foldl(fun(Wait, {Taken, Told, Times, State}) ->
    Time = erlang:monotonic_time(microsecond),
    %% Stacks were waited for: what is left of the plan is left out.
    case Time - Since > 1500000 of
      true -> {Taken, Told, Times, State};
      false ->
        receive after Wait -> ok end,
        {New, Price, Next} = TickOnce(length(Told), Size, Most, State),
        {New ++ Taken, [Price | Told], [Time | Times], Next}
    end
  end, {[], [], [], {Hot, Walk}}, Waits),
  Until = erlang:monotonic_time(microsecond),
  Hits = lists:usort([Pid || [_ | {_, _, Pid, _, _, _, _}] <- Samples]),
  Lately = lists:sublist(Hits ++ (Hot -- Hits), HotMost),
  Details = [{Pid, Detail(Pid)} || Pid <- lists:sublist(Hits, 64)],
  %% Those who run are waited for: asking costs some 20 microseconds each.
  Asked = erlang:monotonic_time(microsecond) - Until - 20 * length(Details),
  Reported = case Wanted of #{events := Limits} -> Events(Limits); _ -> undefined end,
  Answer = #{
    since => Since, until => Until, hot => length(Hot),
    ticks => lists:zip(lists:reverse(Ticks), tl(lists:reverse([Until | Dones]))),
    stacks => maps:to_list(maps:groups_from_list(fun erlang:hd/1, fun erlang:tl/1, Samples)),
    processes => [{Pid, Of} || {Pid, #{} = Of} <- Details],
    events => Reported
  },
  {Answer#{packing => erlang:monotonic_time(microsecond) - Until - max(0, Asked) - Idle(Reported)}, {Lately, Walked}}
end,

%% Stacks are cut at the flag `backtrace_depth`, 8 by default. Whoever raised it is watched by a process that puts it back as it was,
%% unless somebody else has set it meanwhile.
Deepen = fun(Depth) ->
  Sampler = self(),
  {Keeper, Ref} = spawn_monitor(fun() ->
    Watched = monitor(process, Sampler),
    Was = erlang:system_flag(backtrace_depth, Depth),
    Sampler ! {deepened, self(), Was},
    receive {'DOWN', Watched, _, _, _} ->
      case erlang:system_flag(backtrace_depth, Was) of
        Depth -> ok;
        Others -> erlang:system_flag(backtrace_depth, Others)
      end
    end
  end),
  receive
    {deepened, Keeper, Was} -> demonitor(Ref, [flush]), Was;
    {'DOWN', Ref, _, _, _} -> undefined
  end
end,

SamplerLoop = fun Again(State) ->
  receive
    {sample, Tag, Wanted} ->
      {Answer, Next} = Sampling(Wanted, State),
      Owner ! {Tag, Answer},
      Again(Next);
    {deepen, Tag, Depth} ->
      Owner ! {Tag, Deepen(Depth)},
      Again(State);
    _ -> Again(State)
  end
end,

Arrive(),
SamplerLoop({[], {0, 0, []}}).
