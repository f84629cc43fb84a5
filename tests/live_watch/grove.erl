-module(grove).
-export([start/0, start/2, stop/1, init/1, worker/0, stuck/0, loop/0, hang/0]).

%% An application of three levels: two supervisors below the first, one of a thousand workers. One of them is suspended, the other one waits for a child
%% that never says that it has started.
start() ->
  ok = application:load({application, ?MODULE, [{mod, {?MODULE, []}}, {applications, [kernel, stdlib]}]}),
  ok = application:start(?MODULE),
  [{ok, _} = supervisor:start_child(grove_workers, []) || _ <- lists:seq(1, 1000)],
  ok = sys:suspend(grove_workers),
  spawn(fun() -> supervisor:start_child(grove_stuck, []) end),
  ok.

start(_Type, _Arguments) -> supervisor:start_link({local, grove_sup}, ?MODULE, top).
stop(_State) -> ok.

init(top) -> {ok, {#{}, [below(grove_workers, worker), below(grove_stuck, stuck)]}};
init(Function) -> {ok, {#{strategy => simple_one_for_one}, [#{id => child, start => {?MODULE, Function, []}}]}}.

below(Name, Function) ->
  #{id => Name, start => {supervisor, start_link, [{local, Name}, ?MODULE, Function]}, type => supervisor}.

worker() -> {ok, proc_lib:spawn_link(?MODULE, loop, [])}.
stuck() -> proc_lib:start_link(?MODULE, hang, []).

loop() -> receive stop -> ok end.
hang() -> receive stop -> ok end.
