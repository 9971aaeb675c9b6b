#!/bin/bash
# Runs every fuzz target in turn, one process, and appends what libFuzzer said to fuzz/LEDGER: one line per
# run. Every target gets FUZZ_SECONDS (20); what is left of FUZZ_BUDGET seconds (0: nothing) goes round again,
# the quicker targets longer, none less than FUZZ_SECONDS. A finding keeps its input in $BUILD_FUZZ/found, is
# a line like any other, and fails this command; the other targets still run.
#
#   fuzz_ledger.sh [TARGET]...     fuzz_ledger.sh --sum     only adds up
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

build=${BUILD_FUZZ:-build-fuzz} seconds=${FUZZ_SECONDS:-20} budget=${FUZZ_BUDGET:-0}
ledger=${FUZZ_LEDGER:-fuzz/LEDGER}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}

sum_up() {
    awk '!/^#/ && NF == 6 { runs += $4; time += $5; bad += $6; seen[$3] = 1; lines++ }
        END { for (t in seen) n++
              printf "fuzz: %d executions of %d targets in %.1f hours, %d runs, %d findings\n",
                     runs, n, time / 3600, lines, bad }' "$ledger"
}

if [ ! -f "$ledger" ]; then
    {
        echo "# Every run of a fuzz target by tools/fuzz_ledger.sh; appended to, never edited. Sanitizers on."
        echo "# when (UTC) | commit (+: sources changed since) | target | executions, as libFuzzer printed |" \
            "seconds | findings"
    } >"$ledger"
fi
if [ "${1:-}" = --sum ]; then
    sum_up
    exit 0
fi

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

# What was built, not what is checked out by the time a run ends.
commit=$(git rev-parse --short HEAD)
git diff --quiet HEAD -- src rules policies meson.build fuzz/fuzz_main.c || commit+=+
failed=0
declare -A speed

one() {
    local name=$1 time=$2 found=$build/found/$1 log=$build/found/$1.log began=$SECONDS status=0 bad=0 runs
    local dictionary=()
    mkdir -p "$found"
    if [ -f "fuzz/$name.dict" ]; then
        dictionary=(-dict="fuzz/$name.dict")
    fi
    "$build/fuzz_$name" -max_total_time="$time" -timeout=30 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$found/crash-$name-" "${dictionary[@]}" "$found" "fuzz/corpus/$name" \
        >"$log" 2>&1 || status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
    if [ "$status" -ne 0 ]; then
        bad=1 failed=$((failed + 1))
        echo "fuzz: $name: FAILED ($status), $log" >&2
        tail -30 "$log" >&2
    fi
    time=$((SECONDS - began > 0 ? SECONDS - began : 1))
    echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $commit $name ${runs:-0} $time $bad" >>"$ledger"
    echo "fuzz: $name: ${runs:-0} executions, $time s"
    speed[$name]=$((bad ? 0 : ${runs:-0} / time))
}

for name in "${targets[@]}"; do
    one "$name" "$seconds"
done

# What is left, in rounds of at most ten minutes, by the square of the speed: most executions come from the
# quick ones, and the slow ones keep their share.
while [ $((budget - SECONDS)) -ge $((seconds * ${#targets[@]})) ]; do
    left=$((budget - SECONDS)) all=0
    left=$((left > seconds * ${#targets[@]} + 600 ? seconds * ${#targets[@]} + 600 : left))
    spare=$((left - seconds * ${#targets[@]}))
    for name in "${targets[@]}"; do
        all=$((all + speed[$name] * speed[$name]))
    done
    for name in "${targets[@]}"; do
        more=$((all > 0 ? spare * speed[$name] * speed[$name] / all : 0))
        one "$name" $((seconds + more))
    done
done

sum_up
[ "$failed" -eq 0 ]
