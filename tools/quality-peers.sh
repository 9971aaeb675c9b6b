#!/bin/bash
# Makes the environment for the side-by-side measurement of other tools (no models: they cannot be fetched everywhere).
set -euo pipefail
cd "$(dirname "$0")/.." || exit 1
dir=${1:-.venv-peers}
if [ ! -f "$dir/ready" ]; then
    rm -rf "$dir"
    python3 -m venv "$dir"
    "$dir/bin/pip" install --quiet --disable-pip-version-check \
        presidio-analyzer==2.2.366 presidio-anonymizer detect-secrets==1.5.0 structlog faker
    "$dir/bin/pip" install --quiet --disable-pip-version-check --no-deps llm-guard==0.3.16
    touch "$dir/ready"
fi
echo "$dir/bin/python"
