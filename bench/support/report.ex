defmodule Bench.Report do
  @moduledoc """
  Keeps a run: `bench/runs/<date>-<name>/{summary.json,raw.csv,README.md}`.

  A sample is one repeat of one case by one contender (`ours` or a peer). The summary holds medians of the repeats;
  the spread (lowest to highest) stands in the run's README, and every sample in `raw.csv`.
  """

  @type sample :: %{
          case: String.t(),
          metric: String.t(),
          contender: String.t(),
          repeat: pos_integer,
          value: number
        }
  @type metric :: %{
          name: String.t(),
          unit: String.t(),
          better: :lower | :higher,
          goal: String.t() | nil
        }

  @doc "Writes the run's files; returns the folder."
  @spec write(String.t(), [metric], [sample], String.t()) :: Path.t()
  def write(name, metrics, samples, remarks) do
    folder = Path.join("bench/runs", "#{Date.to_iso8601(Date.utc_today())}-#{name}")
    File.mkdir_p!(folder)
    rows = rows(name, metrics, samples)
    File.write!(Path.join(folder, "summary.json"), summary(rows))
    File.write!(Path.join(folder, "raw.csv"), raw(name, samples))
    File.write!(Path.join(folder, "README.md"), readme(name, rows, samples, remarks))
    folder
  end

  @doc "The table of medians, for the screen and for the README."
  @spec table([map]) :: String.t()
  def table(rows) do
    header =
      "| case | figure | ours | beside | ratio | goal |\n| --- | --- | --- | --- | --- | --- |\n"

    header <>
      Enum.map_join(rows, fn row ->
        peers =
          Enum.map_join(row.peers, ", ", fn {peer, values} -> "#{peer} #{spread(values)}" end)

        "| #{row.case} | #{row.metric} (#{row.unit}) | #{spread(row.ours)} | #{peers} | #{ratio(row)} | #{row.goal || ""} |\n"
      end)
  end

  @doc "One row per case and figure: what `table/1` and the summary are made of."
  @spec rows(String.t(), [metric], [sample]) :: [map]
  def rows(name, metrics, samples) do
    for %{name: metric} = about <- metrics,
        case_name <- samples |> Enum.map(& &1.case) |> Enum.uniq(),
        of_case = Enum.filter(samples, &(&1.case == case_name and &1.metric == metric)),
        by_contender = Enum.group_by(of_case, & &1.contender, & &1.value),
        {ours, peers} = Map.pop(by_contender, "ours"),
        ours != nil do
      about
      |> Map.merge(%{bench: name, case: case_name, metric: metric, ours: ours, peers: peers})
    end
  end

  # "2.1 (1.9-2.4)": the median and the lowest and highest of the repeats.
  defp spread(values) do
    "#{short(median(values))} (#{short(Enum.min(values))}-#{short(Enum.max(values))})"
  end

  defp ratio(%{peers: peers}) when peers == %{}, do: ""

  defp ratio(row) do
    Enum.map_join(row.peers, ", ", fn {_peer, values} ->
      {ours, peer} = {median(row.ours), median(values)}

      factor =
        if row.better == :lower, do: peer / max(ours, 1.0e-9), else: ours / max(peer, 1.0e-9)

      "#{short(factor)}x"
    end)
  end

  @doc "The middle value."
  @spec median([number]) :: number
  def median(values), do: values |> Enum.sort() |> Enum.at(div(length(values), 2))

  defp short(value) when value >= 1000, do: Integer.to_string(round(value))
  defp short(value), do: :erlang.float_to_binary(value / 1, decimals: 2)

  defp summary(rows) do
    "[\n" <> Enum.map_join(rows, ",\n", &("  " <> json_row(&1))) <> "\n]\n"
  end

  defp json_row(row) do
    peers =
      Enum.map_join(row.peers, ", ", fn {peer, values} ->
        "#{json(peer)}: #{number(median(values))}"
      end)

    goal = if row.goal, do: json(row.goal), else: "null"

    ~s({"bench": #{json(row.bench)}, "case": #{json("#{row.case}: #{row.metric}")}, "unit": #{json(row.unit)}, ) <>
      ~s("better": "#{row.better}", "ours": #{number(median(row.ours))}, "peers": {#{peers}}, "goal": #{goal}})
  end

  # The names of cases, figures and goals are ours: no character in them needs escaping but these two.
  defp json(text),
    do: ~s("#{text |> String.replace("\\", "\\\\") |> String.replace("\"", "\\\"")}")

  defp number(value) when is_integer(value), do: Integer.to_string(value)
  defp number(value), do: :erlang.float_to_binary(value, decimals: 3)

  defp raw(name, samples) do
    header = "bench,case,metric,contender,repeat,value\n"

    header <>
      Enum.map_join(
        samples,
        &"#{name},#{&1.case},#{&1.metric},#{&1.contender},#{&1.repeat},#{number(&1.value)}\n"
      )
  end

  defp readme(name, rows, samples, remarks) do
    repeats = samples |> Enum.map(& &1.repeat) |> Enum.max()

    """
    # #{name}, #{Date.utc_today()}

    #{machine()}
    #{repeats} interleaved repeats of every case after one warm-up; median (lowest-highest).
    CPU is the time on a CPU of whole processes (all threads, `schedstat`). Ratio: how many times better than the one beside it.

    #{remarks}
    #{table(rows)}
    """
  end

  defp machine do
    cpu =
      "/proc/cpuinfo"
      |> File.read!()
      |> String.split("\n")
      |> Enum.find("", &String.starts_with?(&1, "model name"))

    model = cpu |> String.split(":") |> List.last() |> String.trim()
    {kernel, 0} = System.cmd("uname", ["-sr"])

    "#{System.schedulers_online()} cores (#{model}), #{String.trim(kernel)}, OTP #{System.otp_release()}, " <>
      "Elixir #{System.version()}, all processes on this machine, over loopback."
  end
end
