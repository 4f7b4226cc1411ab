#!/bin/sh
# Rust for the cluster parts.
#
# usage: rust.sh check             fails, and says how to get Rust, where there is none
#        rust.sh cargo ARGUMENT... runs cargo on ballista/rust
#
# What cargo compiles on the way goes to ${SPRINGALD_CACHE:-$HOME/.cache/springald}/cargo,
# which all clones share: 25 minutes of other people's crates are compiled once. What it
# delivers goes to $CARGO_TARGET_DIR, a folder of this clone. With SPRINGALD_CARGO_LOG its
# output goes to that file.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cache=${SPRINGALD_CACHE:-$HOME/.cache/springald}/cargo
# A fresh rustup is in the PATH of new shells only.
PATH=$PATH:$HOME/.cargo/bin

check() {
  if ! version=$(cd "$root/ballista/rust" && cargo --version 2>/dev/null); then
    found="there is no cargo here"
  elif ! echo "$version" | awk '{ split($2, v, "."); exit !(v[1] > 1 || v[2] >= 94) }'; then
    found="this is $version"
  else
    return 0
  fi
  cat >&2 <<END

  ############################################################################
  #  Left out: THE CLUSTER. springald-ballista, its programs and its tests (in
  #  ballista/ and tests/cluster/) need Rust 1.94 or newer, and
  #  $found.
  #
  #  To get it:  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh
  #  (where rustup is installed: rustup update stable), then: make setup
  #
  #  Everything that runs in this process works without it.
  ############################################################################

END
  return 1
}

# cargo names the crates of a workspace without the clone's path, and believes a file that
# is older than the last build: of two clones one would get the other's library.
forget_other_clone() {
  if [ "$(cat "$cache/last_clone" 2>/dev/null)" != "$root" ]; then
    cargo clean --quiet --release -p springald-sys -p springald-ballista
    echo "$root" >"$cache/last_clone"
  fi
}

run() {
  # C compiled on the way is compiled anew when these change, and all that follows with it;
  # some callers (scikit-build-core) set them and others do not.
  export CC=gcc CXX=g++
  unset CFLAGS CXXFLAGS CPPFLAGS LDFLAGS AR || true
  export CARGO_BUILD_BUILD_DIR="$cache"
  export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/build/ballista/cargo}"
  mkdir -p "$cache" "$CARGO_TARGET_DIR"
  cd "$root/ballista/rust"
  exec 9>"$cache/clone.lock"
  if ! flock --nonblock 9; then
    echo "Waiting for the cargo of another clone or task" >&2
    flock 9
  fi
  forget_other_clone
  log=${SPRINGALD_CARGO_LOG:-}
  if [ -z "$log" ]; then
    cargo "$@" 9>&-
  elif ! cargo "$@" >"$log" 2>&1 9>&-; then
    tail -50 "$log" >&2
    exit 1
  fi
}

case ${1:-} in
check)
  check
  ;;
cargo)
  shift
  check
  run "$@"
  ;;
*)
  sed -n '4,5s/^# //p' "$0" >&2
  exit 2
  ;;
esac
