defmodule Outrigger.Doctor.Check do
  @moduledoc """
  One line of the doctor: what was looked at, how it is, what was seen, and what to do (empty if nothing).

  The words are those of `outrigger doctor`, so that both tools read alike.
  """

  @enforce_keys [:check, :status, :detail]
  defstruct [:check, :status, :detail, remedy: ""]

  @type status :: :ok | :warn | :fail
  @type t :: %__MODULE__{
          check: String.t(),
          status: status,
          detail: String.t(),
          remedy: String.t()
        }

  @doc "All is well here."
  @spec ok(String.t(), String.t()) :: t
  def ok(check, detail), do: %__MODULE__{check: check, status: :ok, detail: detail}

  @doc "It may work, but not as it should."
  @spec warn(String.t(), String.t(), String.t()) :: t
  def warn(check, detail, remedy),
    do: %__MODULE__{check: check, status: :warn, detail: detail, remedy: remedy}

  @doc "It cannot work."
  @spec fail(String.t(), String.t(), String.t()) :: t
  def fail(check, detail, remedy),
    do: %__MODULE__{check: check, status: :fail, detail: detail, remedy: remedy}
end
