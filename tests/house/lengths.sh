#!/bin/sh
# Small rooms: names the hand-written files of more than 400 lines, and fails for those of more than 600.
# Usage: tests/house/lengths.sh [FOLDER]    a git work tree; this one if none is given
set -eu

cd "${1:-$(dirname "$0")/../..}"
# Also files that nobody has added yet. Those that are deleted but not committed are skipped.
git ls-files --cached --others --exclude-standard -- '*.rs' '*.ex' '*.exs' '*.erl' '*.sh' | sort -u |
    while IFS= read -r file; do
        if [ -f "$file" ]; then printf '%s %s\n' "$(wc -l <"$file")" "$file"; fi
    done |
    sort -rn |
    awk -v soft=400 -v hard=600 '
        { files++; lines += $1; name = substr($0, length($1) + 2) }
        $1 > hard { hards++; printf "too long: %s has %d lines, split it (limit %d)\n", name, $1, hard; next }
        $1 > soft { softs++; printf "long: %s has %d lines, think about it (limit %d)\n", name, $1, soft }
        END {
            printf "%d files with %d lines: %d over %d, %d over %d\n", files, lines, softs + hards, soft, hards, hard
            exit hards > 0
        }'
