%% Evaluated by the node at boot. A line on standard input is `<number> <expressions>.`; the answer is a line that
%% starts with byte 1: `<number> ok <term>` or `<number> error <term>`. The node ends with its standard input.
%% Lines are binaries from the moment that Elixir has been started.
spawn(fun() ->
    register(kit_control, self()),
    (fun Loop() ->
        case io:get_line('') of
            Line when is_list(Line); is_binary(Line) ->
                {Number, Rest} = string:to_integer(Line),
                Text = try
                    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Rest)),
                    {ok, Parsed} = erl_parse:parse_exprs(Tokens),
                    {value, Value, _} = erl_eval:exprs(Parsed, []),
                    io_lib:format("ok ~0tp", [Value])
                catch
                    Class:Reason:Stack -> io_lib:format("error ~0tp", [{Class, Reason, Stack}])
                end,
                io:format("~c~w ~ts~n", [1, Number, Text]),
                Loop();
            _ ->
                erlang:halt(0, [{flush, false}])
        end
    end)()
end).
