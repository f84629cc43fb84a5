defmodule Outrigger.Doctor.Versions do
  @moduledoc """
  Are this Elixir and this OTP supported? Elixir from 1.14 on, OTP from 25 on.
  """

  alias Outrigger.Doctor.Check

  @elixir "1.14.0"
  @otp 25
  # The newest that the tests run on. Newer ones are told apart but not warned of: they most likely work.
  @newest_otp 29

  @doc "Checks this VM."
  @spec checks() :: [Check.t()]
  def checks, do: checks(System.version(), System.otp_release())

  @doc "Checks the given versions."
  @spec checks(String.t(), String.t()) :: [Check.t()]
  def checks(elixir, otp), do: [elixir(elixir), otp(otp)]

  defp elixir(version) do
    if Version.compare(version, @elixir) == :lt do
      Check.fail("elixir", "#{version} is too old", "install Elixir 1.14 or later")
    else
      Check.ok("elixir", version)
    end
  end

  defp otp(release) do
    case Integer.parse(release) do
      {number, ""} when number < @otp ->
        Check.fail("otp", "#{release} is too old", "install Erlang/OTP #{@otp} or later")

      {number, ""} when number > @newest_otp ->
        Check.ok("otp", "#{release}, newer than #{@newest_otp}, the newest that was tested")

      _ ->
        Check.ok("otp", release)
    end
  end
end
