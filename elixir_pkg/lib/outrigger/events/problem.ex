defmodule Outrigger.Events.Problem do
  @moduledoc false

  # What the NIF says is wrong, as an error with its remedy.

  alias Outrigger.Error

  @spec error(tuple) :: Error.t()
  def error({:malformed, format, offset, path, problem}) do
    Error.new(:malformed, "the #{format} is wrong at byte #{offset} (#{path}): #{problem}", %{
      offset: offset,
      path: path
    })
  end

  def error({:limit, "absent fields" = what, limit, offset}) do
    Error.new(
      :too_large,
      "the message tells more than #{limit} fields that are not there at byte #{offset}: leave them out with defaults: :none",
      %{what: what, limit: limit, offset: offset}
    )
  end

  def error({:limit, what, limit, offset}) do
    Error.new(
      :too_large,
      "the document has more than #{limit} #{what} at byte #{offset}: raise the bound if such documents are wanted",
      %{what: what, limit: limit, offset: offset}
    )
  end

  def error({:unknown_key, offset}) do
    Error.new(
      :unknown_key,
      "the document has a key that is no existing atom#{offset && " at byte #{offset}"}: take keys: :strings for such documents",
      %{offset: offset}
    )
  end

  def error({:needs_option, path, why, option}) do
    Error.new(
      :needs_option,
      "the value at #{path} can be read in more than one way: #{why}. Give the option #{option}",
      %{path: path, option: option}
    )
  end

  def error({:bad_schema, path, problem}),
    do: Error.new(:bad_schema, "the schema is wrong at #{path}: #{problem}", %{path: path})

  def error({:incompatible, path, problem}) do
    Error.new(
      :incompatible,
      "the reader's schema cannot read what the writer's says at #{path}: #{problem}",
      %{path: path}
    )
  end

  def error({:bad_value, path, problem}),
    do: Error.new(:bad_value, "the value does not fit at #{path}: #{problem}", %{path: path})

  def error({:unsupported, what, remedy}),
    do: Error.new(:unsupported, "#{what} is not read here: #{remedy}")

  def error({:unknown_schema, {kind, _key}}) do
    Error.new(
      :unknown_schema,
      "the schema of the data was forgotten while it was decoded: more schemas are in use at once than are kept. " <>
        "Decode again",
      %{by: kind}
    )
  end

  def error({reason, problem}) when reason in [:bad_plan, :failed], do: Error.new(reason, problem)
end
