%% What the tests of live_pubsub have done on a BEAM node that runs the package.
-module(kit_pubsub).
-export([start/2, subscribe/2, received/1, keys/1, say/3, publish/5, flood/3, stop/1, stream/1, listen/2, heard/1, followers/1]).

-define(API, 'Elixir.Outrigger.PubSub').

%% A PubSub that outlives the call.
start(Name, Options) ->
    {ok, _} = application:ensure_all_started(elixir),
    {ok, _} = application:ensure_all_started(outrigger),
    {ok, Supervisor} = 'Elixir.Supervisor':start_link([{?API, [{name, Name} | Options]}], [{strategy, one_for_one}]),
    unlink(Supervisor),
    ok.

%% A process that has subscribed when this returns, and keeps what comes: {Key, Number} under its topic's name.
subscribe(Name, Topic) ->
    Parent = self(),
    spawn(fun() ->
        register(binary_to_atom(Topic), self()),
        ok = ?API:subscribe(Name, Topic, []),
        Parent ! {self(), there},
        keep(#{})
    end),
    receive {_, there} -> ok end.

keep(Kept) ->
    receive
        {Asker, kept} -> Asker ! {self(), Kept}, keep(Kept);
        {Key, Number} -> keep(maps:update_with(Key, fun(Numbers) -> [Number | Numbers] end, [Number], Kept));
        _Other -> keep(Kept)
    end.

%% What came, by key, oldest first.
received(Topic) ->
    Pid = whereis(binary_to_atom(Topic)),
    Pid ! {self(), kept},
    receive {Pid, Kept} -> maps:map(fun(_, Numbers) -> lists:reverse(Numbers) end, Kept) end.

keys(Topic) -> lists:sort(maps:keys(received(Topic))).

%% One message of the caller.
say(Name, Topic, Number) -> ?API:broadcast(Name, Topic, {<<"said">>, Number}).

%% One process publishes the numbers.
publish(Name, Topic, Key, From, To) ->
    spawn(fun() -> [ok = ?API:broadcast(Name, Topic, {Key, N}) || N <- lists:seq(From, To)] end),
    ok.

%% A process that publishes on these topics in turn until it is stopped, twenty between two pauses.
flood(Name, Topics, Key) ->
    spawn(fun() -> flood(Name, Topics, Key, 1) end).

flood(Name, Topics, Key, N) ->
    receive
        {Asker, stop} -> Asker ! {self(), N - 1}
    after 0 ->
        [ok = ?API:broadcast(Name, Topic, {Key, N}) || Topic <- Topics],
        case N rem 20 of
            0 -> timer:sleep(1);
            _ -> ok
        end,
        flood(Name, Topics, Key, N + 1)
    end.

%% How many numbers it has published.
stop(Pid) ->
    Pid ! {self(), stop},
    receive {Pid, Count} -> Count end.

%% A stream of events that outlives the call.
stream(Options) ->
    {ok, Supervisor} = 'Elixir.Supervisor':start_link([{'Elixir.Outrigger.Events.Stream', Options}], [{strategy, one_for_one}]),
    unlink(Supervisor),
    ok.

%% A process of this name that has done what makes it hear something when this returns, and keeps what comes as it is.
listen(Name, Subscribe) ->
    Parent = self(),
    spawn(fun() ->
        register(Name, self()),
        Subscribe(),
        Parent ! {self(), there},
        hear([])
    end),
    receive {_, there} -> ok end.

hear(Heard) ->
    receive
        {heard, Asker} -> Asker ! {self(), Heard}, hear(Heard);
        Message -> hear([Message | Heard])
    end.

%% What came, oldest first.
heard(Name) ->
    Pid = whereis(Name),
    Pid ! {heard, self()},
    receive {Pid, Heard} -> lists:reverse(Heard) end.

%% The programs that follow a stream on this node.
followers(Stream) ->
    [{followers, _Version, Pids}] = ets:lookup('Elixir.Module':concat(Stream, 'Views'), followers),
    Pids.
