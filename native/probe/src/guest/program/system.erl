%% What the virtual machine says of itself. Bound before: Hold.
%%
%% Nothing here walks over processes or tables: the price is the same for ten processes and for a million.
System = fun() ->
  #{
    clock => erlang:system_time(millisecond),
    uptime => erlang:convert_time_unit(erlang:monotonic_time() - erlang:system_info(start_time), native, millisecond),
    wall => Quietly(fun() -> erlang:statistics(scheduler_wall_time_all) end, undefined),
    queues => erlang:statistics(run_queue_lengths_all),
    active => lists:sum(erlang:statistics(active_tasks_all)),
    context_switches => element(1, erlang:statistics(context_switches)),
    collections => element(1, erlang:statistics(garbage_collection)),
    reclaimed => element(2, erlang:statistics(garbage_collection)) * erlang:system_info(wordsize),
    reductions => element(1, erlang:statistics(reductions)),
    io => begin {{input, In}, {output, Out}} = erlang:statistics(io), {In, Out} end,
    memory => maps:from_list(erlang:memory()),
    processes => {erlang:system_info(process_count), erlang:system_info(process_limit)},
    ports => {erlang:system_info(port_count), erlang:system_info(port_limit)},
    atoms => {erlang:system_info(atom_count), erlang:system_info(atom_limit)},
    tables => {erlang:system_info(ets_count), erlang:system_info(ets_limit)},
    view => nodes(),
    links => [{Node, LinkQueue(Controller)} || {Node, Controller} <- erlang:system_info(dist_ctrl)]
  }
end,
