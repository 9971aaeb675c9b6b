#!/bin/bash
# Runs every fuzz target of the fuzzing tree for FUZZ_SECONDS, JOBS at a time, from its corpus. What it
# finds on the way stays in $BUILD_FUZZ/found; a crash stops the target, keeps its input and fails.
# fuzz.sh [TARGET]...
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

build=${BUILD_FUZZ:-build-fuzz} seconds=${FUZZ_SECONDS:-20} jobs=${JOBS:-$(nproc)}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}

targets=("$@")
if [ "${#targets[@]}" -eq 0 ]; then
    for path in "$build"/fuzz_*; do
        if [ -x "$path" ] && [ -f "$path" ]; then
            targets+=("${path##*/fuzz_}")
        fi
    done
fi
if [ "${#targets[@]}" -eq 0 ]; then
    echo "fuzz: no targets in $build" >&2
    exit 1
fi

one() {
    local name=$1 found=$build/found/$1 log=$build/found/$1.log
    mkdir -p "$found"
    local dictionary=()
    if [ -f "fuzz/$name.dict" ]; then
        dictionary=(-dict="fuzz/$name.dict")
    fi
    if "$build/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$found/crash-$name-" "${dictionary[@]}" "$found" "fuzz/corpus/$name" >"$log" 2>&1; then
        echo "fuzz: $name: ok, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs," \
            "$(grep -oE 'cov: [0-9]+' "$log" | tail -1)"
    else
        echo "fuzz: $name: FAILED"
        tail -40 "$log"
        return 1
    fi
}

failed=0 running=0
for name in "${targets[@]}"; do
    if [ "$running" -ge "$jobs" ]; then
        wait -n || failed=$((failed + 1))
        running=$((running - 1))
    fi
    one "$name" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || failed=$((failed + 1))
    running=$((running - 1))
done
echo "fuzz: $((${#targets[@]} - failed)) targets ok, $failed failed, $seconds s each"
[ "$failed" -eq 0 ]
