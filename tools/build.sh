#!/bin/bash
# Configures once and builds: build.sh release|asan|fuzz|configure-asan
# The folders are $BUILD, $BUILD_ASAN and $BUILD_FUZZ; JOBS bounds the compilers.
set -euo pipefail
cd "$(dirname "$0")/.." || exit 1

sanitizers=("-Db_sanitize=address,undefined" -Db_lundef=false)
case "${1:-}" in
release)
    dir=${BUILD:-build} compiler=gcc options=()
    ;;
asan | configure-asan)
    dir=${BUILD_ASAN:-build-asan} compiler=clang-19
    options=("${sanitizers[@]}")
    ;;
fuzz)
    dir=${BUILD_FUZZ:-build-fuzz} compiler=clang-19
    options=("${sanitizers[@]}" -Dfuzz=true)
    ;;
*)
    echo "usage: tools/build.sh release|asan|fuzz|configure-asan" >&2
    exit 2
    ;;
esac

if [ ! -f "$dir/build.ninja" ]; then
    CC=$compiler meson setup "$dir" --werror "${options[@]}" >"$dir.log" 2>&1 || {
        cat "$dir.log" >&2
        exit 1
    }
    rm -f "$dir.log"
fi
if [ "$1" = configure-asan ]; then # for tools that only need the compile commands
    exit 0
fi
ninja -C "$dir" -j "${JOBS:-$(nproc)}" --quiet
