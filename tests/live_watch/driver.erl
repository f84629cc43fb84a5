%% As deep as a driver is: the function of the application has to be found below these frames.
-module('Elixir.Postgrex.StandIn').
-export([deep/1]).

deep(0) -> receive done -> ok end;
deep(N) -> {N, deep(N - 1)}.
