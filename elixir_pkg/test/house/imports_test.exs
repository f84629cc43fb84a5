defmodule Outrigger.House.ImportsTest do
  # Who may call whom in lib: mix tasks -> public modules -> Outrigger.Native. Read from the compiled modules, as
  # `mix xref` does, so that an alias or an import does not hide a call. The Rust half is tests/house/imports.rs.
  use ExUnit.Case, async: true

  # The module that gives an engine its Elixir face, alone or with those below it, by the prefix of the engine's stubs.
  @adapters %{
    "events_" => Outrigger.Events,
    "histogram_" => Outrigger.Watch.Histogram,
    "limit_" => Outrigger.Limit,
    "lease_" => Outrigger.Limit,
    "slots_" => Outrigger.Limit.Slots
  }
  # What the NIF says of itself is for everybody but the mix tasks.
  @about_the_nif [status: 0, nif_info: 0]
  # Stubs, and what they need to find the library and to say that it is not there.
  @native_may_call [Outrigger.Binary, Outrigger.Error]
  # A task parses, calls and prints. What it would do with these belongs into a module that can be tested without Mix.
  @not_in_tasks [Node, Port, GenServer, Registry, :erpc, :rpc, :net_kernel, :net_adm, :erl_epmd] ++
                  [:gen_tcp, :inet, :socket, :ets, :persistent_term, :erl_ddll, :os]

  # `Node.list/0` and its like are these once compiled.
  @bifs_not_in_tasks [:nodes, :open_port, :spawn, :spawn_link, :send, :monitor_node, :set_cookie]

  test "nobody calls against the table" do
    calls = calls()
    assert map_size(calls) > 5
    assert forbidden(calls) == []
  end

  test "a violation is seen" do
    for {caller, callee} <- [
          {Mix.Tasks.Outrigger.Bad, {Outrigger.Native, :status, 0}},
          {Mix.Tasks.Outrigger.Bad, {Outrigger.Native, :histogram_new, 0}},
          {Mix.Tasks.Outrigger.Bad, {Outrigger.Application, :start, 2, :hidden}},
          {Mix.Tasks.Outrigger.Bad, {:net_kernel, :connect_node, 1}},
          {Mix.Tasks.Outrigger.Bad, {Node, :connect, 1}},
          {Mix.Tasks.Outrigger.Bad, {:erlang, :nodes, 0}},
          {Outrigger.PubSub, {Outrigger.Native, :histogram_record, 3}},
          {Outrigger.Watch.Histogram, {Outrigger.Native, :limit_take, 4}},
          {Outrigger.Native, {Outrigger.PubSub, :broadcast, 3}},
          {Outrigger.Error, {Mix.Tasks.Outrigger.Bad, :run, 1}},
          {Outrigger.Node, {Mix, :env, 0}}
        ] do
      {callee, hidden} =
        case callee do
          {module, function, arity, :hidden} -> {{module, function, arity}, [module]}
          callee -> {callee, []}
        end

      assert [_one] = forbidden(%{caller => [callee]}, hidden)
    end

    for {caller, callee} <- [
          {Mix.Tasks.Outrigger.Good, {Outrigger.Doctor, :run, 1}},
          {Mix.Tasks.Outrigger.Good, {Mix.Task, :run, 2}},
          {Mix.Tasks.Outrigger.Good, {Mix.Outrigger, :run, 1}},
          {Outrigger.Doctor.Native, {Outrigger.Native, :nif_info, 0}},
          {Outrigger.Watch.Histogram, {Outrigger.Native, :histogram_record, 3}},
          {Outrigger.Native, {Outrigger.Error, :new, 3}}
        ] do
      assert forbidden(%{caller => [callee]}, []) == []
    end
  end

  defp forbidden(calls, hidden \\ nil) do
    hidden = hidden || Enum.filter(Map.keys(calls), &hidden?/1)

    for {caller, callees} <- calls, callee <- callees, reason = reason(caller, callee, hidden) do
      "#{inspect(caller)} must not call #{Exception.format_mfa(elem(callee, 0), elem(callee, 1), elem(callee, 2))}: " <>
        reason
    end
  end

  defp reason(caller, {callee, function, arity}, hidden) do
    cond do
      caller == callee -> nil
      task?(caller) -> task(callee, function, hidden)
      task?(callee) -> "nothing calls a mix task"
      mix?(callee) -> "Mix is not there in a release"
      caller == Outrigger.Native -> stubs(callee)
      callee == Outrigger.Native -> native(caller, {function, arity})
      true -> nil
    end
  end

  defp task(callee, function, hidden) do
    cond do
      callee == Outrigger.Native -> "a mix task calls public modules"
      callee == :erlang and function in @bifs_not_in_tasks -> "a mix task has no logic"
      callee in @not_in_tasks -> "a mix task has no logic"
      callee in hidden -> "a mix task calls public modules"
      true -> nil
    end
  end

  defp stubs(callee) do
    if ours?(callee) and callee not in @native_may_call, do: "Outrigger.Native is stubs only"
  end

  defp native(caller, function) do
    adapter? =
      Enum.any?(@adapters, fn {prefix, adapter} ->
        List.starts_with?(split(caller), split(adapter)) and
          String.starts_with?(to_string(elem(function, 0)), prefix)
      end)

    if not adapter? and function not in @about_the_nif, do: "only the adapter of an engine does"
  end

  # And what they have in common.
  defp task?(Mix.Outrigger), do: true
  defp task?(module), do: match?(["Mix", "Tasks", "Outrigger" | _], split(module))
  defp mix?(module), do: match?(["Mix" | _], split(module))
  defp ours?(module), do: match?(["Outrigger" | _], split(module))

  # `Module.split/1` raises for Erlang's modules.
  defp split(module) do
    case Atom.to_string(module) do
      "Elixir." <> name -> String.split(name, ".")
      _erlang -> []
    end
  end

  defp hidden?(module) do
    match?({:docs_v1, _, _, _, :hidden, _, _}, Code.fetch_docs(module))
  end

  # Calls by name, and every other way to name a module of ours (a capture, a module handed on as a value).
  defp calls do
    {:ok, modules} = :application.get_key(:outrigger, :modules)

    for module <- modules, not test_support?(module), into: %{} do
      {:ok, {^module, [imports: imports, atoms: atoms]}} =
        :beam_lib.chunks(:code.which(module), [:imports, :atoms])

      called = Enum.map(imports, &elem(&1, 0))

      named =
        for {_index, atom} <- atoms, guarded?(atom), atom not in called, do: {atom, :__named__, 0}

      {module, imports ++ named}
    end
  end

  defp guarded?(atom), do: atom == Outrigger.Native or task?(atom)

  defp test_support?(module) do
    module.module_info(:compile)[:source] |> to_string() |> String.contains?("/test/support/")
  end
end
