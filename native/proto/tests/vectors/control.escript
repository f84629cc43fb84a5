#!/usr/bin/env escript
%% Writes one control message of each operation to standard output: `escript control.escript > control.txt`.
%%
%% One line each: the operation's name, a tab, the tuple as term_to_binary writes it without its version byte, in
%% hexadecimal. Identifiers belong to nodes that do not exist, so that runs agree.

main([]) -> lists:foreach(fun({Name, Tuple}) -> line(Name, Tuple) end, messages()).

line(Name, Tuple) ->
    <<131, Bytes/binary>> = term_to_binary(Tuple, [{minor_version, 2}]),
    io:format("~s\t~s~n", [Name, [io_lib:format("~2.16.0b", [B]) || <<B>> <= Bytes]]).

pid(Node, Id) ->
    binary_to_term(<<131, 88, 119, (byte_size(Node)), Node/binary, Id:32, 3:32, 9:32>>).
ref() -> binary_to_term(<<131, 90, 3:16, 119, 3, "a@h", 9:32, 1:32, 2:32, 3:32>>).

messages() ->
    From = pid(<<"a@h">>, 1),
    To = pid(<<"b@h">>, 2),
    Ref = ref(),
    Token = {1, 2, 3, From, 4},
    Reason = {badmatch, [x]},
    [{"LINK", {1, From, To}},
     {"SEND", {2, '', To}},
     {"EXIT", {3, From, To, Reason}},
     {"UNLINK", {4, From, To}},
     {"NODE_LINK", {5}},
     {"REG_SEND", {6, From, '', sink}},
     {"GROUP_LEADER", {7, From, To}},
     {"EXIT2", {8, From, To, Reason}},
     {"SEND_TT", {12, '', To, Token}},
     {"EXIT_TT", {13, From, To, Token, Reason}},
     {"REG_SEND_TT", {16, From, '', sink, Token}},
     {"EXIT2_TT", {18, From, To, Token, Reason}},
     {"MONITOR_P", {19, From, To, Ref}},
     {"MONITOR_P name", {19, From, sink, Ref}},
     {"DEMONITOR_P", {20, From, sink, Ref}},
     {"MONITOR_P_EXIT", {21, sink, To, Ref, Reason}},
     {"SEND_SENDER", {22, From, To}},
     {"SEND_SENDER_TT", {23, From, To, Token}},
     {"PAYLOAD_EXIT", {24, From, To}},
     {"PAYLOAD_EXIT_TT", {25, From, To, Token}},
     {"PAYLOAD_EXIT2", {26, From, To}},
     {"PAYLOAD_EXIT2_TT", {27, From, To, Token}},
     {"PAYLOAD_MONITOR_P_EXIT", {28, From, To, Ref}},
     {"SPAWN_REQUEST", {29, Ref, From, To, {lists, map, 2}, [monitor]}},
     {"SPAWN_REQUEST_TT", {30, Ref, From, To, {lists, map, 2}, [], Token}},
     {"SPAWN_REPLY", {31, Ref, To, 0, notsup}},
     {"SPAWN_REPLY_TT", {32, Ref, To, 2, From, Token}},
     {"ALIAS_SEND", {33, From, Ref}},
     {"ALIAS_SEND_TT", {34, From, Ref, Token}},
     {"UNLINK_ID", {35, 16#FFFFFFFFFFFFFFFF, From, To}},
     {"UNLINK_ID_ACK", {36, 5, From, To}},
     {"ALTACT_SIG_SEND", {37, 1, From, To}},
     {"ALTACT_SIG_SEND alias", {37, 2 + 4, From, Ref, Token}},
     {"ALTACT_SIG_SEND name", {37, 8, From, sink}},
     {"ALTACT_SIG_SEND exit", {37, 1 + 16, From, To}}].
