defmodule Outrigger.Gate.Board do
  @moduledoc """
  What Rust nodes say of the gates, and what that makes of each gate. Pure: messages and the time go in, changes come out.

  A report is `{reporter, ttl, [{name, verdict, why, at}]}`: all gates of one Rust node, each with its verdict since `at`. It stands for `ttl` milliseconds.
  A gate that a reporter does not name any more is forgotten with the next report.
  """

  alias Outrigger.Gate

  @gates 64
  @text 1_000
  @ttl 3_600_000

  # From the best to the worst: of several reports the worst counts. What is not known is worse than what holds, and better than what fails.
  @order [:pass, :warn, :inconclusive, :not_run, :fail]

  @type t :: %{optional(String.t()) => %{optional(node) => said}}
  @type said :: %{status: Gate.status(), why: String.t(), at: DateTime.t(), until: integer}
  @type change ::
          {String.t(),
           %{
             status: Gate.status(),
             was: Gate.status(),
             why: String.t(),
             at: DateTime.t(),
             by: node | nil
           }}

  @doc "Nothing is known."
  @spec new() :: t
  def new, do: %{}

  @doc "How many gates there can be."
  @spec most() :: pos_integer
  def most, do: @gates

  @doc "Whether anybody names a gate, or did so a report ago."
  @spec knows?(t, String.t()) :: boolean
  def knows?(board, name), do: is_map_key(board, name)

  @doc "Takes a report. `:error`: it is none, or one gate too many."
  @spec report(t, node, term, integer) :: {:ok, t, [change]} | :error
  def report(board, reporter, {ttl, gates}, now)
      when is_integer(ttl) and ttl in 1..@ttl and is_list(gates) and length(gates) <= @gates do
    with {:ok, said} <- said(gates, now + ttl, %{}) do
      without =
        for {name, by} when by != %{} <- board, into: %{}, do: {name, Map.delete(by, reporter)}

      next =
        Enum.reduce(said, without, fn {name, of}, next ->
          Map.update(next, name, %{reporter => of}, &Map.put(&1, reporter, of))
        end)

      if map_size(next) <= @gates, do: {:ok, next, changes(board, next)}, else: :error
    end
  end

  def report(_board, _reporter, _malformed, _now), do: :error

  @doc "Forgets what is too old, or comes from a node that is gone."
  @spec expire(t, integer, [node]) :: {t, [change]}
  def expire(board, now, gone \\ []) do
    next =
      for {name, by} when by != %{} <- board, into: %{} do
        {name, Map.reject(by, fn {reporter, of} -> of.until <= now or reporter in gone end)}
      end

    {next, changes(board, next)}
  end

  @doc "When something is too old next, or `nil`."
  @spec due(t) :: integer | nil
  def due(board) do
    case for({_name, by} <- board, {_reporter, of} <- by, do: of.until) do
      [] -> nil
      times -> Enum.min(times)
    end
  end

  @doc "What a gate is, and who says so."
  @spec verdict(t, String.t()) :: {Gate.status(), node | nil, said | nil}
  def verdict(board, name) do
    case Map.get(board, name, %{}) |> Enum.to_list() do
      [] ->
        {:unknown, nil, nil}

      by ->
        {reporter, of} = Enum.max_by(by, fn {reporter, of} -> {rank(of.status), reporter} end)
        {of.status, reporter, of}
    end
  end

  defp rank(status), do: Enum.find_index(@order, &(&1 == status))

  defp changes(before, next) do
    for name <- Enum.sort(Map.keys(next)),
        {was, _by, _of} = verdict(before, name),
        {status, by, of} = verdict(next, name),
        status != was do
      why = if of, do: of.why, else: "nothing is heard of it any more"
      {name, %{status: status, was: was, why: why, at: at(of), by: by}}
    end
  end

  defp at(nil), do: DateTime.utc_now()
  defp at(of), do: of.at

  defp said([], _until, said), do: {:ok, said}

  defp said([{name, status, why, at} | gates], until, said)
       when is_binary(name) and byte_size(name) in 1..255 and status in @order and is_binary(why) and
              byte_size(why) <= @text and is_integer(at) do
    with true <- String.valid?(name) and String.valid?(why),
         {:ok, at} <- DateTime.from_unix(at, :millisecond) do
      said(gates, until, Map.put(said, name, %{status: status, why: why, at: at, until: until}))
    else
      _malformed -> :error
    end
  end

  defp said(_malformed, _until, _said), do: :error
end
