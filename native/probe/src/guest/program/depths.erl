%% What lies deeper than a round goes and costs more: one of these at a time, when the pace has room for it.
InPools = ets:match_spec_compile([{{Kind, '$1'}, [], ['$1']} || Kind <- [mbcs, mbcs_pool, sbcs]]),
Blocks = ets:match_spec_compile([{{blocks, '$1'}, [], ['$1']}]),
OfType = ets:match_spec_compile([{{'_', '$1'}, [], ['$1']}]),
Sizes = fun(Key) -> ets:match_spec_compile([{{Key, '$1'}, [], ['$1']}, {{Key, '$1', '_', '_'}, [], ['$1']}]) end,
Carried = Sizes(carriers_size),
Used = Sizes(size),

%% `[{Allocator, Carriers, Blocks}]`, bytes of all its instances together, of the virtual machine's own allocators (`alloc_util`). One question to the
%% schedulers for all of them.
Allocators = fun() ->
  Answers = Quietly(fun() -> erlang:system_info({allocator_sizes, erlang:system_info(alloc_util_allocators)}) end, []),
  [begin
    Carriers = lists:append(ets:match_spec_run(lists:append([Pools1 || {instance, _, Pools1} <- Instances]), InPools)),
    InUse = lists:append(ets:match_spec_run(lists:append(ets:match_spec_run(Carriers, Blocks)), OfType)),
    {Allocator, lists:sum(ets:match_spec_run(Carriers, Carried)), lists:sum(ets:match_spec_run(InUse, Used))}
   end || {Allocator, Instances} <- Answers, is_list(Instances)]
end,

%% Wanted: `#{depth => allocators | {tables, Size, Count} | {ports, Size, Count} | states}`. Answer, microseconds, and where the walks are.
Depth = fun(Wanted, Walks) ->
  Asked = erlang:monotonic_time(microsecond),
  {Answer, Walks1} = case Wanted of
    #{depth := allocators} -> {{allocators, Allocators()}, Walks};
    #{depth := states} -> {{states, States()}, Walks};
    #{depth := {tables, Size, Count}} ->
      {Found, Walk} = Tables(Size, Count, maps:get(tables, Walks, new)),
      {{tables, Found}, Walks#{tables => Walk}};
    #{depth := {ports, Size, Count}} ->
      {Found, Walk} = Ports(Size, Count, maps:get(ports, Walks, new)),
      {{ports, Found}, Walks#{ports => Walk}};
    _ -> {undefined, Walks}
  end,
  {Answer, erlang:monotonic_time(microsecond) - Asked, Walks1}
end,
