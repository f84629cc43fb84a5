%% Pools of DBConnection, from their tables alone: no pool is sent a message, no state of a connection and no parameter is read.
%%
%% A pool has one table `DBConnection.ConnectionPool.Queue`: its keys are `{Time, Unique, {Pid, Ref}}` of those who wait (milliseconds), or
%% `{Time, Holder}` of idle connections. Each connection is a table `DBConnection.Holder`, whose heir is the pool and whose owner is the pool
%% or, by `give_away`, the client that has it. Its one object is `{conn, Connection, Module, State, Lock, ConnectedAt, Deadline, Status}`.
Named = fun(Tables) ->
  Names = Each(fun ets:info/2, Tables, name),
  lists:zip(Names, Tables)
end,

WithName = fun(Name, Pairs) -> ets:match_spec_run(Pairs, ets:match_spec_compile([{{Name, '$1'}, [], ['$1']}])) end,

%% The registered name nearest above a process, for instance that of the repo's supervisor.
Called = fun
  Called(_Pid, 0) -> undefined;
  Called(Pid, Up) ->
    case erlang:process_info(Pid, [registered_name, parent]) of
      [{_, []}, {_, Parent}] when is_pid(Parent), node(Parent) =:= node() -> Called(Parent, Up - 1);
      [{_, Name}, _] when Name =/= [] -> Name;
      _ -> undefined
    end
end,

%% `{PoolSize, QueueTarget, QueueInterval}` of an Ecto repo, each maybe undefined.
Options = fun(Repo) ->
  Quietly(fun() ->
    [Meta] = ets:select('Elixir.Ecto.Repo.Registry', [{{'_', '_', Repo, '$1'}, [], ['$1']}]),
    Opts = maps:get(opts, Meta, []),
    list_to_tuple([proplists:get_value(Key, Opts) || Key <- [pool_size, queue_target, queue_interval]])
  end, {undefined, undefined, undefined})
end,

%% A driver and Ecto take more frames than the 8 that stacks are cut at, so the flag is raised, for the time of this reading alone.
Deep = fun(Read) ->
  Was = erlang:system_flag(backtrace_depth, 40),
  try Read() after erlang:system_flag(backtrace_depth, Was) end
end,

Held = fun(Table, Owner) ->
  Deadline = Quietly(fun() -> ets:lookup_element(Table, conn, 7) end, undefined),
  Lock = Quietly(fun() -> ets:lookup_element(Table, conn, 5) end, undefined),
  Left = if is_reference(Deadline) -> case erlang:read_timer(Deadline) of Time when is_integer(Time) -> Time; _ -> undefined end; true -> undefined end,
  case Detail(Owner) of
    undefined -> undefined;
    Client -> #{process => Client, lock => erlang:phash2({Table, Lock}), left => Left, stack => Stack(Owner, 40)}
  end
end,

Waiter = fun({Since, Pid}, Now) ->
  case Detail(Pid) of
    undefined -> undefined;
    Client -> #{process => Client, waits => Now - Since, stack => Stack(Pid, 40)}
  end
end,

Pools = fun(Most) ->
  Pairs = Quietly(fun() -> Named(ets:all()) end, []),
  Holders = [{ets:info(Table, heir), ets:info(Table, owner), Table} || Table <- WithName('Elixir.DBConnection.Holder', Pairs)],
  [begin
    Pool = ets:info(Queue, owner),
    Own = [{Owner, Table} || {Heir, Owner, Table} <- Holders, Heir =:= Pool],
    Out = [{Owner, Table} || {Owner, Table} <- Own, Owner =/= Pool],
    Now = erlang:monotonic_time(millisecond),
    Waiting = Quietly(fun() -> ets:select_count(Queue, [{{{'_', '_', '_'}}, [], [true]}]) end, 0),
    First = case Quietly(fun() -> ets:select(Queue, [{{{'$1', '_', {'$2', '_'}}}, [], [{{'$1', '$2'}}]}], Most) end, '$end_of_table') of
      {Some, _More} -> Some;
      _ -> []
    end,
    Name = Called(Pool, 4),
    {Size, Target, Interval} = Options(Name),
    #{pool => Text(Pool), name => Name, size => Size, target => Target, interval => Interval,
      connections => length(Own), out => length(Out), queue => Waiting,
      head_age => case First of [{Since, _} | _] -> Now - Since; [] -> undefined end,
      mailbox => case erlang:process_info(Pool, message_queue_len) of {_, Length} -> Length; _ -> 0 end,
      holders => Deep(fun() -> Alive([Held(Table, Owner) || {Owner, Table} <- lists:sublist(Out, Most)]) end),
      waiters => Deep(fun() -> Alive([Waiter(One, Now) || One <- lists:sublist(First, Most)]) end)}
   end || Queue <- WithName('Elixir.DBConnection.ConnectionPool.Queue', Pairs), is_pid(ets:info(Queue, owner))]
end,
