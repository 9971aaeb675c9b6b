#!/bin/bash
# Builds the release and the sanitizer tree, prepares Python and Node.js for the tests that need
# them, and runs every suite. The last line is `N passed, N failed, N skipped`; a suite that could
# not be built, prepared or run is a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

broken=()

# A part of the preparation: whatever fails is named, and the rest still runs.
prepare() {
    local name=$1 started=$SECONDS
    shift
    if "$@"; then
        echo "test: $name: ready after $((SECONDS - started)) s"
    else
        broken+=(--broken "$name")
        echo "test: $name: FAILED" >&2
    fi
}

# Does nothing while the file that lists the packages is the one they were installed from.
python_packages() {
    local sum
    sum=$(sha256sum <tests/requirements.txt)
    if [ -f .venv/installed ] && [ "$(cat .venv/installed)" = "$sum" ]; then
        return 0
    fi
    rm -rf .venv &&
        python3 -m venv .venv &&
        .venv/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt &&
        echo "$sum" >.venv/installed
}

node_packages() {
    local sum verb=install
    sum=$(cat tests/e2e/node/package*.json | sha256sum)
    if [ -f tests/e2e/node/node_modules/installed ] &&
        [ "$(cat tests/e2e/node/node_modules/installed)" = "$sum" ]; then
        return 0
    fi
    if [ -f tests/e2e/node/package-lock.json ]; then
        verb=ci
    fi
    (cd tests/e2e/node && npm "$verb" --no-audit --no-fund --loglevel=error) &&
        cat tests/e2e/node/package*.json | sha256sum >tests/e2e/node/node_modules/installed
}

if [ -f tests/requirements.txt ]; then
    prepare "Python packages" python_packages
fi
if [ -f tests/e2e/node/package.json ]; then
    prepare "Node.js packages" node_packages
fi
prepare "release build" tools/build.sh release
prepare "sanitizer build" tools/build.sh asan

exec python3 tools/suites.py "${broken[@]}"
