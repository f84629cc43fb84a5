defmodule Outrigger.Limit.HammerCompat do
  @moduledoc """
  For modules that were written for Hammer 7: another `use` line, and the same functions.

      defmodule MyApp.RateLimit do
        use Outrigger.Limit.HammerCompat, backend: :ets     # was: use Hammer, backend: :ets
      end

      children = [{MyApp.RateLimit, clean_period: :timer.minutes(1)}]

      case MyApp.RateLimit.hit("upload:\#{user_id}", _scale = 60_000, _limit = 10) do
        {:allow, count} -> …
        {:deny, milliseconds} -> …
      end

  | `:algorithm` | functions | `{:allow, n}` | counted by |
  | --- | --- | --- | --- |
  | `:fix_window` (default) | `hit/3,4`, `inc/2,3`, `set/3`, `get/2`, `expires_at/2` | hits in this window | `:fixed_window` |
  | `:fix_window_per_key` | the same | hits in this window, which the key's first hit has opened | `:own_window` |
  | `:sliding_window` | `hit/3`, `get/2` | hits in the last `scale` ms | `:sliding_log` |
  | `:leaky_bucket` | `hit/3,4` (key, leak rate per second, capacity, cost), `get/2` | level of the bucket | `:leaky_bucket` |
  | `:token_bucket` | `hit/3,4` (key, refill rate per second, capacity, cost), `get/2,3` | tokens left | `:gcra` |

  ## Options of `use`, and of the child

    * `:backend` - `:ets` or `:atomic`, which are the same here;
    * `:algorithm` - see above;
    * `:memory`, `:when_full`, `:telemetry`, `:clock` - as of `Outrigger.Limit`.

  `:clean_period` and `:key_older_than` are taken and not needed: keys that are as new make room by themselves. `:before_clean` is never called, and a
  warning says so. Options of `GenServer` (`:debug`, `:spawn_opt`, `:hibernate_after`) and `:table` are taken and have no meaning here.

  ## What is the same, and what differs

  Compared with Hammer 7.0 to 7.5.

  | | Hammer | here |
  | --- | --- | --- |
  | names, arities and shapes of all functions and answers | | the same |
  | windows begin with the wall clock; `expires_at` is a time of it | | the same; a clock that is set later moves no window |
  | several processes at one bucket | `:ets` buckets read and then write: more than the limit is admitted | never more than the limit |
  | a hit that is denied | counts in windows: `get` grows beyond the limit | does not count; one of less weight may still be admitted |
  | `{:deny, ms}` of windows | until the window ends | the same |
  | `{:deny, ms}` of a sliding window | until the oldest hit leaves, even if there is no room then, as denied hits count | until there is room |
  | `{:deny, ms}` of buckets | 1,000; from 7.5 with `:ets` token buckets, until there is room | until there is room; 1,000 for a cost above the capacity |
  | buckets fill and leak | once a second; from 7.5 with `:ets` token buckets, also parts | evenly |
  | a leaky bucket and a cost | has room for all of it if there is any | takes it if there is room for all of it |
  | `get/2` of a bucket | what the last hit left, 0 of an unknown key | what there is now; of a token bucket that is unknown, its capacity |
  | `get/2` of a token bucket | | by the capacity that the last hit with this rate named. If keys with one rate have different capacities, call `get/3` with it. |
  | a sliding window with `:atomic` | does not compile | works |
  | `set/3` | one step | two steps: who calls `get/2` between them sees 0 |
  | one key with windows of different length | `:fix_window_per_key`: one count, and who comes first says how long | counts of their own |
  | what cannot be counted (a negative cost, a key over 64 KiB) | | raises an `Outrigger.Error` |
  | memory | grows with the keys, until they are cleaned | `:memory` |

  A module can be started with no other process of ours. For a limit of the whole cluster, which is what the Redis back end of Hammer is for, see
  `Outrigger.Limit`.

  ## Example

      iex> defmodule Uploads do
      ...>   use Outrigger.Limit.HammerCompat, backend: :ets, algorithm: :token_bucket, clock: :manual
      ...> end
      iex> {:ok, _pid} = Uploads.start_link(clean_period: 60_000)
      iex> Uploads.hit("ada", 10, 100, 95)
      {:allow, 5}
      iex> Uploads.hit("ada", 10, 100, 10)
      {:deny, 500}
  """

  require Logger

  alias Outrigger.Limit
  alias Outrigger.Limit.HammerCompat.Capacities

  @algorithms %{
    fix_window: :fixed_window,
    fix_window_per_key: :own_window,
    sliding_window: :sliding_log,
    leaky_bucket: :leaky_bucket,
    token_bucket: :gcra
  }
  @ours [:memory, :when_full, :telemetry, :clock]
  @unused [:clean_period, :key_older_than, :table, :debug, :spawn_opt, :hibernate_after]

  # To count without a limit: the most that the algorithm counts to.
  @most %{
    fix_window: 0xFF_FFFF_FFFF,
    fix_window_per_key: 0xFF_FFFF_FFFF,
    sliding_window: 0xFFFF_FFFF
  }
  @windows [:fix_window, :fix_window_per_key]
  # Buckets have a rate per second.
  @second 1_000
  # A bucket of which nothing comes back: not for this long, in milliseconds.
  @for_ever 500_000_000_000

  @doc false
  defmacro __using__(options) do
    quote bind_quoted: [options: options], location: :keep do
      @hammer_options options
      @hammer_algorithm Outrigger.Limit.HammerCompat.algorithm!(options)

      @doc "A child specification."
      def child_spec(options), do: %{id: __MODULE__, start: {__MODULE__, :start_link, [options]}}

      @doc "Starts the limiter."
      def start_link(options),
        do: Outrigger.Limit.HammerCompat.start_link(__MODULE__, @hammer_options, options)

      @doc false
      def hit(key, scale, limit),
        do: Outrigger.Limit.HammerCompat.hit(__MODULE__, @hammer_algorithm, key, scale, limit, 1)

      if @hammer_algorithm != :sliding_window do
        @doc false
        def hit(key, scale, limit, cost) do
          Outrigger.Limit.HammerCompat.hit(__MODULE__, @hammer_algorithm, key, scale, limit, cost)
        end
      end

      @doc false
      def get(key, scale),
        do: Outrigger.Limit.HammerCompat.get(__MODULE__, @hammer_algorithm, key, scale)

      if @hammer_algorithm == :token_bucket do
        @doc "Tokens left of a bucket with this rate and capacity."
        def get(key, refill_rate, capacity),
          do: Outrigger.Limit.HammerCompat.tokens(__MODULE__, key, refill_rate, capacity)
      end

      if @hammer_algorithm in [:fix_window, :fix_window_per_key] do
        @doc false
        def inc(key, scale, increment \\ 1),
          do: Outrigger.Limit.HammerCompat.inc(__MODULE__, key, scale, increment)

        @doc false
        def set(key, scale, count),
          do: Outrigger.Limit.HammerCompat.set(__MODULE__, key, scale, count)

        @doc false
        def expires_at(key, scale),
          do: Outrigger.Limit.HammerCompat.expires_at(__MODULE__, key, scale)
      end
    end
  end

  @doc false
  def algorithm!(options) do
    backend = Keyword.get(options, :backend, :ets)
    algorithm = Keyword.get(options, :algorithm, :fix_window)

    # Hammer takes the name of the back end for its default algorithm.
    cond do
      backend not in [:ets, :atomic, Hammer.ETS, Hammer.Atomic] ->
        raise ArgumentError,
              "the back end #{inspect(backend)} has no place here: take :ets or :atomic"

      algorithm in [:ets, :atomic] ->
        :fix_window

      is_map_key(@algorithms, algorithm) ->
        algorithm

      true ->
        raise ArgumentError,
              "unknown algorithm #{inspect(algorithm)}, known are: #{inspect(Map.keys(@algorithms))}"
    end
  end

  @doc false
  def start_link(module, used, given) do
    options = Keyword.merge(used, given)

    if options[:before_clean],
      do: warn(module, "before_clean is never called: nothing is cleaned")

    case Keyword.keys(given) -- ([:backend, :algorithm, :before_clean] ++ @ours ++ @unused) do
      [] -> :ok
      unknown -> warn(module, "options without a meaning: #{inspect(unknown)}")
    end

    if algorithm!(used) == :token_bucket, do: Capacities.new(module)

    # The rule comes with each hit. This one is never asked.
    [name: module, limit: 1, period: @second, algorithm: @algorithms[algorithm!(used)]]
    |> Keyword.merge(Keyword.take(options, @ours))
    |> Limit.start_link()
  end

  defp warn(module, text), do: Logger.warning("#{inspect(module)}.start_link/1: #{text}")

  @doc false
  def hit(name, algorithm, key, scale, limit, cost) do
    rule = rule(algorithm, scale, limit)
    if algorithm == :token_bucket, do: Capacities.note(name, scale, limit)

    case Limit.hit_with(name, key(algorithm, key, scale), cost, rule) do
      {:allow, info} when algorithm == :token_bucket -> {:allow, info.remaining}
      # A window: the limit of the rule. A bucket: its capacity.
      {:allow, info} -> {:allow, limit - info.remaining}
      {:deny, %{retry_after: :never}} -> {:deny, @second}
      {:deny, info} -> {:deny, info.retry_after}
      {:error, error} -> raise error
    end
  end

  @doc false
  def get(name, :token_bucket, key, refill_rate) do
    case Capacities.last(name, refill_rate) do
      # Nobody has a bucket with this rate.
      0 -> 0
      capacity -> tokens(name, key, refill_rate, capacity)
    end
  end

  def get(name, :leaky_bucket, key, leak_rate) do
    # Only the rate tells how full it is. So large a bucket that it is never full.
    capacity = div(@for_ever * leak_rate, @second)
    capacity - remaining!(name, key, {leak_rate, @second, capacity})
  end

  def get(name, algorithm, key, scale) do
    most = @most[algorithm]
    most - remaining!(name, key(algorithm, key, scale), {most, scale})
  end

  @doc false
  def tokens(name, key, refill_rate, capacity),
    do: remaining!(name, key, rule(:token_bucket, refill_rate, capacity))

  @doc false
  def inc(name, key, scale, increment) do
    most = @most.fix_window

    case Limit.hit_with(name, {key, scale}, increment, {most, scale}) do
      {:allow, info} -> most - info.remaining
      {:deny, info} -> most - info.remaining
      {:error, error} -> raise error
    end
  end

  @doc false
  def set(name, key, scale, count) do
    case Limit.reset(name, {key, scale}) do
      :ok -> inc(name, key, scale, count)
      {:error, error} -> raise error
    end
  end

  @doc false
  def expires_at(name, key, scale) do
    case peek!(name, {key, scale}, {@most.fix_window, scale}) do
      %{reset: 0} -> 0
      %{reset: reset} -> System.system_time(:millisecond) + reset
    end
  end

  # Windows of different length are counted apart. A bucket, and a log, are the key's alone.
  defp key(algorithm, key, scale) when algorithm in @windows, do: {key, scale}
  defp key(_algorithm, key, _scale), do: key

  defp rule(algorithm, scale, limit) when is_map_key(@most, algorithm), do: {limit, scale}

  defp rule(_bucket, 0, capacity) when is_integer(capacity) and capacity > 0,
    do: {1, max(div(@for_ever, capacity), 1), capacity}

  defp rule(_bucket, rate, capacity), do: {rate, @second, capacity}

  defp remaining!(name, key, rule), do: peek!(name, key, rule).remaining

  defp peek!(name, key, rule) do
    case Limit.peek_with(name, key, 0, rule) do
      {:error, error} -> raise error
      {_allow, info} -> info
    end
  end
end
