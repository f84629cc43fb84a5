%% The application node's half of docs/design/fanout.md in plain Erlang, as small as a test can have it.
%%
%% A worker is the registered process of a group. It keeps everything it receives, in order, and answers questions
%% about it. Publishing goes to the route of the newest members list, as the contract says.
-module(kit_group).
-export([start/1, stop/1, ask/2, log/1, forget/1,
         attach/2, attach/3, detach/2, cover/3,
         members/2, member_nodes/2, version/2, router/2, route/2, member/3,
         publish/3, publish_range/4, data/1, from/2, watch_router/2, refusals/1,
         publish_load/5, paced/4, numbers/1, last/1, around_loss/1, latencies/1,
         pump/2, pump_stop/1, pid_near/2, leave/3, down/2, zoo/0, same_twice/2, same_again/3, batches/1, id/1]).

start(Group) ->
    Starter = self(),
    Pid = spawn(fun() ->
        true = register(Group, self()),
        Starter ! {self(), up},
        loop(Group, [], #{})
    end),
    receive {Pid, up} -> Pid end.

stop(Group) -> exit(whereis(Group), kill), ok.

%% Members lists are kept apart as well: Lists maps a router's node to its newest list.
loop(Group, Log, Lists) ->
    receive
        {kit_ask, From, Ref, Fun} ->
            From ! {Ref, Fun(Log, Lists)},
            loop(Group, Log, Lists);
        kit_forget ->
            loop(Group, [], Lists);
        {'$outrigger_members', Router, _, _, _} = List ->
            loop(Group, [List | Log], Lists#{node(Router) => List});
        {'$outrigger_batch', Elements} ->
            put(batches, [length(Elements) | batch_sizes()]),
            loop(Group, lists:reverse(Elements, Log), Lists);
        {'$outrigger', _, _, _, {Sent, _}, _} when is_integer(Sent), Sent > 1000000000000 ->
            loop(Group, [{os:system_time(microsecond), Sent} | Log], Lists);
        Message ->
            loop(Group, [Message | Log], Lists)
    end.

%% Runs Fun(Log, Lists) in the worker; the log is newest first.
ask(Group, Fun) ->
    Ref = make_ref(),
    Group ! {kit_ask, self(), Ref, Fun},
    receive {Ref, Answer} -> Answer end.

%% How many messages came in each batch so far.
batches(Group) -> ask(Group, fun(_, _) -> batch_sizes() end).

batch_sizes() ->
    case get(batches) of
        undefined -> [];
        Sizes -> Sizes
    end.

log(Group) -> ask(Group, fun(Log, _) -> lists:reverse(Log) end).
forget(Group) -> Group ! kit_forget, ok.

attach(Group, Rust) -> attach(Group, Rust, 1).
attach(Group, Rust, Version) ->
    {outrigger_pubsub, Rust} ! {attach, Version, Group, whereis(Group)}, ok.
detach(Group, Rust) -> {outrigger_pubsub, Rust} ! {detach, 1, Group, whereis(Group)}, ok.
cover(Group, Rust, Nodes) -> {outrigger_pubsub, Rust} ! {cover, 1, Group, Nodes}, ok.

members(Group, Rust) -> ask(Group, fun(_, Lists) -> maps:get(Rust, Lists, none) end).
member_nodes(Group, Rust) ->
    case members(Group, Rust) of
        none -> [];
        List -> lists:sort([Node || {Node, _} <- element(5, List)])
    end.
version(Group, Rust) -> element(3, members(Group, Rust)).
router(Group, Rust) -> element(2, members(Group, Rust)).
route(Group, Rust) -> element(4, members(Group, Rust)).
member(Group, Rust, Node) -> proplists:get_value(Node, element(5, members(Group, Rust))).

publish(Group, To, Message) when is_atom(To) -> publish(Group, route(Group, To), Message);
publish(_Group, To, Message) -> To ! {'$outrigger', 1, self(), <<"topic">>, Message, none}, ok.

%% One process publishes the numbers First..Last on the route of now.
publish_range(Group, Rust, First, Last) ->
    Route = route(Group, Rust),
    [publish(Group, Route, N) || N <- lists:seq(First, Last)],
    ok.

%% What publishers said, oldest first; from/2: only publishers of that node.
data(Group) ->
    ask(Group, fun(Log, _) -> [M || {'$outrigger', _, _, _, M, _} <- lists:reverse(Log)] end).
from(Group, Node) ->
    ask(Group, fun(Log, _) ->
        [M || {'$outrigger', _, P, _, M, _} <- lists:reverse(Log), node(P) =:= Node]
    end).

%% One process publishes the numbers of {First, Last}, each with Bytes bytes, on Topics topics in turn that begin with Prefix.
publish_load(Group, Rust, {Prefix, Topics}, Bytes, {First, Last}) ->
    Route = route(Group, Rust),
    Pad = binary:copy(<<0>>, Bytes),
    Names = list_to_tuple([<<Prefix/binary, (integer_to_binary(T))/binary>> || T <- lists:seq(1, Topics)]),
    [Route ! {'$outrigger', 1, self(), element(N rem Topics + 1, Names), {N, Pad}, none}
     || N <- lists:seq(First, Last)],
    ok.

%% The same Count messages, 5 every millisecond, each with the time in place of a number.
paced(Group, Rust, Bytes, Count) ->
    Route = route(Group, Rust),
    Pad = binary:copy(<<0>>, Bytes),
    Start = erlang:monotonic_time(millisecond),
    [begin
        [Route ! {'$outrigger', 1, self(), <<"t">>, {os:system_time(microsecond), Pad}, none} || _ <- lists:seq(1, 5)],
        timer:sleep(max(0, Start + Tick - erlang:monotonic_time(millisecond)))
     end || Tick <- lists:seq(1, Count div 5)],
    ok.

%% The numbers, oldest first.
numbers(Group) -> ask(Group, fun(Log, _) -> numbers_in(lists:reverse(Log)) end).
numbers_in(Entries) -> [N || {'$outrigger', _, _, _, {N, _}, _} <- Entries].

%% The number that came last; 0 if none did.
last(Group) -> ask(Group, fun last_in/2).
last_in([{'$outrigger', _, _, _, {N, _}, _} | _], _) -> N;
last_in([_ | Log], Lists) -> last_in(Log, Lists);
last_in([], _) -> 0.

%% {Numbers before, [{Node, Count}], numbers after} the first word of a loss; not_yet when there is none.
around_loss(Group) ->
    IsLoss = fun(E) -> is_tuple(E) andalso element(1, E) =:= '$outrigger_lost' end,
    ask(Group, fun(Log, _) ->
        case lists:splitwith(fun(E) -> not IsLoss(E) end, lists:reverse(Log)) of
            {_, []} -> not_yet;
            {Before, [{_, _, Lost} | After]} ->
                [] = lists:filter(IsLoss, After),
                {numbers_in(Before), Lost, numbers_in(After)}
        end
    end).

%% {Count, Median, P99} of how long the messages of paced/4 were under way, in microseconds. The worker notes it as they come.
latencies(Group) ->
    Times = lists:sort(ask(Group, fun(Log, _) -> [At - Sent || {At, Sent} <- Log] end)),
    case length(Times) of
        0 -> {0, 0, 0};
        Length -> {Length, lists:nth(Length div 2 + 1, Times), lists:nth(Length * 99 div 100 + 1, Times)}
    end.

refusals(Group) ->
    ask(Group, fun(Log, _) ->
        [{G, Reason, Limit} || {'$outrigger_refused', _, G, Reason, Limit} <- lists:reverse(Log)]
    end).

%% The worker monitors the router: the DOWN lands in its log.
watch_router(Group, Rust) ->
    ask(Group, fun(_, #{Rust := List}) -> erlang:monitor(process, element(2, List)), ok end).

%% A process that publishes 1, 2, 3, ... about every millisecond on the newest route, until it is stopped.
%% It keeps waiting when it has no route. pump_stop/1 returns the last number that it sent.
pump(Group, Rust) -> spawn(fun() -> pump(Group, Rust, 0) end).
pump(Group, Rust, Last) ->
    receive
        {stop, From} -> From ! {self(), Last}
    after 1 ->
        publish(Group, Rust, Last + 1),
        pump(Group, Rust, Last + 1)
    end.
pump_stop(Pid) ->
    Pid ! {stop, self()},
    receive {Pid, Last} -> Last end.

%% A pid of the same node and creation with another number, for "a pid the router never handed out".
pid_near(Pid, Offset) ->
    <<131, 88, Rest/binary>> = term_to_binary(Pid),
    Size = byte_size(Rest) - 12,
    <<Node:Size/binary, Id:32, Serial:32, Creation:32>> = Rest,
    binary_to_term(<<131, 88, Node/binary, (Id + Offset):32, Serial:32, Creation:32>>).

%% What came of a node around its leave: {Before, After} are its messages before and after the first members list
%% that no longer names it; not_yet when there is none.
leave(Group, Rust, Node) ->
    Named = fun(Entry) -> names(Entry, Rust, Node) end,
    ask(Group, fun(Log, _) ->
        FromFirst = lists:dropwhile(fun(E) -> Named(E) =/= true end, lists:reverse(Log)),
        case lists:splitwith(fun(E) -> Named(E) =/= false end, FromFirst) of
            {_, []} -> not_yet;
            {Before, After} -> {by(Before, Node), by(After, Node)}
        end
    end).

names({'$outrigger_members', Router, _, _, Members}, Rust, Node) when node(Router) =:= Rust ->
    lists:keymember(Node, 1, Members);
names(_, _, _) -> other.

by(Entries, Node) -> [M || {'$outrigger', _, P, _, M, _} <- Entries, node(P) =:= Node].

%% The same around the DOWN of the router: everything that came through it.
down(Group, Rust) ->
    ask(Group, fun(Log, _) ->
        case lists:splitwith(fun(E) -> not is_down(E, Rust) end, lists:reverse(Log)) of
            {_, []} -> not_yet;
            {Before, [_ | After]} ->
                {[M || {'$outrigger', _, _, _, M, _} <- Before], [M || {'$outrigger', _, _, _, M, _} <- After]}
        end
    end).

is_down({'DOWN', _, process, Router, _}, Rust) -> node(Router) =:= Rust;
is_down(_, _) -> false.

%% Terms of all kinds. Local funs, pids, ports and references are of the calling node and process.
zoo() ->
    Secret = make_ref(),
    Deep = lists:foldl(fun(_, T) -> [T] end, bottom, lists:seq(1, 10000)),
    DeepTuple = lists:foldl(fun(_, T) -> {T, x} end, bottom, lists:seq(1, 2000)),
    [
        atom, '', 'with space', list_to_atom([16#e9, 16#4e2d]), list_to_atom(lists:duplicate(255, $a)),
        0, 255, 256, -1, -(1 bsl 31), 1 bsl 31, (1 bsl 63) - 1, -(1 bsl 64), 1 bsl 2000, 1 bsl 5000,
        0.0, -1.5e300, [], "string", lists:duplicate(70000, $x), [1 | improper], [-1, -200],
        {}, list_to_tuple(lists:seq(1, 300)), #{}, #{a => #{<<"b">> => [1.0]}},
        maps:from_list([{N, N} || N <- lists:seq(1, 100)]),
        <<>>, <<1, 2, 3>>, <<5:3>>, binary:copy(<<"0123456789abcdef">>, 65536),
        self(), Secret, hd(erlang:ports()), fun lists:map/2, fun ?MODULE:id/1, fun() -> {Secret, captured} end,
        Deep, DeepTuple
    ].

%% Whether the worker has received the same Count messages twice, one round after the other.
same_twice(Group, Count) ->
    ask(Group, fun(Log, _) ->
        Data = [M || {'$outrigger', _, _, _, M, _} <- lists:reverse(Log)],
        length(Data) =:= 2 * Count andalso lists:sublist(Data, Count) =:= lists:nthtail(Count, Data)
    end).

%% Whether the worker has received Count messages, and then the same ones in so many more rounds.
same_again(Group, Count, Rounds) ->
    ask(Group, fun(Log, _) ->
        Data = [M || {'$outrigger', _, _, _, M, _} <- lists:reverse(Log)],
        {First, Rest} = lists:split(min(Count, length(Data)), Data),
        Rest =:= lists:append(lists:duplicate(Rounds, First))
    end).

id(X) -> X.
