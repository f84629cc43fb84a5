%% The first act of a guest: from here on it goes when its owner goes. Then it says what the node is.
Arrive = fun() ->
  true = link(Owner),
  %% What it does is short. On a node that is overloaded it has to come all the same, and what it takes is then its own time, not that of a queue.
  erlang:process_flag(priority, high),
  erlang:process_flag(max_heap_size, #{size => 33554432, kill => true, error_logger => true}),
  Owner ! {hello, self(), #{
    release => list_to_binary(erlang:system_info(otp_release)),
    schedulers => erlang:system_info(schedulers_online),
    all_schedulers => erlang:system_info(schedulers),
    dirty_cpu => erlang:system_info(dirty_cpu_schedulers),
    dirty_io => erlang:system_info(dirty_io_schedulers)
  }}
end,
