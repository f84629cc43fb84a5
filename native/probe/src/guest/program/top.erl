%% Who works, who lags, who grows: a walk over all processes, a part in each round, so that a round costs the same with a
%% thousand processes and with a million. A process is read once in each walk; the difference to the walk before is its rate.
%%
%% State: `{Todo, Done}`, lists of `{Pid, Reductions, Time}` as they were read last. `new` instead of reductions: never before.
TopItems = [reductions, message_queue_len, memory, parent],

%% `{Spent, Mailbox, Memory, Pid, Reductions, Now, Elapsed, Parent}` of those who live.
Rows = ets:match_spec_compile([
  {{{'$1', new, '_'}, [{reductions, '$4'}, {message_queue_len, '$5'}, {memory, '$6'}, {parent, '$8'}], '$7'}, [],
   [{{0, '$5', '$6', '$1', '$4', '$7', 0, '$8'}}]},
  {{{'$1', '$2', '$3'}, [{reductions, '$4'}, {message_queue_len, '$5'}, {memory, '$6'}, {parent, '$8'}], '$7'}, [],
   [{{{'-', '$4', '$2'}, '$5', '$6', '$1', '$4', '$7', {'-', '$7', '$3'}, '$8'}}]}]),

Kept = ets:match_spec_compile([{{'_', '_', '_', '$1', '$2', '$3', '_', '_'}, [], [{{'$1', '$2', '$3'}}]}]),
Pids = ets:match_spec_compile([{{'$1', '_', '_'}, [], ['$1']}]),

Entries = fun(All, Reductions, Time) ->
  Count = length(All),
  lists:zip3(All, lists:duplicate(Count, Reductions), lists:duplicate(Count, Time))
end,

%% A new walk over all that are there: whom the last one has seen, and who is new. What was born since began with nothing.
Again = fun(There, Nothing, Done, Now) ->
  Known = lists:sort(ets:match_spec_run(Done, Pids)),
  New = ordsets:subtract(lists:sort(There), Known),
  Done ++ case Done of [] -> Entries(New, new, Now); [{_, _, Then} | _] -> Entries(New, Nothing, Then) end
end,

%% What a process refers to outside of its heap.
Refc = fun(Pid) ->
  case erlang:process_info(Pid, binary) of {_, Binaries} -> lists:sum([Bytes || {_, Bytes, _} <- Binaries]); _ -> 0 end
end,

Foremost = fun(Column, All, Count) -> lists:sublist(lists:reverse(lists:keysort(Column, All)), Count) end,

%% Reads at most `Size` processes, and shows the `Count` first of them by work, mailbox and memory.
Top = fun(Size, Count, {Todo, Done}) ->
  Now = erlang:monotonic_time(microsecond),
  {Part, Rest} = lists:split(min(Size, length(Todo)), Todo),
  Infos = Each(fun erlang:process_info/2, ets:match_spec_run(Part, Pids), TopItems),
  All = ets:match_spec_run(lists:zip3(Part, Infos, lists:duplicate(length(Part), Now)), Rows),
  Chosen = lists:usort(Foremost(1, All, Count) ++ Foremost(2, All, Count) ++ Foremost(3, All, Count)),
  Shown = Alive([
    case Pid =/= self() andalso Detail(Pid) of
      #{} = Process -> #{process => Process, spent => Spent, elapsed => Elapsed, binary => Refc(Pid)};
      _ -> undefined
    end || {Spent, _, _, Pid, _, _, Elapsed, _} <- Chosen]),
  Next = ets:match_spec_run(All, Kept) ++ Done,
  {#{read => length(Part), whole => Rest =:= [], processes => Shown, orphans => Orphans(All, Count)},
   case Rest of [] -> {Again(erlang:processes(), 0, Next, Now), []}; _ -> {Rest, Next} end}
end,
