%% Processes that nobody waits for: whoever started them has ended, and nobody is linked to them but what they have started themselves. No
%% supervisor restarts them, and no exit of others ends them.
%%
%% Told by `parent` and links alone, which every process has: no dictionary is read and no supervisor is asked.
Parents = ets:match_spec_compile([{{'_', '_', '_', '_', '_', '_', '_', '$1'}, [{is_pid, '$1'}], ['$1']}]),

Alone = fun(Pid) ->
  case erlang:process_info(Pid, links) of
    {_, Links} ->
      not lists:any(
        fun(Link) -> is_pid(Link) andalso (node(Link) =/= node() orelse erlang:process_info(Link, parent) =/= {parent, Pid}) end,
        lists:sublist(Links, 100));
    _ -> false
  end
end,

%% Of rows of a walk.
Orphaned = fun(Read) ->
  Gone = [Parent || Parent <- lists:usort(ets:match_spec_run(Read, Parents)), node(Parent) =:= node(), not erlang:is_process_alive(Parent)],
  case Gone of
    [] -> [];
    _ ->
      Children = ets:match_spec_compile([{{'_', '_', '_', '$1', '_', '_', '_', Parent}, [], ['$1']} || Parent <- Gone]),
      [Pid || Pid <- ets:match_spec_run(Read, Children), Pid =/= self(), Alone(Pid)]
  end
end,

%% How many, and at most `Number` of them.
Orphans = fun(Read, Number) ->
  Left = Orphaned(Read),
  {length(Left), Alive([Detail(Pid) || Pid <- lists:sublist(Left, Number)])}
end,

