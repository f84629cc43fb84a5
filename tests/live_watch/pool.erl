%% A stand-in for a pool of DBConnection, for machines where the library cannot be had: the same tables with the same keys, the same owners and
%% heirs, the same timers. Written from the layout that `native/probe/src/guest/program/pools.erl` states, not from the library's code.
%% It serves no query: its clients take a connection and sit on it, in functions with names that a test can look for.
-module(pool).
-export([start/2, client/1, tick/0, init/3, hold_report/0, wait_for_one/2, elapsed/0]).

%% A pool of `Size` below a process with the name `Repo`, and Ecto's own table with what the repo was configured with.
start(Repo, Size) ->
  Self = self(),
  Above = spawn(fun() ->
    register(Repo, self()),
    Table = 'Elixir.Ecto.Repo.Registry',
    ets:info(Table, name) =:= Table orelse ets:new(Table, [named_table, public]),
    ets:insert(Table, {self(), make_ref(), Repo, #{opts => [{pool_size, Size}, {queue_target, 50}, {queue_interval, 1000}, {password, <<"secret">>}]}}),
    spawn(?MODULE, init, [Self, Repo, Size]),
    receive stop -> ok end
  end),
  receive {ready, Repo, Pool} -> persistent_term:put({?MODULE, pool}, Pool), {Above, Pool} end.

init(Starter, Repo, Size) ->
  Queue = ets:new('Elixir.DBConnection.ConnectionPool.Queue', [protected, ordered_set]),
  Pool = self(),
  [spawn(fun() -> connection(Pool, N) end) || N <- lists:seq(1, Size)],
  [receive {'ETS-TRANSFER', Holder, _, {checkin, At}} -> ets:insert(Queue, {{At, Holder}}) end || _ <- lists:seq(1, Size)],
  Starter ! {ready, Repo, Pool},
  loop(Queue).

connection(Pool, N) ->
  Holder = ets:new('Elixir.DBConnection.Holder', [public, ordered_set]),
  ets:insert(Holder, {conn, self(), 'Elixir.Postgrex.Protocol', {state, N, <<"secret">>}, undefined, erlang:monotonic_time(), nil, ok}),
  ets:setopts(Holder, {heir, Pool, make_ref()}),
  ets:give_away(Holder, Pool, {checkin, erlang:monotonic_time()}),
  receive stop -> ok end.

loop(Queue) ->
  receive
    {checkout, {Pid, _} = From} ->
      case ets:first(Queue) of
        {_, Holder} = Key ->
          ets:delete(Queue, Key),
          ets:give_away(Holder, Pid, {From, checkout});
        _ ->
          ets:insert(Queue, {{erlang:monotonic_time(millisecond), erlang:unique_integer(), From}})
      end,
      loop(Queue);
    {'ETS-TRANSFER', Holder, _Client, _} ->
      case ets:first(Queue) of
        {_, _, {Pid, _} = From} = Key ->
          ets:delete(Queue, Key),
          ets:give_away(Holder, Pid, {From, checkout});
        _ ->
          ets:insert(Queue, {{erlang:monotonic_time(), Holder}})
      end,
      loop(Queue)
  end.

%% A client that takes a connection with this many milliseconds to its deadline (or `infinity`), and keeps it until it is told.
client(Timeout) ->
  Pool = persistent_term:get({?MODULE, pool}),
  spawn(fun() -> wait_for_one(Pool, Timeout), tick() end).

wait_for_one(Pool, Timeout) ->
  Ref = make_ref(),
  Pool ! {checkout, {self(), Ref}},
  receive
    {'ETS-TRANSFER', Holder, Pool, {{_, Ref}, checkout}} ->
      Deadline = case Timeout of infinity -> nil; _ -> erlang:start_timer(Timeout, Pool, {Ref, Holder}) end,
      ets:update_element(Holder, conn, [{5, make_ref()}, {7, Deadline}]),
      hold_report(),
      Deadline =:= nil orelse erlang:cancel_timer(Deadline),
      ets:update_element(Holder, conn, [{7, nil}]),
      ets:give_away(Holder, Pool, checkin)
  end.

%% What a holder is seen to run, below frames of a driver.
hold_report() -> _ = 'Elixir.Postgrex.StandIn':deep(20), ok.

tick() -> ok.

%% Milliseconds of the first waiter, as the pool's own table has it; the oracle of the tests.
elapsed() ->
  [Queue] = [T || T <- ets:all(), ets:info(T, name) =:= 'Elixir.DBConnection.ConnectionPool.Queue'],
  case ets:first(Queue) of {Since, _, _} -> erlang:system_time(millisecond) - (erlang:monotonic_time(millisecond) - Since); _ -> none end.
