#!/bin/bash
# Installs what Postern is measured beside, outside the tree: peers.sh [FOLDER], default ~/.cache/postern-peers.
# Prints the folder. Only package registries are asked. Bifrost, agentgateway, Busbar, TensorZero and Helicone are
# not here: their packages (npm, PyPI) are clients, namespaces or downloaders of a binary from elsewhere.
set -euo pipefail
dir=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/postern-peers}
litellm=1.108.7 portkey=1.15.2
mkdir -p "$dir"
cd "$dir"

if [ "$(cat litellm/version 2>/dev/null)" != $litellm ]; then
    rm -rf litellm
    python3 -m venv litellm
    litellm/bin/pip install --quiet --disable-pip-version-check "litellm[proxy]==$litellm" >&2
    echo $litellm >litellm/version
fi
if [ "$(cat portkey/version 2>/dev/null)" != $portkey ]; then
    rm -rf portkey
    mkdir portkey
    (cd portkey && npm install --no-audit --no-fund --loglevel=error "@portkey-ai/gateway@$portkey" >&2)
    echo $portkey >portkey/version
fi
pwd
