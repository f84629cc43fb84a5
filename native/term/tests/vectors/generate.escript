#!/usr/bin/env escript
%% Writes the golden vectors to standard output: `escript generate.escript > otp25.txt`.
%%
%% One line per term: name, tab, term_to_binary in hexadecimal (minor version 2, the default from OTP 26 on). `raw` vectors are encodings that today's
%% term_to_binary does not produce any more; here they are checked by binary_to_term.
%% Local pids and references would differ from run to run, so all identifiers belong to a node that does not exist.

main([]) ->
    lists:foreach(fun({Name, Term}) -> line(Name, term_to_binary(Term, [{minor_version, 2}])) end, terms()),
    lists:foreach(fun({Name, Bytes}) -> _ = binary_to_term(Bytes), line(Name, Bytes) end, raw()).

line(Name, Bytes) ->
    io:format("~s\t~s~n", [Name, [io_lib:format("~2.16.0b", [B]) || <<B>> <= Bytes]]).

node_bytes() -> <<119, 3, "a@h">>.
pid(Id, Serial) -> binary_to_term(<<131, 88, (node_bytes())/binary, Id:32, Serial:32, 9:32>>).
ref(Words) ->
    Ids = << <<W:32>> || W <- Words >>,
    binary_to_term(<<131, 90, (length(Words)):16, (node_bytes())/binary, 9:32, Ids/binary>>).
port() -> binary_to_term(<<131, 120, (node_bytes())/binary, (1 bsl 40):64, 9:32>>).

terms() ->
    [{"integer " ++ integer_to_list(I), I} || I <- integers()] ++
    [{"atom empty", ''}, {"atom ok", ok},
     {"atom utf8", binary_to_atom(<<"caf", 195, 169>>, utf8)},
     {"atom ascii 255", list_to_atom(lists:duplicate(255, $a))},
     {"atom wide 255", list_to_atom(lists:duplicate(255, 16#20AC))},
     {"tuple 0", {}}, {"tuple 2", {ping, 42}},
     {"tuple 255", list_to_tuple(lists:duplicate(255, ok))},
     {"tuple 256", list_to_tuple(lists:duplicate(256, ok))},
     {"nil", []}, {"list", [a, [b], 1]}, {"list negative", [-1, -200]}, {"improper", [a | b]},
     {"string", "abc"},
     {"binary empty", <<>>}, {"binary", <<1, 2, 3>>}, {"bits", <<1, 5:3>>}, {"bits only", <<1:1>>},
     {"float", 1.5}, {"float negative", -1.0e300},
     {"map empty", #{}}, {"map", #{a => 1}}, {"map large", maps:from_list([{I, I} || I <- lists:seq(1, 40)])},
     {"pid", pid(7, 3)}, {"pid wide", pid(16#FFFFFFFF, 16#FFFFFFFE)},
     {"reference 1", ref([5])}, {"reference 3", ref([1, 2, 3])}, {"reference 5", ref([1, 2, 3, 4, 5])},
     {"port", port()}, {"export", fun lists:map/2}, {"fun", closure(pid(1, 0))},
     {"big positive", 1 bsl 2100}, {"big negative", -(1 bsl 100)},
     {"gen_call", {'$gen_call', {pid(7, 3), [alias | ref([1, 2, 3])]}, {is_auth, 'b@h'}}}].

integers() ->
    [0, 1, 255, 256, -1, 2147483647, 2147483648, -2147483648, -2147483649, (1 bsl 32) - 1, 1 bsl 32,
     (1 bsl 63) - 1, -(1 bsl 63), 1 bsl 63, (1 bsl 64) - 1, 1 bsl 64, -(1 bsl 63) - 1].

%% A fun of escript itself would carry a local pid and a hash of this file.
closure(Pid) ->
    <<131, Pid1/binary>> = term_to_binary(Pid, [{minor_version, 2}]),
    Parts = <<2, 0:128, 1:32, 2:32, 119, 1, "m", 97, 1, 98, 12345:32, Pid1/binary, 97, 10, 106>>,
    binary_to_term(<<131, 112, (byte_size(Parts) + 4):32, Parts/binary>>).

raw() ->
    [{"raw atom latin1", <<131, 100, 0, 4, "caf", 233>>},
     {"raw small atom latin1", <<131, 115, 2, "ok">>},
     {"raw long atom utf8", <<131, 118, 0, 2, "ok">>},
     {"raw float text", <<131, 99, "1.50000000000000000000e+00", 0:40>>},
     {"raw pid old", <<131, 103, 100, 0, 3, "a@h", 7:32, 3:32, 1>>},
     {"raw port old", <<131, 102, 100, 0, 3, "a@h", 7:32, 1>>},
     {"raw port new", <<131, 89, 100, 0, 3, "a@h", 7:32, 9:32>>},
     {"raw reference old", <<131, 101, 100, 0, 3, "a@h", 7:32, 1>>},
     {"raw reference new", <<131, 114, 0, 3, 100, 0, 3, "a@h", 1, 1:32, 2:32, 3:32>>},
     {"raw integer wide", <<131, 98, 0, 0, 0, 1>>},
     {"raw big short", <<131, 110, 1, 1, 5>>},
     {"raw big padded", <<131, 110, 10, 0, 5, 0:72>>},
     {"raw large big", <<131, 111, 1:32, 0, 5>>},
     {"raw tuple wide", <<131, 105, 1:32, 97, 1>>}].
