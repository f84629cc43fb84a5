%% Work of a known split: 200, 100 and 700 units of one kind, over and over.
-module(split).
-export([start/0, loop/0]).

start() -> register(worker, proc_lib:spawn(?MODULE, loop, [])).

loop() -> a(), b(), c(), loop().

%% In a tuple, so that the call is none in tail position and stays on the stack.
a() -> {a, burn(200)}.
b() -> {b, burn(100)}.
c() -> {c, burn(700)}.

burn(0) -> ok;
burn(N) -> unit(100), burn(N - 1).

unit(0) -> ok;
unit(N) -> unit(N - 1).
