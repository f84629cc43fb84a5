%% What `Outrigger.Watch` of the Hex package has counted since the reading that `Read` is of, as `Outrigger.Watch.Reading` has it. `nil` where it does not run.
%%
%% Only a module that is there is called: to look for one that is not would search the code path in each round.
Latency = fun
  (#{latency := How}, Read) ->
    case erlang:function_exported('Elixir.Outrigger.Watch', read, 1) of
      true -> Quietly(fun() -> 'Elixir.Outrigger.Watch':read(case How of more -> Read; _ -> new end) end, {nil, new});
      false -> {nil, new}
    end;
  (_, Read) -> {nil, Read}
end,
