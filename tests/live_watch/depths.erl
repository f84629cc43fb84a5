%% What `depths.rs` looks at: a table, a socket and a program of a known size, rate and owner; and what the node says of itself.
-module(depths).
-export([hoard/0, moving/0, allocators/0, mark/0, shares/0, is_counting/0]).

%% Ten thousand small tables, more than a part of a walk has, and three large ones before, among and behind them. The largest is that of `hoarder`,
%% beside an empty one of the same name.
hoard() ->
  filled(first, 30000),
  [ets:new(small, [public]) || _ <- lists:seq(1, 5000)],
  up(hoarder, fun() ->
    Table = filled(orders, 50000),
    ets:insert(ets:new(orders, []), {key, "hush-hush"}),
    persistent_term:put(table, Table)
  end, fun() -> receive stop -> ok end end),
  [ets:new(small, [public]) || _ <- lists:seq(1, 5000)],
  filled(last, 20000),
  ok.

filled(Name, Objects) ->
  Table = ets:new(Name, [ordered_set]),
  ets:insert(Table, [{N, lists:seq(1, 20)} || N <- lists:seq(1, Objects)]),
  Table.

%% A socket from `sender` to `sink`, over which ten megabytes go when it is told so, and a program with a secret in its command line.
moving() ->
  {ok, Listen} = gen_tcp:listen(0, [binary, {active, true}]),
  {ok, Port} = inet:port(Listen),
  up(sink, fun() -> ok end, fun() -> receive go -> ok end, swallow() end),
  up(sender, fun() ->
    {ok, Socket} = gen_tcp:connect("localhost", Port, [binary]),
    put(socket, Socket),
    put(program, open_port({spawn, "env SECRET=hush-hush cat"}, [binary]))
  end, fun() ->
    receive go -> ok end,
    [begin ok = gen_tcp:send(get(socket), binary:copy(<<0>>, 50000)), receive after 10 -> ok end end || _ <- lists:seq(1, 200)],
    receive stop -> ok end
  end),
  {ok, Accepted} = gen_tcp:accept(Listen),
  ok = gen_tcp:controlling_process(Accepted, whereis(sink)),
  whereis(sink) ! go,
  persistent_term:put(listen, Listen),
  ok.

swallow() -> receive _ -> swallow() end.

%% A process with a name that is as far as `Begin` when this returns.
up(Name, Begin, Go) ->
  Self = self(),
  spawn(fun() -> register(Name, self()), Begin(), Self ! {up, Name}, Go() end),
  receive {up, Name} -> ok end.

%% `[{Allocator, Carriers, Blocks}]`, as `recon_alloc` adds them up: instance by instance.
allocators() ->
  [{A, sum(A, fun carriers/1), sum(A, fun blocks/1)} || A <- erlang:system_info(alloc_util_allocators)].

sum(Allocator, Of) ->
  lists:sum([Of(Info) || {instance, _, Pools} <- erlang:system_info({allocator_sizes, Allocator}),
                         {Pool, Info} <- Pools, lists:member(Pool, [mbcs, mbcs_pool, sbcs])]).

carriers(Info) -> element(2, lists:keyfind(carriers_size, 1, Info)).

blocks(Info) ->
  lists:sum([element(2, lists:keyfind(size, 1, Sizes)) || {_, Sizes} <- proplists:get_value(blocks, Info, [])]).

mark() -> persistent_term:put(counters, counters()).

%% Parts of ten thousand that normal schedulers have spent in `emulator` and asleep since the mark.
shares() ->
  Grown = maps:merge_with(fun(_, A, B) -> B - A end, persistent_term:get(counters), counters()),
  All = lists:sum(maps:values(Grown)),
  [round(maps:get(State, Grown) / All * 10000) || State <- [emulator, sleep]].

counters() ->
  lists:foldl(fun(Counters, Sum) -> maps:merge_with(fun(_, A, B) -> A + B end, Counters, Sum) end, #{},
    [Counters || #{type := scheduler, counters := Counters} <- erlang:statistics(microstate_accounting)]).

%% Whether the flag is set. It can be read only by setting it.
is_counting() ->
  case erlang:system_flag(microstate_accounting, true) of
    true -> true;
    false -> erlang:system_flag(microstate_accounting, false), false
  end.
