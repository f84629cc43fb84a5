%% Microstate accounting: what each thread of the virtual machine does with its time. It is a flag of the whole node that nobody holds, so a
%% keeper holds it for the guests of all who look: it sets the flag for the first of them, and puts it back as it was found when the last one has ended.
%%
%% Bound early: a process that is spawned here takes along what is bound before it.
Keeping = fun Keeping1(Was, Guests) ->
  receive
    {hold, Pid, Asked} ->
      monitor(process, Pid),
      Pid ! {Asked, held},
      Keeping1(Was, [Pid | Guests]);
    {'DOWN', _, process, Pid, _} ->
      case lists:delete(Pid, Guests) of
        %% Before the name is free: whoever comes next finds the flag as it was.
        [] -> Was orelse erlang:system_flag(microstate_accounting, false);
        Left -> Keeping1(Was, Left)
      end;
    _ -> Keeping1(Was, Guests)
  end
end,

Keeper = fun(Pid, Asked) ->
  monitor(process, Pid),
  case catch register(outrigger_states, self()) of
    true ->
      Was = erlang:system_flag(microstate_accounting, true),
      Pid ! {Asked, held},
      Keeping(Was, [Pid]);
    %% Another one was there first.
    _ -> ok
  end
end,

%% Whether the flag is held for us: once for a guest's life. Somebody who clears it is not overruled.
HoldStates = fun
  HoldStates1(0) -> false;
  HoldStates1(Tries) ->
    Guest = self(),
    Asked = make_ref(),
    Helper = case whereis(outrigger_states) of
      undefined -> spawn(fun() -> Keeper(Guest, Asked) end);
      Known -> Known ! {hold, Guest, Asked}, Known
    end,
    Watched = monitor(process, Helper),
    receive
      {Asked, held} -> demonitor(Watched, [flush]);
      {'DOWN', Watched, _, _, _} -> HoldStates1(Tries - 1)
    after 2000 -> demonitor(Watched, [flush]), false
    end
end,

%% `[#{type => Thread, id => Id, counters => #{State => Ticks}}]`, since the flag was set.
States = fun() ->
  _ = case get(outrigger_states) of undefined -> put(outrigger_states, HoldStates(3)); _ -> ok end,
  case erlang:statistics(microstate_accounting) of undefined -> []; Threads -> Threads end
end,
