#!/usr/bin/env python3
"""Writes docs/signatures.md: what each English rule shows on the rows of the data folder, as they are, without views. Needs the
built program signature-hits (`ninja -C build src/rules/signature-hits`).

    training/detector/signatures.py [--out docs/signatures.md]"""
import argparse
import collections
import glob
import os
import struct
import subprocess
import sys

import data

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "../..")
HEAD = """# Injection signatures, measured

What each English rule of `rules/injection/` shows on the rows of the data folder ({attacks} texts with an injection in them, {honest} without; text as
given, no views): attacks and distinct attack families that it hits, honest texts that it hits, and the share of its hits that are attacks. The score
takes the sums per category; no rule blocks alone. Rules of the other languages have examples and counter-examples but no rates: outside English the rows
hold too few attacks to say one. Rules that hit nothing are kept where they describe a known form of attack and cost no false alarms.

`training/detector/signatures.py` writes this page.

| rule | attacks | families | honest | precision |
|---|---|---|---|---|
"""


def hits(rows):
    """For each row the ids of the rules that it shows."""
    program = os.environ.get("POSTERN_SIGNATURE_HITS", os.path.join(TOP, "build/src/rules/signature-hits"))
    texts = [r["text"].encode("utf-8", "replace")[:1 << 20] for r in rows]
    stream = b"".join(struct.pack("<I", len(t)) + t for t in texts)
    done = subprocess.run([program, *sorted(glob.glob(os.path.join(TOP, "rules/injection/*.yaml")))], input=stream,
                          stdout=subprocess.PIPE, check=True)
    lines = done.stdout.decode().split("\n")[:-1]
    if len(lines) != len(rows):
        sys.exit("signature-hits answered for some texts only")
    return [line.split() for line in lines]


def rules():
    """English rules, in the order of their files."""
    for name in sorted(glob.glob(os.path.join(TOP, "rules/injection/english-*.yaml"))):
        with open(name, encoding="utf-8") as f:
            yield from (line.split(":", 1)[1].strip() for line in f if line.startswith("- id:"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=os.path.join(TOP, "docs/signatures.md"))
    args = parser.parse_args()
    rows = [r for name in ("attacks", "benign", "dev") for r in data.read(name) if r["channel"] != "output"]
    attacks, families, honest = collections.Counter(), collections.defaultdict(set), collections.Counter()
    n = {True: 0, False: 0}
    for row, ids in zip(rows, hits(rows)):
        injection = data.is_injection(row)
        n[injection] += 1
        for rule in ids:
            if injection:
                attacks[rule] += 1
                families[rule].add(row["group"])
            else:
                honest[rule] += 1
    lines = []
    for rule in sorted(rules(), key=lambda r: -attacks[r]):
        a, h = attacks[rule], honest[rule]
        lines.append(f"| `{rule}` | {a} | {len(families[rule])} | {h} | {a / max(1, a + h):.2f} |")
    with open(args.out, "w", encoding="utf-8") as f:
        f.write(HEAD.format(attacks=f"{n[True]:,}", honest=f"{n[False]:,}") + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
