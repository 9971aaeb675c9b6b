#!/bin/bash
# Writes docs/detection-quality.md: each row below is one section, made by the command beside it from what is built.
# A section whose command does not exist or fails keeps its last text; a failure is said at the end.
# quality.sh [peers] also measures other tools on the same texts (they are installed from PyPI).
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

build=${BUILD:-build} page=docs/detection-quality.md failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# name; program; arguments
sections=(
    "Sensitive data;tests/quality/measure.py;--postern $build/postern --markdown"
    "Sensitive data beside other tools;tests/quality/sidebyside.py;--postern $build/postern --markdown"
)

old_section() {
    [ -f "$page" ] && awk -v name="## $1" '/^## /{on = ($0 == name); next} on' "$page"
}

{
    # shellcheck disable=SC2016 # the backquotes are Markdown
    printf '# How well is it found\n\nWritten by `make quality` from labelled texts that are made from seeds, and from benign ones; no text here is anybody'\''s. '
    printf 'Whoever mended rules by it saw examples of the development half only; near misses, repositories and benign traffic have no such half.\n\nInjections: [detector-quality.md](detector-quality.md) and [detector-compared.md](detector-compared.md).\n'
    for section in "${sections[@]}"; do
        IFS=';' read -r name program arguments <<<"$section"
        [ -f "$program" ] || continue
        read -r -a options <<<"$arguments"
        new=$work/section.md
        rm -f "$new"
        if [ "$program" = tests/quality/sidebyside.py ]; then
            if [ "${1:-}" = peers ]; then
                python=$(tools/quality-peers.sh) && python3 "$program" --python "$python" "${options[@]}" "$new" >&2
            fi
        else
            python3 "$program" "${options[@]}" "$new" >&2
        fi || { failed=1 && echo "quality: $name: FAILED" >&2; }
        [ -f "$new" ] || old_section "$name" | sed '1{/^$/d}' >"$new"
        [ -s "$new" ] && printf '\n## %s\n\n%s\n' "$name" "$(cat "$new")"
    done
} >"$work/page.md"
mv "$work/page.md" "$page"

# The detector's page needs what its training kept (training/detector/train.py --keep), the data and numpy; it stays as it is without.
if [ -f "${DETECTOR_KEEP:-}" ]; then
    "${DETECTOR_PYTHON:-python3}" training/detector/report.py --keep "$DETECTOR_KEEP" --weights rules/detector/weights.bin \
        --image "$build/src/rules/inspect.img" --out docs/detector-quality.md || { failed=1 && echo "quality: the detector: FAILED" >&2; }
fi
exit "$failed"
