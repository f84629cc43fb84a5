%% The BEAM's side of bench/messages: a sink that counts, a source that sends, and clocks.
-module(bench_messages).
-export([expect/1, took/0, send/2, load/3, heard/0, listen/0]).

%% Waits for so many events; the time between the first and the last is told by took/0.
expect(N) ->
    persistent_term:erase(took),
    Self = self(),
    {Pid, Ref} = spawn_opt(fun() ->
        register(sink, self()),
        Self ! {ready, self()},
        receive {evt, _, _} -> ok end,
        From = erlang:monotonic_time(microsecond),
        count(N - 1),
        persistent_term:put(took, erlang:monotonic_time(microsecond) - From)
    end, [monitor, {message_queue_data, off_heap}]),
    receive
        {ready, Pid} -> erlang:demonitor(Ref, [flush]), ok;
        {'DOWN', Ref, process, Pid, Why} -> exit(Why)
    end.

count(0) -> ok;
count(N) -> receive {evt, _, _} -> count(N - 1) end.

took() ->
    case persistent_term:get(took, none) of
        none -> timer:sleep(5), took();
        Took -> Took
    end.

%% Sends so many events to a node's `sink`; the time that it took.
send(Node, N) ->
    Body = binary:copy(<<"v">>, 83),
    From = erlang:monotonic_time(microsecond),
    send({sink, Node}, Body, N),
    erlang:monotonic_time(microsecond) - From.

send(_To, _Body, 0) -> ok;
send(To, Body, N) ->
    To ! {evt, N, Body},
    send(To, Body, N - 1).

%% A small message each millisecond to a node's `small`, 1 MiB each 20 ms to its `bulk`.
load(Node, Times, Big) ->
    Bulk = spawn(fun() -> bulk(Node, binary:copy(<<"b">>, Big)) end),
    small(Node, Times),
    exit(Bulk, kill),
    ok.

bulk(Node, Big) ->
    {bulk, Node} ! Big,
    receive after 20 -> bulk(Node, Big) end.

small(_Node, 0) -> ok;
small(Node, Times) ->
    receive after 1 -> ok end,
    {small, Node} ! os:system_time(nanosecond),
    small(Node, Times - 1).

%% Starts `small`, which keeps the age of each message, and `bulk`, which drops what it gets.
listen() ->
    Loop = fun Loop() -> receive _ -> Loop() end end,
    [catch unregister(Name) || Name <- [small, bulk]],
    register(bulk, spawn(Loop)),
    register(small, spawn_opt(fun() -> ages([]) end, [{priority, high}])),
    ok.

ages(Ages) ->
    receive
        {heard, From} -> From ! {ages, Ages}, ages([]);
        Sent -> ages([os:system_time(nanosecond) - Sent | Ages])
    end.

%% The median, the 99th hundredth and the number of the ages, in microseconds.
heard() ->
    small ! {heard, self()},
    receive
        {ages, Ages} ->
            Sorted = lists:sort(Ages),
            N = length(Sorted),
            {lists:nth(max(1, N div 2), Sorted) div 1000, lists:nth(max(1, N * 99 div 100), Sorted) div 1000, N}
    end.
