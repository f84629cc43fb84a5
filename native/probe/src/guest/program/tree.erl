%% Who started whom, of all processes, a part of them in each answer.
%%
%% Nobody is asked: a supervisor that is busy, hangs in the start of a child or is suspended answers no `which_children`, and a question of ours would wait
%% in its mailbox. `parent`, links and the group leader are what the virtual machine has of each process; applications stand in a table of the
%% application controller (`ac_tab`), which all may read.
%%
%% Where a dictionary is copied whole (not `Keyed`), it is that of those whose memory, dictionary and all, is small.
Small = 1048576,

TreeItems = [parent, registered_name, message_queue_len, memory, group_leader, initial_call, links,
  if Keyed -> {dictionary, '$initial_call'}; true -> status end],

%% `{Call, Mailbox, Memory, Pid, Leader, Name, Links, Parent}` of those who live: as the rows of a walk, for `Orphans`.
TreeRows = ets:match_spec_compile([
  {{'$1', [{parent, '$8'}, {registered_name, '$6'}, {message_queue_len, '$2'}, {memory, '$3'}, {group_leader, '$5'}, {initial_call, '_'}, {links, '$7'}, {'_', {'$9', '$10', '$11'}}]},
   [{is_atom, '$9'}, {is_atom, '$10'}, {is_integer, '$11'}], [{{{{'$9', '$10', '$11'}}, '$2', '$3', '$1', '$5', '$6', '$7', '$8'}}]},
  {{'$1', [{parent, '$8'}, {registered_name, '$6'}, {message_queue_len, '$2'}, {memory, '$3'}, {group_leader, '$5'}, {initial_call, '$4'}, {links, '$7'}, '_']}, [],
   [{{'$4', '$2', '$3', '$1', '$5', '$6', '$7', '$8'}}]}]),

%% Those whose call a small dictionary tells, and all others.
Untold = ets:match_spec_compile([{{{proc_lib, init_p, '_'}, '_', '$1', '_', '_', '_', '_', '_'}, [{'<', '$1', Small}], ['$_']}]),
Told = ets:match_spec_compile([{{{'$1', '$2', '_'}, '_', '$3', '_', '_', '_', '_', '_'},
  [{'orelse', {'=/=', '$1', proc_lib}, {'=/=', '$2', init_p}, {'>=', '$3', Small}}], ['$_']}]),
WithCall = ets:match_spec_compile([
  {{{'_', '$2', '$3', '$1', '$5', '$6', '$7', '$8'}, {'$9', '$10', '$11'}}, [{is_atom, '$9'}, {is_atom, '$10'}, {is_integer, '$11'}],
   [{{{{'$9', '$10', '$11'}}, '$2', '$3', '$1', '$5', '$6', '$7', '$8'}}]},
  {{'$1', '_'}, [], ['$1']}]),

OneColumn = fun(Place, Of) -> lists:zipwith(fun erlang:element/2, lists:duplicate(length(Of), Place), Of) end,

TreeRead = fun(Some) ->
  Live = ets:match_spec_run(lists:zip(Some, Each(fun erlang:process_info/2, Some, TreeItems)), TreeRows),
  case Keyed of
    true -> Live;
    false ->
      Unnamed = ets:match_spec_run(Live, Untold),
      Calls = Quietly(fun() -> lists:map(fun proc_lib:translate_initial_call/1, OneColumn(4, Unnamed)) end, lists:duplicate(length(Unnamed), unknown)),
      ets:match_spec_run(Live, Told) ++ ets:match_spec_run(lists:zip(Unnamed, Calls), WithCall)
  end
end,

%% Who has no parent stands for his own.
ParentOrOwn = ets:match_spec_compile([{{'_', '_', '_', '_', '_', '_', '_', '$1'}, [{is_pid, '$1'}], ['$1']}, {{'_', '_', '_', '$1', '_', '_', '_', '_'}, [], ['$1']}]),
Printed = fun(Some) -> lists:map(fun erlang:pid_to_list/1, Some) end,

%% Those who look like orphans and are looked at once more.
Most = 5000,

TreeFirst = fun() ->
  Everybody = lists:delete(self(), erlang:processes()),
  {#{processes => length(Everybody),
     applications => [{Name, pid_to_list(Master)} || [Name, Master] <- Quietly(fun() -> ets:match(ac_tab, {{application_master, '$1'}, '$2'}) end, []), is_pid(Master)]},
   {Everybody, []}}
end,

TreePart = fun(Size, {Todo, Suspects}) ->
  Began = erlang:monotonic_time(microsecond),
  {Some, Rest} = lists:split(min(Size, length(Todo)), Todo),
  Of = TreeRead(Some),
  Above = ets:match_spec_run(Of, ParentOrOwn),
  Alike = Orphaned(Of),
  {#{read => length(Some), left => length(Rest), pids => Printed(OneColumn(4, Of)), parents => Printed(Above), leaders => Printed(OneColumn(5, Of)),
     names => OneColumn(6, Of), calls => OneColumn(1, Of), memory => OneColumn(3, Of), mailbox => OneColumn(2, Of),
     linked => lists:zipwith(fun lists:member/2, Above, OneColumn(7, Of)),
     suspects => length(Alike), took => erlang:monotonic_time(microsecond) - Began},
   {Rest, lists:sublist(Suspects ++ Alike, Most)}}
end,

%% Those who looked like orphans, once more: whoever was about to end has ended.
TreeAgain = fun({Todo, Suspects}) ->
  Began = erlang:monotonic_time(microsecond),
  {#{looked => length(Suspects), orphans => Printed(Orphaned(TreeRead(Suspects))), took => erlang:monotonic_time(microsecond) - Began}, {Todo, Suspects}}
end,

TreeLoop = fun Next(State) ->
  {Reply, State1} = receive
    {first, Tag} -> {Answer, New} = TreeFirst(), {{Tag, Answer}, New};
    {part, Tag, Size} -> {Answer, New} = TreePart(Size, State), {{Tag, Answer}, New};
    {again, Tag} -> {Answer, New} = TreeAgain(State), {{Tag, Answer}, New};
    _ -> {undefined, State}
  end,
  _ = [Owner ! Reply || Reply =/= undefined],
  Next(State1)
end,

Arrive(),
TreeLoop({[], []}).
