defmodule Outrigger.Limit.Config do
  @moduledoc """
  The options of `Outrigger.Limit`, and what the engine takes for them.

  Times are milliseconds here and nanoseconds in the engine; a memory budget is bytes, or such as `"64MiB"`.
  """

  alias Outrigger.{Error, Options}

  # What the engine's fields hold.
  @largest 0xFFFF_FFFF_FFFF_FFFF
  @ns_per_ms 1_000_000
  @longest_ms div(@largest, @ns_per_ms)

  @algorithms [:gcra, :leaky_bucket, :fixed_window, :own_window, :sliding_window, :sliding_log]

  @rule [
    limit: [
      type: :pos_integer,
      required: true,
      doc: "How much is admitted in a period. A hit counts as its cost, 1 unless told."
    ],
    period: [type: :pos_integer, required: true, doc: "Milliseconds."],
    burst: [
      type: {:or, [:pos_integer, {:in, [nil]}]},
      default: nil,
      default_doc: "the limit",
      doc:
        "How much a key that was not used for a while may spend at once. Of `:gcra` and `:leaky_bucket`."
    ]
  ]

  @schema [
            name: [
              type: :atom,
              doc:
                "Name of the limiter, the module with `use Outrigger.Limit` if there is one. It is also the key of its handle in " <>
                  "`:persistent_term`, so take a name of your own, as `MyApp.ApiLimit`."
            ]
          ] ++
            @rule ++
            [
              algorithm: [
                type: {:in, @algorithms},
                default: :gcra,
                doc: "How hits are counted, see `docs/limits.md`."
              ],
              memory: [
                type: {:or, [:pos_integer, :string]},
                default: "16MiB",
                doc:
                  "Budget for keys: bytes, or such as `\"64MiB\"`. A key takes 16 bytes; with `:sliding_log`, 16 more for each hit that is " <>
                    "remembered. Taken from the system as it is used."
              ],
              when_full: [
                type: {:in, [:deny, :allow]},
                default: :deny,
                doc:
                  "What becomes of a new key when there is no room and no other key is as new: denied, or admitted and not counted. " <>
                    "Counted in `stats/1` either way."
              ],
              ban: [
                type: {:or, [:keyword, {:in, [nil]}]},
                default: nil,
                doc:
                  "`[denials: 20, within: 10_000, for: 60_000]` shuts a key out for a minute after 20 denials in 10 s. Bans take a quarter of " <>
                    "`:memory`."
              ],
              telemetry: [
                type: {:in, [:rare, :deny, :all]},
                default: :rare,
                doc:
                  "Events for what is rare only (bans, a full table), for denied hits too, or for all hits. An event costs more than a hit."
              ],
              clock: [
                type: {:in, [:monotonic, :manual]},
                default: :monotonic,
                doc:
                  "`:manual`: time stands still until `advance/2`, for tests of what uses the limiter."
              ]
            ]

  @ban [
    denials: [type: :pos_integer, required: true],
    within: [type: :pos_integer, required: true],
    for: [type: :pos_integer, required: true]
  ]

  @units [{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"K", 10}, {"M", 20}, {"G", 30}, {"B", 0}]

  @doc "The options of a limiter."
  @spec schema() :: Options.schema()
  def schema, do: @schema

  @doc "Options as the caller gave them, checked, and the map that the engine takes."
  @spec validate(keyword) :: {:ok, keyword, map} | {:error, Error.t()}
  def validate(options) do
    with {:ok, options} <- Options.validate(options, @schema, Outrigger.Limit),
         {:ok, rule} <- in_range(options),
         {:ok, memory} <- bytes(options[:memory]),
         {:ok, ban} <- ban(options[:ban]) do
      engine =
        Map.merge(rule, %{
          algorithm: options[:algorithm],
          memory: memory,
          when_full: options[:when_full],
          ban: ban,
          clock: options[:clock]
        })

      {:ok, options, engine}
    end
  end

  @doc "A rule alone: `:limit`, `:period` and `:burst`."
  @spec rule(keyword) :: {:ok, map} | {:error, Error.t()}
  def rule(options) do
    with {:ok, options} <- Options.validate(options, @rule, Outrigger.Limit),
         do: in_range(options)
  end

  defp in_range(options) do
    cond do
      options[:limit] > @largest -> too_large(:limit, options[:limit], @largest)
      options[:period] > @longest_ms -> too_large(:period, options[:period], @longest_ms)
      (options[:burst] || 0) > @largest -> too_large(:burst, options[:burst], @largest)
      true -> {:ok, engine_rule(options[:limit], options[:period], options[:burst])}
    end
  end

  defp engine_rule(limit, period, burst),
    do: %{limit: limit, period_ns: period * @ns_per_ms, burst: burst}

  defp ban(nil), do: {:ok, nil}

  defp ban(options) do
    with {:ok, ban} <- Options.validate(options, @ban, "Outrigger.Limit, option :ban") do
      cond do
        ban[:denials] > 0xFFFF_FFFF -> too_large(:denials, ban[:denials], 0xFFFF_FFFF)
        ban[:within] > @longest_ms -> too_large(:within, ban[:within], @longest_ms)
        ban[:for] > @longest_ms -> too_large(:for, ban[:for], @longest_ms)
        true -> {:ok, {ban[:denials], ban[:within] * @ns_per_ms, ban[:for] * @ns_per_ms}}
      end
    end
  end

  @doc """
  A number of bytes as people write it.

      iex> Outrigger.Limit.Config.bytes("64MiB")
      {:ok, 67_108_864}
      iex> {:error, error} = Outrigger.Limit.Config.bytes("much")
      iex> error.message
      ~s(Outrigger.Limit: option :memory must be bytes or such as "512KiB", "64MiB" or "1GiB", got: "much")
  """
  @spec bytes(pos_integer | String.t()) :: {:ok, pos_integer} | {:error, Error.t()}
  def bytes(number) when is_integer(number) and number in 1..@largest, do: {:ok, number}

  def bytes(text) when is_binary(text) do
    with {number, unit} when number > 0 <- Integer.parse(text),
         {_unit, shift} <- List.keyfind(@units, String.trim(unit), 0),
         bytes when bytes <= @largest <- Bitwise.bsl(number, shift) do
      {:ok, bytes}
    else
      _ -> no_size(text)
    end
  end

  def bytes(other), do: no_size(other)

  @doc "A positive number that the engine's fields can hold."
  @spec word(atom, term) :: {:ok, pos_integer} | {:error, Error.t()}
  def word(_option, number) when is_integer(number) and number in 1..@largest, do: {:ok, number}

  def word(option, other),
    do: bad(option, other, "must be a positive integer below 2^64, got: #{inspect(other)}")

  defp no_size(value) do
    bad(
      :memory,
      value,
      "must be bytes or such as \"512KiB\", \"64MiB\" or \"1GiB\", got: #{inspect(value)}"
    )
  end

  defp too_large(option, value, most),
    do: bad(option, value, "must be at most #{most}, got: #{value}")

  defp bad(option, value, problem) do
    {:error,
     Error.new(:bad_option, "Outrigger.Limit: option #{inspect(option)} #{problem}", %{
       option: option,
       problem: :type,
       value: value
     })}
  end
end
