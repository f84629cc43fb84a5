defmodule Outrigger.Events.Registry.Flight do
  @moduledoc """
  A question on its way: who waits for the answer, and the process that finds it out, once it has its turn.
  """

  alias Outrigger.Error
  alias Outrigger.Events.Registry.{Cache, Client, Folder, Remote, Resolve, Schema}

  @enforce_keys [:question, :waiters, :timer]
  defstruct [:question, :waiters, :timer, :pid, :monitor]

  @type question ::
          {:schema, Cache.key()}
          | {:versions, String.t()}
          | {:register, String.t(), Schema.draft(), nil}
          | {:check, String.t(), Schema.draft(), pos_integer | :latest | :all}
  @type t :: %__MODULE__{
          question: question,
          waiters: [GenServer.from()],
          timer: reference,
          pid: pid | nil,
          monitor: reference | nil
        }

  @doc "May those who ask the same share an answer?"
  @spec shared?(question) :: boolean
  def shared?(question), do: elem(question, 0) in [:schema, :versions]

  @doc "What telemetry calls it."
  @spec about(question) :: tuple
  def about({:schema, key}), do: key
  def about(question), do: {elem(question, 0), elem(question, 1)}

  @doc "Where the questions of a registry go to, opened."
  @spec source(map) :: {:ok, term} | {:error, Error.t()}
  def source(%{dir: dir} = options), do: Folder.open(dir, options)
  # The url that answered last, by its place.
  def source(_options), do: {:ok, :atomics.new(1, signed: false)}

  @doc "Starts the process, which sends `{:done, ref, answer}` to the caller. It dies with the caller."
  @spec depart(t, reference, term, map, Cache.t()) :: t
  def depart(flight, ref, source, options, cache) do
    server = self()
    fly = fn -> send(server, {:done, ref, answer(flight.question, source, options, cache)}) end
    {pid, monitor} = :erlang.spawn_opt(fly, [:link, :monitor])
    %{flight | pid: pid, monitor: monitor}
  end

  # Without its message: it may hold what nobody should read.
  defp answer(question, source, options, cache) do
    put_to(question, opened(source, options, cache), options, cache)
  rescue
    raised ->
      place = __STACKTRACE__ |> List.first() |> Tuple.delete_at(2)

      {:error,
       Error.new(:bug, "this is a bug of Outrigger: #{inspect(raised.__struct__)}", %{
         where: place |> Tuple.insert_at(2, 0) |> Exception.format_stacktrace_entry()
       })}
  end

  defp opened({Folder, _folder} = source, _options, _cache), do: source
  defp opened(preferred, options, cache), do: {Remote, Client.new(options, cache, preferred)}

  defp put_to({:schema, key}, source, options, cache) do
    known = fn key ->
      case Cache.lookup(cache, key) do
        {:ok, schema} -> schema
        _unknown -> nil
      end
    end

    Resolve.run(source, key, known, options.references, options.max_bytes)
  end

  defp put_to({:versions, subject}, {module, config}, _options, _cache),
    do: module.versions(config, subject)

  defp put_to({:register, subject, draft, nil}, {module, config}, _options, _cache),
    do: module.register(config, subject, draft)

  defp put_to({:check, subject, draft, version}, {module, config}, _options, _cache),
    do: module.check(config, subject, draft, version)
end
