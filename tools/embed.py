#!/usr/bin/env python3
"""Makes a C file of texts that are built into the program: embed.py OUT HEADER SYMBOL FILE..."""
import os
import sys


def main() -> int:
    out, header, symbol, *paths = sys.argv[1:]
    lines = [f'#include "{header}"', ""]
    rows = []
    for number, path in enumerate(sorted(paths, key=os.path.basename)):
        with open(path, "rb") as f:
            data = f.read()
        data.decode("utf-8")
        lines.append(f"static const uint8_t text_{number}[] = {{")
        for at in range(0, len(data), 20):
            lines.append("    " + ",".join(str(b) for b in data[at:at + 20]) + ",")
        lines += ["};", ""]
        name = os.path.basename(path)
        rows.append(f'    {{PST_STR_INIT("builtin/{name}"), {{text_{number}, sizeof text_{number}}}}},')
    lines.append(f"const struct pst_source {symbol}[] = {{")
    lines += rows
    lines += ["};", f"const size_t {symbol}_n = {len(rows)};", ""]
    with open(out, "w", encoding="utf-8") as f:
        f.write("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
