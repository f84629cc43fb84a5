defmodule Outrigger.Events.CloudEvent do
  @moduledoc """
  A CloudEvent (specification 1.0): its attributes, and its data.

    * `:specversion`, `:id`, `:source`, `:type` - always there;
    * `:datacontenttype`, `:dataschema`, `:subject` - text, or `nil`;
    * `:time` - a `DateTime` in UTC, or `nil`;
    * `:data` - what JSON says, or bytes;
    * `:extensions` - all other attributes, as they are.

  `Outrigger.Events.CloudEvents.decode/2` makes it.
  """

  defstruct [
    :specversion,
    :id,
    :source,
    :type,
    :datacontenttype,
    :dataschema,
    :subject,
    :time,
    :data,
    extensions: %{}
  ]

  @type t :: %__MODULE__{
          specversion: String.t(),
          id: String.t(),
          source: String.t(),
          type: String.t(),
          datacontenttype: String.t() | nil,
          dataschema: String.t() | nil,
          subject: String.t() | nil,
          time: DateTime.t() | nil,
          data: term,
          extensions: %{optional(String.t()) => term}
        }
end
