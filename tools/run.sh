#!/bin/bash
# Runs the gateway with its demo model server in the foreground. STATE and PORT choose; the
# administration listens on the port after PORT. Ctrl-C ends everything.
set -euo pipefail
cd "$(dirname "$0")/.." || exit 1

build=${BUILD:-build} state=${STATE:-state} port=${PORT:-8080}
if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || [ "$port" -gt 65534 ]; then
    echo "PORT=$port: a port between 1 and 65534 is needed; administration takes the next one" >&2
    exit 2
fi
# shellcheck disable=SC2093 # nothing follows: the supervisor takes this process's place and its Ctrl-C
exec "$build/postern" up --demo --state "$state" --port "$port" --admin-port $((port + 1)) \
    --role "$build/postern-role"
