# The document of scripts/conformance, on standard output; what is wrong goes to standard error and makes the status 1.
#
# Variables: releases  "25 27 29"; ran  those of them that have results.
# Files, by their order: sources (test, file), results (release, test, outcome), rows (number, text, reason).

BEGIN {
  FS = "\t"
  columns = split(releases, release, " ")
}

FILENAME ~ /sources$/ { file[$1] = $2; next }

FILENAME ~ /results$/ {
  rest = $2
  while (match(rest, /row_[0-9][0-9]_/)) {
    row = substr(rest, RSTART + 4, 2) + 0
    rest = substr(rest, RSTART + RLENGTH)
    if (!((row, $2) in known)) { known[row, $2]; tests[row] = tests[row] " " $2; named[row] = $2 }
    worse(row, $1, $3)
  }
  next
}

# Rows begin: the head of the document, once.
/^#/ { next }
!begun { begun = 1; head() }

{
  rows++
  have[$1 + 0]
  note = $3
  cells = ""
  count = split(tests[$1 + 0], list, " ")
  sort(list, count)
  for (i = 1; i <= count; i++) cells = cells (i > 1 ? "<br>" : "") link(list[i])
  if (count == 0) {
    unmet++
    if (note == "") { note = "no reason is given"; wrong("row " $1 ": no test and no reason (tests/conformance/rows.tsv)") }
    cells = "not met: " note
  } else if (note != "") cells = cells "<br>limit: " note
  line = "| " $1 " | " $2 " | " cells " |"
  for (i = 1; i <= columns; i++) line = line " " outcome($1 + 0, release[i], count) " |"
  print line
}

END {
  if (!begun) head()
  line = "| | rows that hold | " (rows - unmet) " of " rows " |"
  for (i = 1; i <= columns; i++) line = line " " held[release[i]] + 0 " |"
  print line
  for (row in named) if (!(row in have)) wrong("row " row ": " named[row] " proves it, but there is no such row")
  exit failed
}

function head(  i, line, rule) {
  print "# Conformance"
  print ""
  print "What a node of the Erlang distribution has to do, row by row, and the live tests that prove it here: each runs against"
  print "real BEAM nodes of three OTP releases. The rows are in `tests/conformance/rows.tsv`; this document is written by"
  print "`make matrix` from what the tests said, and CI fails when it says otherwise. A test proves the rows that its name"
  print "has (`row_25_…`). Do not edit."
  print ""
  line = "| row | what | proof |"
  rule = "| --: | --- | --- |"
  for (i = 1; i <= columns; i++) { line = line " OTP " release[i] " |"; rule = rule " --- |" }
  print line
  print rule
}

function link(test) {
  return test in file ? "[`" test "`](../" file[test] ")" : "`" test "`"
}

# The worst outcome of a row's tests on a release. A test that was ignored proves nothing.
function worse(row, on, said) {
  if (said == "FAILED") worst[row, on] = "FAILED"
  else if (said == "ok" && worst[row, on] == "") worst[row, on] = "ok"
}

function outcome(row, on, count,  said) {
  if (index(" " ran " ", " " on " ") == 0) return "not run"
  if (count == 0) return "-"
  said = worst[row, on]
  if (said == "ok") { held[on]++; return "ok" }
  if (said == "FAILED") { wrong("row " row ": a test failed on OTP " on); return "**failed**" }
  wrong("row " row ": no test of it came to an end on OTP " on)
  return "**none**"
}

function wrong(what) {
  print "conformance: " what >"/dev/stderr"
  failed = 1
}

function sort(list, count,  i, j, one) {
  for (i = 2; i <= count; i++) {
    one = list[i]
    for (j = i - 1; j >= 1 && list[j] > one; j--) list[j + 1] = list[j]
    list[j + 1] = one
  }
}
