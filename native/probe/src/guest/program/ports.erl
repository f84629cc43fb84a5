%% Ports that move most and that hold most back: a walk over all of them, a part at a time. What they are and whose; never what they carry.
%%
%% State: `{Todo, Done, Best}`: `{Port, {In, Out}, Time}` as they were read last, and rows of the first of this walk. `new` instead of the bytes: never before.
%%
%% Rows: `{Moved, Queue, Port, In, Out, Now, MovedIn, MovedOut, Elapsed}`.
PortRows = ets:match_spec_compile([
  {{{'$1', new, '_'}, {{input, '$2'}, {output, '$3'}, {queue_size, '$4'}}, '$5'}, [],
   [{{0, '$4', '$1', '$2', '$3', '$5', 0, 0, 0}}]},
  {{{'$1', {'$6', '$7'}, '$8'}, {{input, '$2'}, {output, '$3'}, {queue_size, '$4'}}, '$5'}, [],
   [{{{'+', {'-', '$2', '$6'}, {'-', '$3', '$7'}}, '$4', '$1', '$2', '$3', '$5', {'-', '$2', '$6'}, {'-', '$3', '$7'}, {'-', '$5', '$8'}}}]}]),

%% What sockets have received is not in `input`: their driver counts it, and is asked. No other driver is: what it would make of the question is not known.
Sockets = ets:match_spec_compile([{{'$1', {name, Driver}}, [], ['$1']} || Driver <- ["tcp_inet", "udp_inet", "sctp_inet"]]),
Octets = ets:match_spec_compile([{{'$1', {ok, [{recv_oct, '$2'}]}}, [], [{{'$1', {{input, '$2'}}}}]}]),

Inputs = fun(Asked) ->
  Of = ets:match_spec_run(lists:zip(Asked, Each(fun erlang:port_info/2, Asked, name)), Sockets),
  Received = maps:from_list(ets:match_spec_run(lists:zip(Of, Each(fun prim_inet:getstat/2, Of, [recv_oct])), Octets)),
  lists:zipwith3(fun maps:get/3, Asked, lists:duplicate(length(Asked), Received), Each(fun erlang:port_info/2, Asked, input))
end,

PortsKept = ets:match_spec_compile([{{'_', '_', '$1', '$2', '$3', '$4', '_', '_', '_'}, [], [{{'$1', {{'$2', '$3'}}, '$4'}}]}]),

%% The name of a port is a driver's, or the whole command line of a program, where secrets are: its first word without the path is what is told.
Program = fun(Name) ->
  [Word | _] = string:lexemes(Name ++ " ?", " \t\r\n\"'=;&|"),
  unicode:characters_to_binary(lists:sublist(filename:basename(Word), 64))
end,

PortOf = fun({_, Queue, Port, _, _, _, In, Out, Elapsed}) ->
  case {erlang:port_info(Port, name), erlang:port_info(Port, connected)} of
    {{_, Name}, {_, Pid}} ->
      #{port => Label(Port), driver => Quietly(fun() -> Program(Name) end, <<"?">>), owner => Whose(Pid),
        in => In, out => Out, elapsed => Elapsed, queue => Queue};
    _ -> undefined
  end
end,

Ports = fun(Size, Count, State) ->
  Now = erlang:monotonic_time(microsecond),
  {Todo, Done, Best} = case State of new -> {Again(erlang:ports(), {0, 0}, [], Now), [], []}; _ -> State end,
  {Part, Rest} = lists:split(min(Size, length(Todo)), Todo),
  There = ets:match_spec_run(Part, Pids),
  [Out, Queued] = [Each(fun erlang:port_info/2, There, Item) || Item <- [output, queue_size]],
  Read = ets:match_spec_run(lists:zip3(Part, lists:zip3(Inputs(There), Out, Queued), lists:duplicate(length(Part), Now)), PortRows),
  All = Read ++ Best,
  Best1 = lists:usort(Foremost(1, All, Count) ++ Foremost(2, All, Count)),
  Next = ets:match_spec_run(Read, PortsKept) ++ Done,
  {#{whole => Rest =:= [], ports => Alive([PortOf(Row) || Row <- Best1])},
   case Rest of [] -> {Again(erlang:ports(), {0, 0}, Next, Now), [], []}; _ -> {Rest, Next, Best1} end}
end,
