#!/bin/bash
# Everything about the tree that can be checked without running it. Every part runs, each says what it
# found, and one that finds something makes the whole fail. check.sh quick leaves out clang-tidy.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

build=${BUILD:-build} asan=${BUILD_ASAN:-build-asan} jobs=${JOBS:-$(nproc)}
failed=()

part() {
    local name=$1 started=$SECONDS
    shift
    if "$@"; then
        echo "check: $name: ok, $((SECONDS - started)) s"
    else
        failed+=("$name")
        echo "check: $name: FAILED" >&2
    fi
}

sources() {
    find src bench tests -name '*.[ch]' -not -path '*/node_modules/*' 2>/dev/null | sort
}

# what runs in production: no tests, no fuzz targets, no tools
library_sources() {
    find src -name '*.c' -not -name 'test_*' -not -name 'fuzz_*' -not -path '*/tools/*' | sort
}

format() {
    sources | xargs clang-format-19 --dry-run --Werror
}

scripts() {
    find tools bench tests packaging .ci -type f -not -path '*/node_modules/*' -print0 2>/dev/null |
        xargs -0 grep -lZE '^#!/bin/(ba)?sh' | xargs -0 shellcheck
}

# clang's own view of every source needs a configured tree and the generated sources, nothing built
configured() {
    local generated
    [ -f "$asan/build.ninja" ] || tools/build.sh configure-asan
    mapfile -t generated < <(ninja -C "$asan" -t targets all | sed -n 's/^\(.*builtin_[a-z]*\.c\): CUSTOM_COMMAND$/\1/p')
    ninja -C "$asan" --quiet "${generated[@]}" >/dev/null
}

pointers() {
    local found
    # shellcheck disable=SC2046 # no file of the tree has a space in its name
    found=$(clang-query-19 -p "$asan" -f lint/pointers.query \
        $(library_sources | grep -v '^src/base/') 2>&1 | grep -E 'note: "arithmetic"|error:' | sort -u)
    if [ -n "$found" ]; then
        echo "$found"
        return 1
    fi
}

tidy() {
    local found
    # shellcheck disable=SC2046
    found=$(run-clang-tidy-19 -quiet -j "$jobs" -p "$asan" $(library_sources | sed 's/^/^.*\//; s/$/$/') 2>&1 |
        grep -E '(warning|error): ' | sort -u)
    if [ -n "$found" ]; then
        echo "$found"
        return 1
    fi
}

part "format" format
part "structure" tools/lint.py
part "scripts" scripts
part "executables" tools/binary.py "$build"
if [ -x tools/docs.py ]; then
    part "generated documentation" tools/docs.py --check
fi
part "clang's configuration" configured
part "pointer arithmetic" pointers
if [ "${1:-}" != quick ]; then
    part "clang-tidy" tidy
fi
if [ "${#failed[@]}" -gt 0 ]; then
    echo "check: FAILED: ${failed[*]}" >&2
    exit 1
fi
echo "check: all is well"
