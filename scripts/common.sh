# shellcheck shell=bash
# What the scripts share. Sourced, never run.

# `say` names the script; `die "what is wrong" "remedy line" …` also stops it.
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  say "$1"
  shift
  for line in "$@"; do printf '    %s\n' "$line" >&2; done
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Run a command as root. A person may be asked for a password; a machine never is.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif ! have sudo; then
    die "root is needed to run: $*" "Run that as root, then run make again."
  elif [ -t 0 ] && [ -z "${CI:-}" ]; then
    sudo "$@"
  else
    sudo -n "$@" || die "failed, or sudo asks for a password here: $*" "Run that by hand, then run make again."
  fi
}
