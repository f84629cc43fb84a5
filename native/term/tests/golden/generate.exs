# The golden vectors: what a real OTP writes, and how Elixir prints it.
#
#   elixir generate.exs > otp25.txt                                  on each OTP, here and in the matrix's root file systems
#   elixir generate.exs merge otp25.txt otp27.txt otp29.txt > golden.txt
#
# A line is: OTP releases, options of term_to_binary/2, name, bytes in hexadecimal, what inspect/2 says; with tabs between.
# Lines that differ by release stand below each other. Without options it is term_to_binary/1 as OTP 26 and later have it,
# which OTP 25 calls minor version 2. `raw` are encodings that no current OTP writes; here they are decoded, and printed.
#
# "-" is in place of a print that depends on the machine: pids, ports and references name their node by a number of the
# VM, closures by a hash. All identifiers belong to nodes that do not exist, so that every run writes the same bytes.
defmodule Golden do
  import Bitwise

  def main([]), do: Enum.each(lines(), &IO.puts(Enum.join([System.otp_release() | &1], "\t")))
  def main(["merge" | files]), do: files |> Enum.map(&read/1) |> merge() |> Enum.each(&IO.puts/1)

  # One line per name, option and bytes. How a term is printed is the newest Elixir's word, so bytes that it did not write
  # (a map in another order) have no print.
  defp merge(releases) do
    all = Enum.concat(releases)
    prints = for [_, options, name, bytes, print] <- List.last(releases), into: %{}, do: {{options, name, bytes}, print}

    order =
      for {[_, options, name | _], at} <- Enum.with_index(Enum.concat(Enum.reverse(releases))), reduce: %{} do
        seen -> Map.put_new(seen, {options, name}, at)
      end

    all
    |> Enum.group_by(fn [_, options, name, bytes, _] -> {options, name, bytes} end, &hd/1)
    |> Enum.sort_by(fn {{options, name, _}, otps} -> {order[{options, name}], Enum.max(otps)} end)
    |> Enum.map(fn {{options, name, bytes} = key, otps} ->
      Enum.join([Enum.join(otps, ","), options, name, bytes, Map.get(prints, key, "-")], "\t")
    end)
  end

  defp read(file), do: file |> File.read!() |> String.split("\n", trim: true) |> Enum.map(&String.split(&1, "\t"))

  defp lines do
    plain = for {name, term} <- terms(), do: ["", name, hex(encode(term, minor_version: 2)), print(name, term)]
    decoded = for {name, bytes} <- raw(), do: ["", name, hex(bytes), print(name, :erlang.binary_to_term(bytes))]
    plain ++ decoded ++ records() ++ optional()
  end

  defp encode(term, options), do: :erlang.term_to_binary(term, options)
  defp hex(bytes), do: Base.encode16(bytes, case: :lower)

  @nameless ~w(pid port reference closure gen_call down)
  defp print(name, term) do
    if Enum.any?(@nameless, &String.contains?(name, &1)),
      do: "-",
      else: inspect(term, limit: :infinity, printable_limit: :infinity, width: :infinity)
  end

  # The same terms with the options that change bytes.
  defp optional do
    terms = Map.new(terms())

    some = [
      "atom ok",
      "atom utf8",
      "float 1.5",
      "float 0.1",
      "integer 2^64",
      "map mixed",
      "map of 40",
      "pid",
      "port wide",
      "reference 5",
      "export",
      "gen_call",
      "tuple of 256 ok",
      "binary of 1000 zeros",
      "improper",
      "charlist abc"
    ]

    encoded = fn name, options -> encode(Map.fetch!(terms, name), options) end

    choices =
      [
        {"minor 0", [minor_version: 0]},
        {"minor 1", [minor_version: 1]},
        {"deterministic", [:deterministic, minor_version: 2]}
      ] ++
        for level <- [1, 6, 9], do: {"compressed #{level}", [compressed: level, minor_version: 2]}

    for {option, options} <- choices, name <- some do
      [option, name, hex(encoded.(name, options)), print(name, terms[name])]
    end ++
      if String.to_integer(System.otp_release()) >= 26 do
        # The VM of OTP 27 and 29 aborts over exports here.
        for name <- some -- ["export"] do
          # A hash stands behind the tag, with a secret of the VM in it.
          <<131, 121, _::32, term::binary>> = encoded.(name, [:local, minor_version: 2])
          ["local", name, hex(<<131, 121, 0::32, term::binary>>), print(name, terms[name])]
        end
      else
        []
      end
  end

  defp terms,
    do: integers() ++ floats() ++ atoms() ++ binaries() ++ lists() ++ tuples_and_maps() ++ identifiers() ++ others()

  defp integers do
    small = for i <- [0, 1, 9, 127, 255, 256, -1, -255, -256, 1_000_000], do: {"integer #{i}", i}

    edges =
      for bits <- [15, 16, 24, 27, 28, 31, 32, 56, 59, 60, 63, 64, 65, 128, 2040, 2048],
          {text, off} <- [{"-1", -1}, {"", 0}],
          {sign, factor} <- [{"", 1}, {"-", -1}],
          do: {"integer #{sign}2^#{bits}#{text}", factor * ((1 <<< bits) + off)}

    small ++ edges ++ [{"integer -2^63 less 1", -(1 <<< 63) - 1}, {"integer 10^40", Integer.pow(10, 40)}]
  end

  defp floats do
    texts =
      ~w(0.0 1.0 1.5 -1.5 0.1 0.2 100.0 123456.789 1.0e15 1.0e16 1.0e17 1.0e22 1.0e23 -1.0e300 1.0e-5 1.0e-4 0.001
               5.0e-324 2.2250738585072014e-308 1.7976931348623157e308 9007199254740991.0 9007199254740993.0 3.141592653589793)

    for(text <- texts, do: {"float #{text}", String.to_float(text)}) ++
      [{"float negative zero", :erlang.float(0) * -1.0}]
  end

  defp atoms do
    texts = [
      "",
      "ok",
      "true",
      "false",
      "nil",
      "café",
      "€uro",
      "日本",
      "Elixir",
      "Elixir.Outrigger",
      "Elixir.Outrigger.Pub_Sub2",
      "Elixir.outrigger",
      "Elixir.",
      "Erlang",
      "with space",
      "quote\"d",
      "back\\slash",
      "new\nline",
      "a@b",
      "foo?",
      "foo!",
      "foo?bar",
      "9a",
      "_under",
      "+",
      "==",
      "&&",
      "!",
      "..",
      "..//",
      "<<>>",
      "{}",
      "%{}",
      "%",
      "[]",
      ".",
      "fn",
      "do",
      "and",
      "when",
      "not in",
      "a-b",
      "a:b",
      "#\{x}",
      "nonode@nohost",
      "\u0001",
      "\u200b"
    ]

    for(text <- texts, do: {"atom " <> name(text), String.to_atom(text)}) ++
      [
        {"atom ascii 255", String.to_atom(String.duplicate("a", 255))},
        {"atom wide 255", String.to_atom(String.duplicate("€", 255))}
      ]
  end

  defp binaries do
    texts = [
      "",
      "abc",
      "café",
      "quote\"d",
      "back\\slash",
      "tab\tnew\nline\r\e\0",
      "#\{x}",
      "#x",
      "日本 😀",
      "\u200b",
      "\u00a0",
      "\x7f"
    ]

    for(text <- texts, do: {"binary " <> name(text), text}) ++
      [
        {"binary 1 2 3", <<1, 2, 3>>},
        {"binary not utf8", <<255, 254, 0>>},
        {"binary cut utf8", <<"ab", 0xC3>>},
        {"binary of 1000 zeros", :binary.copy(<<0>>, 1000)},
        {"binary of 300 a", :binary.copy("a", 300)}
      ] ++
      for(bits <- 1..7, do: {"bits #{bits}", <<1 <<< (bits - 1)::size(bits)>>}) ++
      [{"bits 8 and 3", <<1, 5::3>>}, {"bits 24 and 7", <<"abc", 127::7>>}]
  end

  # Printable in every Elixir, on one line, and never nothing.
  defp name(""), do: "empty"
  defp name("café"), do: "utf8"
  defp name(text), do: if(text =~ ~r/^[!-~ ]+$/, do: text, else: hex(text))

  defp lists do
    [
      {"nil", []},
      {"list of atoms", [:a, [:b], 1]},
      {"list negative", [-1, -200]},
      {"list of 256", [256]},
      {"list 0", [0]},
      {"charlist abc", 'abc'},
      {"charlist 255", [255]},
      {"charlist controls", [7, 8, 9, 10, 11, 12, 13, 27]},
      {"charlist quote", 'it\'s "so" \\ \#{x}'},
      {"charlist 127", [127]},
      {"list e acute", [233]},
      {"list euro", [8364]},
      {"list bytes and more", [1, 2, 300]},
      {"charlist of 300", List.duplicate(?a, 300)},
      {"list of 60 ints", Enum.to_list(1000..1060)},
      {"improper", [:a | :b]},
      {"improper long", [1, 2, 3 | "tail"]},
      {"improper bytes", [97, 98 | 99]},
      {"nested 30", Enum.reduce(1..30, [], fn _, l -> [l] end)},
      {"keyword", [a: 1, b: [c: 2]]},
      {"keyword odd", ["Elixir.A": 1, "b c": 2, d?: 3, +: 4]},
      {"keyword not", [{:a, 1}, :b]},
      {"keyword of nils", [nil: nil, true: true]},
      {"strings", ["a", 'b', :c]}
    ]
  end

  defp tuples_and_maps do
    [
      {"tuple 0", {}},
      {"tuple 1", {1}},
      {"tuple 2", {:ping, 42}},
      {"tuple nested", {{}, {:a, {[], %{}}}}},
      {"tuple of 255 ok", List.to_tuple(List.duplicate(:ok, 255))},
      {"tuple of 256 ok", List.to_tuple(List.duplicate(:ok, 256))},
      {"map empty", %{}},
      {"map a", %{a: 1}},
      {"map strings", %{"a" => 1, "b" => %{}}},
      {"map mixed", %{1 => :a, "b" => 2, 1.5 => {}}},
      {"map nested", %{a: %{b: %{c: [1 | 2]}}}},
      {"map odd keys", %{"x y": 1}},
      {"map tuple keys", %{{1, 2} => 3, [] => 4}},
      {"map of 32", Map.new(1..32, &{&1, &1})},
      {"map of 33", Map.new(1..33, &{&1, &1})},
      {"map of 40", Map.new(1..40, &{&1, -&1})},
      {"map struct unknown", %{__struct__: Not.There, a: 1}}
    ]
  end

  defp identifiers do
    pids =
      for {name, id, serial, creation} <- [
            {"pid", 7, 3, 9},
            {"pid 0", 0, 0, 1},
            {"pid wide", 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF}
          ],
          do: {name, pid(id, serial, creation)}

    refs =
      for words <- [[5], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5]],
          do: {"reference #{length(words)}", ref(words)}

    ports =
      for {name, id} <- [
            {"port wide", 1 <<< 40},
            {"port 28 bits", (1 <<< 28) - 1},
            {"port 29 bits", 1 <<< 28},
            {"port 0", 0},
            {"port 64 bits", (1 <<< 64) - 1}
          ],
          do: {name, port(id)}

    pids ++
      refs ++
      [{"reference wide", ref(List.duplicate(0xFFFFFFFF, 5))}] ++ ports ++ [{"pid utf8 node", pid(1, 2, 3, 119, "é@h")}]
  end

  defp others do
    call = {:"$gen_call", {pid(7, 3, 9), [:alias | ref([1, 2, 3])]}, {:is_auth, :b@h}}

    [
      {"export", &:lists.map/2},
      {"export operator", &Kernel.+/2},
      {"export odd", Function.capture(:"a b", :"c d", 3)},
      {"closure", closure([10])},
      {"closure empty", closure([])},
      {"gen_call", call},
      {"gen_cast", {:"$gen_cast", {:put, "k", [1.5, nil]}}},
      {"down", {:DOWN, ref([1, 2, 3]), :process, pid(7, 3, 9), :noproc}},
      {"list closure in it", [closure([1]), {closure([])}]},
      {"big map of closure keys", %{closure([1]) => 1}}
    ]
  end

  # A fun of this script would carry a local pid and a hash of this file.
  defp closure(free) do
    free = Enum.map(free, &<<97, &1>>)

    parts =
      IO.iodata_to_binary([
        <<2, 0::128, 1::32, length(free)::32, 119, 1, "m", 97, 1, 98, 12345::32>>,
        new_pid(1, 0, 9, 119, "a@h"),
        free
      ])

    :erlang.binary_to_term(<<131, 112, byte_size(parts) + 4::32, parts::binary>>)
  end

  defp node_name(tag, name) when tag in [100, 118], do: <<tag, byte_size(name)::16, name::binary>>
  defp node_name(tag, name), do: <<tag, byte_size(name)::8, name::binary>>

  defp new_pid(id, serial, creation, tag, node),
    do: <<88, node_name(tag, node)::binary, id::32, serial::32, creation::32>>

  defp pid(id, serial, creation, tag \\ 119, node \\ "a@h"),
    do: :erlang.binary_to_term(<<131, new_pid(id, serial, creation, tag, node)::binary>>)

  defp port(id), do: :erlang.binary_to_term(<<131, 120, node_name(119, "a@h")::binary, id::64, 9::32>>)

  defp ref(words),
    do:
      :erlang.binary_to_term(<<131, 90, length(words)::16, node_name(119, "a@h")::binary, 9::32, words(words)::binary>>)

  defp words(words), do: for(word <- words, into: <<>>, do: <<word::32>>)

  # What stored data and older nodes hold, and what is longer than it need be.
  defp raw do
    old = node_name(100, "a@h")

    [
      {"raw atom latin1", <<131, 100, 4::16, "caf", 233>>},
      {"raw atom latin1 255", <<131, 100, 255::16, :binary.copy(<<233>>, 255)::binary>>},
      {"raw small atom latin1", <<131, 115, 2, "ok">>},
      {"raw small atom e acute", <<131, 115, 1, 233>>},
      {"raw long atom utf8", <<131, 118, 2::16, "ok">>},
      {"raw float text", <<131, 99, "1.50000000000000000000e+00", 0::40>>},
      {"raw float text small", <<131, 99, "-4.94065645841246544177e-324", 0::24>>},
      {"raw pid old", <<131, 103, old::binary, 7::32, 3::32, 1>>},
      {"raw port old", <<131, 102, old::binary, 7::32, 1>>},
      {"raw port new", <<131, 89, old::binary, 7::32, 9::32>>},
      {"raw reference old", <<131, 101, old::binary, 7::32, 1>>},
      {"raw reference new", <<131, 114, 3::16, old::binary, 1, 1::32, 2::32, 3::32>>},
      {"raw integer wide", <<131, 98, 1::32>>},
      {"raw big short", <<131, 110, 1, 1, 5>>},
      {"raw big padded", <<131, 110, 10, 0, 5, 0::72>>},
      {"raw big zero", <<131, 110, 0, 0>>},
      {"raw big minus zero", <<131, 110, 2, 1, 0, 0>>},
      {"raw large big", <<131, 111, 1::32, 0, 5>>},
      {"raw big of 64 bits", <<131, 110, 9, 1, 1 <<< 63::little-64, 0>>},
      {"raw tuple wide", <<131, 105, 1::32, 97, 1>>},
      {"raw tuple wide 0", <<131, 105, 0::32>>},
      {"raw list of nothing", <<131, 108, 0::32, 106>>},
      {"raw list of nothing and a tail", <<131, 108, 0::32, 97, 1>>},
      {"raw list of bytes", <<131, 108, 2::32, 97, ?a, 97, ?b, 106>>},
      {"raw list with a list as tail", <<131, 108, 1::32, 97, 1, 108, 1::32, 97, 2, 106>>},
      {"raw list with a string as tail", <<131, 108, 1::32, 97, ?a, 107, 1::16, ?b>>},
      {"raw string empty", <<131, 107, 0::16>>},
      {"raw bits of whole bytes", <<131, 77, 2::32, 8, "ab">>},
      {"raw bits with rubbish", <<131, 77, 1::32, 3, 0b10111111>>},
      {"raw map unsorted", <<131, 116, 2::32, 97, 2, 106, 97, 1, 106>>},
      {"raw export wide", <<131, 113, old::binary, old::binary, 98, 2::32>>},
      {"raw compressed small", <<131, 80, 2::32, :zlib.compress(<<97, 7>>)::binary>>}
    ]
  end

  # Native records came with OTP 29, in Erlang only.
  defp records do
    if String.to_integer(System.otp_release()) >= 29 do
      source = '-module(rec). -export([all/0]). -record \#pair{left, right}. -record \#none{}.
                all() -> [\#pair{left = 7, right = <<"x">>}, \#none{}, {\#pair{left = [], right = \#none{}}}].'
      {:module, :rec} = load(source)

      for {term, at} <- Enum.with_index(apply(:rec, :all, [])),
          do: ["", "record #{at}", hex(encode(term, minor_version: 2)), "-"]
    else
      []
    end
  end

  defp load(source) do
    {:ok, tokens, _} = :erl_scan.string(source)

    forms =
      tokens
      |> Enum.chunk_while(
        [],
        fn t, acc -> if elem(t, 0) == :dot, do: {:cont, Enum.reverse([t | acc]), []}, else: {:cont, [t | acc]} end,
        fn _ -> {:cont, []} end
      )

    forms = for form <- forms, form != [], do: elem({:ok, _} = :erl_parse.parse_form(form), 1)
    {:ok, :rec, binary} = :compile.forms(forms)
    :code.load_binary(:rec, 'rec', binary)
  end
end

Golden.main(System.argv())
