%% The BEAM's side of bench/calls: callers, and a server beside ours.
-module(bench_calls).
-behaviour(gen_server).
-export([serve/0, calls/3, rpcs/2]).
-export([init/1, handle_call/3, handle_cast/2]).

serve() ->
    {ok, _} = gen_server:start({local, echo}, ?MODULE, [], []),
    ok.

init([]) -> {ok, none}.
handle_call(Request, _From, State) -> {reply, Request, State}.
handle_cast(_, State) -> {noreply, State}.

%% So many callers, each with so many calls one after the other: calls per second, and the median of a call in nanoseconds.
calls(Server, Callers, Each) ->
    Self = self(),
    Start = erlang:monotonic_time(nanosecond),
    Pids = [spawn_link(fun() -> Self ! {self(), times(Server, Each, [])} end) || _ <- lists:seq(1, Callers)],
    Times = lists:append([receive {Pid, Own} -> Own end || Pid <- Pids]),
    Took = erlang:monotonic_time(nanosecond) - Start,
    {Callers * Each * 1000000000 div Took, median(Times)}.

times(_Server, 0, Times) -> Times;
times(Server, N, Times) ->
    Start = erlang:monotonic_time(nanosecond),
    {hello, N} = gen_server:call(Server, {hello, N}, infinity),
    times(Server, N - 1, [erlang:monotonic_time(nanosecond) - Start | Times]).

%% Remote calls one after the other: the median in nanoseconds.
rpcs(Node, Times) ->
    median([begin
        Start = erlang:monotonic_time(nanosecond),
        N = erpc:call(Node, erlang, abs, [N]),
        erlang:monotonic_time(nanosecond) - Start
    end || N <- lists:seq(1, Times)]).

median(Times) -> lists:nth(max(1, length(Times) div 2), lists:sort(Times)).
