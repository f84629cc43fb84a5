%% The BEAM as the oracle of the external term format. Requests and answers have 4-byte lengths, on standard input and
%% output:
%%
%%   1, Kind:8, Seed:64, Count:32   -> that many random terms of a kind, encoded
%%   2, {Length:32, Bytes}*         -> each decoded and encoded again; length 0 for what the BEAM refuses
%%   3, {Length:32, Bytes}*         -> the same through `compressed`
%%
%% An answer is {Length:32, Bytes}*. The encoding is that of term_to_binary/1 from OTP 26 on, which OTP 25 calls
%% minor version 2; only the ports of less than 29 bits are shorter there, and OTP 25 makes none. Atoms come out of a bounded set; the VM lives as long as its standard input.
-module(kit_terms).
-export([main/0, add/2]).

main() ->
    Port = open_port({fd, 0, 1}, [{packet, 4}, binary, eof]),
    _ = [spawn(fun() -> timer:sleep(infinity) end) || _ <- lists:seq(1, 3)],
    loop(Port).

loop(Port) ->
    receive
        {Port, {data, Request}} ->
            Answer = answer(Request),
            true = port_command(Port, [[<<(byte_size(B)):32>>, B] || B <- Answer]),
            loop(Port);
        {Port, eof} ->
            erlang:halt(0, [{flush, false}])
    end.

answer(<<1, Kind, Seed:64, Count:32>>) ->
    rand:seed(exsss, Seed),
    [encode(term(Kind)) || _ <- lists:seq(1, Count)];
answer(<<2, Rest/binary>>) ->
    [again(B, fun encode/1) || <<L:32, B:L/binary>> <= Rest];
answer(<<3, Rest/binary>>) ->
    [again(B, fun(T) -> term_to_binary(T, [{minor_version, 2}, {compressed, 1 + erlang:phash2(T, 9)}]) end)
     || <<L:32, B:L/binary>> <= Rest].

again(Bytes, Encode) ->
    try Encode(binary_to_term(Bytes)) catch error:badarg -> <<>> end.

encode(Term) ->
    Bytes = term_to_binary(Term, [{minor_version, 2}]),
    case otp_25() of
        true -> Bytes;
        false -> Bytes = term_to_binary(Term)
    end.

otp_25() -> erlang:system_info(otp_release) =:= "25".

term(0) -> any(4);
term(1) -> identifier();
term(2) -> atom();
term(3) -> number_or_list();
term(4) -> unseen();
term(5) -> binary:copy(binary_of(1 + below(8)), 1 + below(200)).

any(0) -> leaf();
any(Depth) ->
    case below(10) of
        N when N < 4 -> leaf();
        4 -> list_to_tuple(many(below(7), Depth));
        5 -> list_to_tuple(many(case below(40) of 0 -> 253 + below(6); _ -> below(4) end, 0));
        6 -> many(below(7), Depth);
        7 -> improper(1 + below(4), Depth);
        8 -> map(below(6), Depth);
        9 -> map(case below(20) of 0 -> 30 + below(20); _ -> below(4) end, 0)
    end.

many(Count, Depth) -> [any(max(Depth - 1, 0)) || _ <- lists:seq(1, Count)].
improper(Count, Depth) -> many(Count, Depth) ++ leaf().
map(Count, Depth) -> maps:from_list(lists:zip(many(Count, Depth), many(Count, Depth))).

leaf() ->
    case below(9) of
        0 -> integer();
        1 -> float_();
        2 -> atom();
        3 -> binary_of(below(40));
        4 -> bits();
        5 -> identifier();
        6 -> fun_();
        7 -> string();
        8 -> []
    end.

number_or_list() ->
    case below(6) of
        0 -> integer();
        1 -> float_();
        2 -> string();
        3 -> [integer() || _ <- lists:seq(1, below(20))];
        4 -> [integer() | float_()];
        5 -> nested(below(60))
    end.

unseen() ->
    case below(5) of
        0 -> bits();
        1 -> fun_();
        2 -> map(below(8), 2);
        3 -> maps:from_keys([integer() || _ <- lists:seq(1, 30 + below(30))], bits());
        4 -> {bits(), fun_(), map(3, 1)}
    end.

%% Every width has its edges: powers of two, one more, one less.
integer() ->
    Bits = case below(60) of 0 -> 2030 + below(40); _ -> below(140) end,
    Edge = (1 bsl Bits) + below(3) - 1,
    case below(4) of 0 -> -Edge; 1 -> below(Edge + 1); _ -> Edge end.

float_() ->
    case below(4) of
        0 -> float(below(1000) - 500);
        1 -> -0.0;
        _ ->
            case <<(below(1 bsl 64)):64>> of
                <<F:64/float>> -> F;
                _ -> 1.5
            end
    end.

atom() ->
    N = below(300),
    binary_to_atom(unicode:characters_to_binary(case N rem 6 of
        0 -> integer_to_list(N);
        1 -> lists:duplicate(N div 2, $a + N rem 26);
        2 -> lists:duplicate(min(N, 255), 16#E9);
        3 -> [16#20AC + N, $x | lists:duplicate(min(N, 253), 16#1F600)];
        4 -> [];
        5 -> "Elixir.Mod" ++ integer_to_list(N)
    end)).

binary_of(Size) -> << <<(below(256))>> || _ <- lists:seq(1, Size) >>.
bits() -> Size = below(70), <<(below(1 bsl Size)):Size>>.

string() ->
    Length = case below(2000) of 0 -> 65534 + below(4); _ -> below(30) end,
    lists:duplicate(Length, below(257)).

nested(0) -> [];
nested(Depth) -> [nested(Depth - 1)].

add(A, B) -> A + B.

fun_() ->
    X = below(1000), Y = self(),
    case below(4) of
        0 -> fun ?MODULE:add/2;
        1 -> fun erlang:element/2;
        2 -> fun(Z) -> {X, Y, Z} end;
        3 -> fun() -> X end
    end.

%% Ours, and those of a node that does not exist, of every width.
identifier() ->
    Node = term_to_binary(lists:nth(1 + below(3), ['a@h', 'n@127.0.0.1', 'caf\x{e9}@h']), [{minor_version, 2}]),
    <<131, N/binary>> = Node,
    Word = fun() -> below(1 bsl (1 + below(32))) end,
    case below(8) of
        0 -> self();
        1 -> lists:nth(1 + below(length(processes())), processes());
        2 -> make_ref();
        3 -> alias();
        4 -> case otp_25() of true -> self(); false -> hd(erlang:ports()) end;
        5 -> binary_to_term(<<131, 88, N/binary, (Word()):32, (Word()):32, (Word()):32>>);
        6 ->
            Long = case otp_25() of true -> 1 bsl 28; false -> 0 end,
            binary_to_term(<<131, 120, N/binary, (below(1 bsl (1 + below(64))) bor Long):64, (Word()):32>>);
        7 ->
            Count = 1 + below(5),
            Words = << <<(Word()):32>> || _ <- lists:seq(1, Count) >>,
            %% The first word of a reference had 18 bits, and nodes still keep to it in short ones.
            binary_to_term(<<131, 90, Count:16, N/binary, (Word()):32, Words/binary>>)
    end.

below(0) -> 0;
below(N) -> rand:uniform(N) - 1.
