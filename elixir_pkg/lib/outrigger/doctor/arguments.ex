defmodule Outrigger.Doctor.Arguments do
  @moduledoc """
  The command line of `mix outrigger.doctor` as options of `Outrigger.Doctor.run/1`.
  """

  alias Outrigger.Error

  @switches [
    name: :string,
    sname: :string,
    join: [:string, :keep],
    peer: [:string, :keep],
    cookie_file: :string,
    epmd_port: :string,
    json: :boolean
  ]

  @doc "Options, and whether JSON is wanted."
  @spec parse([String.t()]) :: {:ok, keyword, boolean} | {:error, Error.t()}
  def parse(argv) do
    case OptionParser.parse(argv, strict: @switches) do
      {given, [], []} ->
        {:ok, options(given), Keyword.get(given, :json, false)}

      {_given, [word | _], []} ->
        usage("#{inspect(word)} is not an option")

      {_given, _words, [{switch, nil} | _]} ->
        usage("#{switch} is not an option, or lacks its value")

      {_given, _words, [{switch, value} | _]} ->
        usage("#{switch} cannot be #{inspect(value)}")
    end
  end

  defp options(given) do
    join = given |> Keyword.get_values(:join) |> Enum.flat_map(&String.split(&1, ",", trim: true))

    given
    |> Keyword.drop([:json, :join, :peer])
    |> Enum.uniq_by(&elem(&1, 0))
    |> Keyword.merge(join: join, peers: Keyword.get_values(given, :peer))
  end

  defp usage(message), do: {:error, Error.new(:usage, message)}
end
