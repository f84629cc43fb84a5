%% The largest tables of ETS: a walk over all of them, a part at a time. Names, sizes and owners; never an object.
%%
%% State: `{Todo, Best}`, tables that are left and `{Words, Table}` of the largest so far. `new`: a walk begins.
Sized = ets:match_spec_compile([{{'$1', '_'}, [{is_integer, '$1'}], ['$_']}]),

TableOf = fun(Table) ->
  case [ets:info(Table, Item) || Item <- [id, name, owner, type, size, memory]] of
    [Id, Name, Pid, Type, Size, Words] when is_pid(Pid), is_integer(Words) ->
      #{id => list_to_binary(ref_to_list(Id)), name => Name, owner => Whose(Pid), type => Type, objects => Size,
        bytes => Words * erlang:system_info(wordsize)};
    _ -> undefined
  end
end,

Tables = fun(Size, Count, State) ->
  {Todo, Best} = case State of new -> {ets:all(), []}; _ -> State end,
  {Part, Rest} = lists:split(min(Size, length(Todo)), Todo),
  Words = Each(fun ets:info/2, Part, memory),
  Best1 = Foremost(1, Best ++ ets:match_spec_run(lists:zip(Words, Part), Sized), Count),
  {#{whole => Rest =:= [], tables => Alive([TableOf(Table) || {_, Table} <- Best1])},
   case Rest of [] -> new; _ -> {Rest, Best1} end}
end,
