#!/usr/bin/env bash
# What stands in the repository means the same on every machine: no absolute path of somebody's home or build machine, and
# no package host other than the public ones that the tools know by themselves.
# Usage: tests/house/paths.sh [FOLDER]    a git work tree; this one if none is given
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"

# [/] keeps the patterns from matching this file.
places='(^|[^[:alnum:]_.~$}/-])[/](home|Users|root|work|mnt|builds)/[[:alnum:]_.-]'
hosts='[:][/]/[[:alnum:].-]*(artifactory|jfrog|pkg\.dev|codeartifact|internal|localdomain|mirror)[[:alnum:].-]*[/:]'

# Kept measurements say where they were made, and test vectors are bytes.
if git grep --untracked -nIE -e "$places" -e "$hosts" -- . ':!bench/runs' ':!*.lock' ':!native/*/tests/vectors' ':!native/*/tests/golden'; then
  echo "The lines above name a place that only one machine has. Use a relative path, a variable or the tool's own setting." >&2
  exit 1
fi
