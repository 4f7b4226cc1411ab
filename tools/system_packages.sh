#!/bin/sh
# Sees that the Debian packages for a purpose are there: installs them when run as root,
# else prints the line that does.
#
# usage: system_packages.sh PYTHON build|test|fuzz|bench
set -eu
python=$1
purpose=$2
missing=""

need() { # package, command that succeeds when it is there
  if ! sh -c "$2" >/dev/null 2>&1; then
    missing="$missing $1"
  fi
}

if ! command -v "$python" >/dev/null; then
  missing="$missing python3 python3-venv python3-dev"
elif ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
  echo "Springald needs Python 3.11, 3.12 or 3.13, and $python is" \
    "$("$python" --version 2>&1). Name another one: make PYTHON=python3.12" >&2
  exit 1
else
  need python3-venv "$python -c 'import ensurepip, venv'"
  need python3-dev "$python -c 'import os, sysconfig as s; \
    os.stat(os.path.join(s.get_path(\"include\"), \"Python.h\"))'"
fi
need g++ "command -v g++"
case $purpose in
test)
  need libgtest-dev "test -e /usr/include/gtest/gtest.h"
  ;;
fuzz)
  need clang-16 "command -v clang++-16"
  need libclang-rt-16-dev "ls /usr/lib/llvm-16/lib/clang/16/lib/linux/libclang_rt.fuzzer-*"
  ;;
bench)
  need valgrind "command -v valgrind && test -e /usr/include/valgrind/callgrind.h"
  ;;
esac

if [ -z "$missing" ]; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing the Debian packages:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086  # a list of words
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "Packages are missing. Install them with:" >&2
  echo "  sudo apt-get install -y$missing" >&2
  exit 1
fi
