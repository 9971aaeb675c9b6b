#!/bin/bash
# conformance.sh CEDAR_CORPUS [CASES]: the long comparison of the Cedar engine with the Rust engine, by two
# packages that carry it. They are installed into .venv and build/cedar-wasm by their own package managers.
set -euo pipefail
tool=$(realpath "$1")
cases=${2:-100000}
root=$(realpath "$(dirname "$0")/../..")
test -d "$root/.venv" || python3 -m venv "$root/.venv"
"$root/.venv/bin/python" -c 'import cedarpy' 2>/dev/null || "$root/.venv/bin/pip" -q install 'cedarpy==4.12.2'
"$root/.venv/bin/python" "$root/tests/cedar/differential.py" --tool "$tool" --cases "$cases" --seed 1000
"$root/.venv/bin/python" "$root/tests/cedar/syntax.py" --tool "$tool" --cases $((cases / 5)) --seed 1000
wasm=$root/build/cedar-wasm
mkdir -p "$wasm"
test -d "$wasm/node_modules" || npm --prefix "$wasm" install --silent '@cedar-policy/cedar-wasm@4.13.0'
CEDAR_WASM=$wasm "$root/.venv/bin/python" "$root/tests/cedar/differential.py" --tool "$tool" \
    --cases $((cases / 10)) --seed 900000 --oracle wasm
