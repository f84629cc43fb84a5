[
  inputs: [
    "{mix,.formatter}.exs",
    "elixir_pkg/{build,lib,test}/**/*.{ex,exs}",
    "{bench,examples,tests}/**/*.{ex,exs}"
  ]
]
