#!/usr/bin/env python3
"""Fusion and thresholds, given a trained table: how its lanes, the signatures and the channel are weighed, and which sum means which
false-alarm rate. Honest traffic is three things: real rows scored by models that had not seen their source, the honest rows of
dev, and freshly generated text of another seed. Rows of the generator are never held out by kind: payloads are put into the same
mails and results, and a model without the honest ones learns that every mail is an attack.

    calibrate.py --keep KEEP --weights IN --out OUT [--image FILE]"""
import argparse
import hashlib
import pickle
import struct

import numpy as np

import data
import export
import features
import fuse
import generate

# Chosen on dev among a dozen such sums, by recall at 1 % and 0.1 % of its attacks and of the same in the middle of its documents.
TINY, SMALL, LARGE, KIND, SIGNATURE = 0.5, 0.4, 0.1, 0.3, 0.5
# What a channel's honest traffic is made of, as far as there are such rows: dev (no model has seen it), training rows scored by a
# model that had not seen their source, and fresh generated text, which is full of the words of attacks.
SHARES = {"dev": 0.5, "held out": 0.4, "generated": 0.1}
SIGNATURES = [0, 1, 2, 3, 4, 7, 8, 9, 10]  # not: harmful, encoded
TASK = {"document": 0.8, "tool": 0.8, "email": 1.0, "web": 0.8, "code": 0.7}


def weights():
    w = np.zeros(fuse.INPUTS)
    w[fuse.TINY + 7], w[fuse.SMALL + 7], w[fuse.LARGE + 7], w[fuse.KIND] = TINY, SMALL, LARGE, KIND
    for c in SIGNATURES:
        w[fuse.SIGNATURE + c] = SIGNATURE
    for name, t in TASK.items():
        w[fuse.SOURCE_TASK + data.CHANNELS.index(name)] = t
    return w


def traffic(row):
    """How much a row counts as everyday traffic."""
    if row.get("labels") or row.get("evasion") or row.get("quotes_attack"):
        return 0.0
    return max(0.3, min(1.5, row["weight"]))


def short(seed, n=400):
    """One line of a tool, a document, a mail: as most results are, and as hardly any row of the data is."""
    maker = generate.Maker(seed)
    kinds = {"tool": ("log", "ticket", "para", "subject", "mail"), "document": ("para", "tech", "subject"), "web": ("para", "subject", "tech"),
             "email": ("mail", "subject"), "code": ("log", "tech"), "description": ("desc",)}
    for channel, names in kinds.items():
        for _ in range(n):
            maker.add("short", generate.sentence(maker.b(maker.rng.choice(names))), [], channel=channel)
    return [data.prepare(r) for r in maker.rows]


def balance(weight, origin, channel):
    """The shares of what honest traffic is made of, channel by channel."""
    weight = weight.copy()
    for c in range(len(data.CHANNELS)):
        there = {k: weight[(channel == c) & (origin == k)].sum() for k in SHARES}
        whole = sum(SHARES[k] for k in SHARES if there[k] >= 20)
        for k in SHARES:
            mine = (channel == c) & (origin == k)
            if there[k] >= 20:
                weight[mine] *= SHARES[k] / whole / there[k] * sum(there.values())
    return weight


def run(keep, path, image, seed, log=print):
    fresh = [data.prepare(r) for r in generate.make(seed + 1000, 0.15)]
    fresh = [r for r in fresh if r["source"] != "gen-carrier"] + short(seed + 2000)
    fresh_inputs = features.fuse(fresh, path, image)
    real = [i for i, r in enumerate(keep["rows"]) if not r["source"].startswith("gen-") and r["source"] != "authored"]
    rows = [keep["rows"][i] for i in real] + keep["dev"] + fresh
    inputs = [keep["inputs"][i] for i in real] + keep["dev_inputs"] + fresh_inputs
    w = weights()
    channel = np.array([data.CHANNELS.index(r["channel"]) for r in rows])
    origin = np.array(["held out"] * len(real) + ["dev"] * len(keep["dev"]) + ["generated"] * len(fresh))
    weight = balance(np.array([traffic(r) for r in rows]), origin, channel)
    x = fuse.pick(inputs, w, 0.0)
    honest = weight > 0
    w, _ = fuse.level(w, (x @ w)[honest], x[honest], weight[honest])
    z = x @ w
    table = []
    for c, name in enumerate(data.CHANNELS):
        mine = honest & (channel == c)
        use = mine if mine.sum() >= 100 else honest
        table.append(fuse.knots(z[use], weight[use]))
        line = f"{name}: {mine.sum()} honest rows, 1 % at {table[-1][10]:.2f}, 0.1 % at {table[-1][15]:.2f}"
        for kind in SHARES:
            them = mine & (origin == kind)
            if them.sum() > 50:
                line += f"; {kind}: {(z[them] >= table[-1][10]).mean():.4f}"
        for source in ("gen-embedded", "gen-embedded-task", "gen-poison", "gen-direct", "gen-foreign"):
            them = np.array([r["source"] == source and not r.get("evasion") for r in rows]) & (channel == c)
            if them.sum() > 10:
                line += f"; {source} over 500: {(z[them] >= table[-1][10]).mean():.3f}"
        log(line)
    return (0.0, w), careful(table, [(channel[origin == "dev"] == c).sum() for c in range(len(data.CHANNELS))])


def careful(table, rows, least=100):
    """A channel that dev has hardly any rows of is no easier on its honest text than documents and pages are."""
    table = np.array(table)
    others = np.maximum(table[data.CHANNELS.index("document")], table[data.CHANNELS.index("web")])
    for c, name in enumerate(data.CHANNELS):
        if rows[c] < least and name not in ("user", "output"):
            table[c] = np.maximum(table[c], others)
    return table


def patch(path, out, fusion, knots):
    """The same tables with another fusion."""
    with open(path, "rb") as f:
        file = bytearray(f.read())
    at = export.NUMBERS + 4 * 4 * export.LANES
    fixed = np.rint(np.asarray(knots) * export.ONE).astype(np.int64)
    for row in fixed:
        for i in range(1, export.KNOTS):
            row[i] = max(row[i], row[i - 1] + 1)
    ints = np.concatenate([[np.rint(fusion[0] * export.ONE)], np.rint(np.asarray(fusion[1]) * 65536), fixed.ravel()]).astype("<i4").tobytes()
    file[at:at + len(ints)] = ints
    body = bytes(file[export.HEADER:])
    file[8:12] = struct.pack("<I", export.VERSION)
    file[16:20] = struct.pack("<I", export.crc32c(body))
    file[32:64] = hashlib.sha256(body).digest()
    with open(out, "wb") as f:
        f.write(file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--image")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    with open(args.keep, "rb") as f:
        keep = pickle.load(f)
    fusion, knots = run(keep, args.weights, args.image, args.seed)
    patch(args.weights, args.out, fusion, knots)
    keep["fusion"], keep["knots"] = fusion, knots
    with open(args.keep, "wb") as f:
        pickle.dump(keep, f)


if __name__ == "__main__":
    main()
