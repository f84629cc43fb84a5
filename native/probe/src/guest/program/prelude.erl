%% A program for `erl_eval` on the node that is watched. No code is loaded there. The parts of this folder are put one
%% behind the other, in the order of `program.rs`.
%%
%% What is slow in `erl_eval` is a loop over its own expressions, a microsecond or more for each. So whatever may be long
%% (processes, tables) goes through compiled functions of `lists` and through match specifications.
%%
%% Bound by the caller: Owner, our process; nobody else is answered.
Quietly = fun(Read, Otherwise) -> try Read() catch _:_ -> Otherwise end end,

%% `Read(One, Item)` of each, as by `erlang:process_info/2`.
Each = fun(Read, All, Item) -> lists:zipwith(Read, All, lists:duplicate(length(All), Item)) end,

%% Bytes that wait for a peer: of the port, or of the process that does TLS, whose mailbox is told.
LinkQueue = fun
  (Port) when is_port(Port) -> case erlang:port_info(Port, queue_size) of {queue_size, Bytes} -> Bytes; _ -> 0 end;
  (_Process) -> 0
end,

Text = fun(Pid) -> list_to_binary(pid_to_list(Pid)) end,

%% What a process of `proc_lib` was started as stands in its dictionary. From OTP 26.2 on that one entry can be read; before, a dictionary is copied whole.
Keyed = Quietly(fun() -> _ = erlang:process_info(self(), {dictionary, '$initial_call'}), true end, false),

%% What it was started as: of a process of `proc_lib` the callback module's function.
Started = fun
  (Pid, {proc_lib, init_p, _} = Call) when Keyed ->
    case erlang:process_info(Pid, {dictionary, '$initial_call'}) of
      {_, {_, _, _} = Callback} -> Callback;
      _ -> Call
    end;
  (Pid, {proc_lib, init_p, _} = Call) -> Quietly(fun() -> proc_lib:translate_initial_call(Pid) end, Call);
  (_Pid, Call) -> Call
end,

%% Of one process, without what it holds. `undefined` when it has ended.
Detail = fun(Pid) ->
  case erlang:process_info(Pid, [registered_name, initial_call, current_function, status, message_queue_len, memory, reductions]) of
    [{_, Name}, {_, Call}, {_, Current}, {_, Status}, {_, Mailbox}, {_, Memory}, {_, Reductions}] ->
      #{pid => Text(Pid), name => case Name of [] -> undefined; _ -> Name end, started => Started(Pid, Call),
        current => Current, status => Status, mailbox => Mailbox, memory => Memory, reductions => Reductions};
    _ -> undefined
  end
end,

%% Who has something: a process by its name and by what it was started as.
Whose = fun(Pid) ->
  case erlang:process_info(Pid, [registered_name, initial_call]) of
    [{_, Name}, {_, Call}] -> #{pid => Text(Pid), name => case Name of [] -> undefined; _ -> Name end, started => Started(Pid, Call)};
    _ -> #{pid => Text(Pid), name => undefined, started => undefined}
  end
end,

Alive = fun(Details) -> [Of || Of <- Details, is_map(Of)] end,

%% `{Module, Function, Arity, File, Line}` of the innermost frames.
Stack = fun(Pid, Most) ->
  case erlang:process_info(Pid, current_stacktrace) of
    {_, Frames} ->
      [{Module, Function, if is_list(Arity) -> length(Arity); true -> Arity end,
        Quietly(fun() -> list_to_binary(proplists:get_value(file, At, "")) end, <<>>), proplists:get_value(line, At, 0)}
       || {Module, Function, Arity, At} <- lists:sublist(Frames, Most)];
    _ -> []
  end
end,
