#!/usr/bin/env python3
"""Trains the detector and writes its weights. One command, seeded, one core, no network:

    training/detector/train.py --seed 1 --out rules/detector/weights.bin

Needs numpy and numba, the data folder (POSTERN_DETECTOR_DATA) and the built program detector-features, through which
every text goes: what is learned from is what the server sees. `--signatures FILE` adds the hits of the compiled signatures."""
import argparse
import hashlib
import os
import pickle
import re
import tempfile
import time

import numpy as np

import calibrate
import data
import export
import features
import fit
import generate
import targets

FOLDS = 3
BEGAN = time.time()


def log(text):
    print(f"{time.time() - BEGAN:6.0f}s {text}", flush=True)


def fold_of(row, seed):
    return int(data.unit("fold", seed, row["fold_group"]) * FOLDS)


# Words by which unsafe answers are told apart further; the data only says that they are unsafe.
KINDS = {2: re.compile(r"suicid|self.?harm|kill (myself|yourself)|cut (my|your)self|overdose|end (my|your) life", re.I),
         3: re.compile(r"\b(sex|porn|nude|naked|fuck|pussy|dick|hoe|slut|orgasm|erotic)", re.I),
         4: re.compile(r"\b(kill|shoot|stab|murder|beat (him|her|them|up)|weapon|bomb|gun|attack|blood|explosive)", re.I)}


def answer_targets(rows):
    y = np.zeros((len(rows), 8), np.float32)
    m = np.zeros((len(rows), 8), np.float32)
    for i, row in enumerate(rows):
        labels = {x.split(":")[1] for x in row.get("labels", []) if x.startswith("unsafe_output:")}
        y[i, 0], y[i, 1], y[i, 5] = "hate" in labels, bool(labels & {"hate", "offensive", "toxic"}), "harmful_compliance" in labels
        for head, words in KINDS.items():
            y[i, head] = bool(labels) and words.search(row["text"]) is not None
        m[i, :6] = 1.0
    return y, m


def train_answers(rows, seed):
    stream, starts = features.ids(rows)
    y, m = answer_targets(rows)
    return fit.train(stream, starts, np.arange(len(rows)), y, m, bits=15, epochs=5, seed=seed)


class Data:
    def __init__(self, seed, scale):
        rows = [data.prepare(r) for name in ("attacks", "benign") for r in data.read(name)]
        made = [data.prepare(r) for r in generate.make(seed, scale)]
        self.rows, self.answers = data.split_channels(rows + made)
        # Honest answers are part of the injection model too: it scores what a model says.
        self.rows += [dict(r, weight=0.3) for r in self.answers if not r.get("labels")][:3000]
        self.dev, self.dev_answers = data.split_channels([data.prepare(r) for r in data.read("dev")])
        log(f"{len(self.rows)} rows, {len(made)} of them generated; dev {len(self.dev)}")
        self.stream, self.starts = features.ids(self.rows)
        self.y, self.m = targets.targets(self.rows)
        self.fold = np.array([fold_of(r, seed) for r in self.rows])


def held_out(d, args, folder):
    """The inputs of the fusion for every row, from a model that has not seen its group."""
    inputs = [None] * len(d.rows)
    none = (np.zeros((1 << 4, 8), np.float32), np.zeros(8))
    for f in range(FOLDS):
        w, b = fit.train(d.stream, d.starts, np.flatnonzero(d.fold != f), d.y, d.m, bits=args.bits, epochs=args.epochs,
                         seed=args.seed)
        path = os.path.join(folder, f"fold{f}.bin")
        export.write(path, w, b, *none)
        mine = np.flatnonzero(d.fold == f)
        for i, x in zip(mine, features.fuse([d.rows[i] for i in mine], path, args.signatures)):
            inputs[i] = x
        log(f"fold {f} done")
    return inputs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--bits", type=int, default=18)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--signatures")
    parser.add_argument("--out", required=True)
    parser.add_argument("--keep", help="where to keep what report.py reads")
    args = parser.parse_args()
    d = Data(args.seed, args.scale)
    with tempfile.TemporaryDirectory() as folder:
        inputs = held_out(d, args, folder)
        w, b = fit.train(d.stream, d.starts, np.arange(len(d.rows)), d.y, d.m, bits=args.bits, epochs=args.epochs,
                         seed=args.seed, log=log)
        answers = train_answers(d.answers, args.seed)
        path = os.path.join(folder, "all.bin")
        export.write(path, w, b, *answers)
        dev_inputs = features.fuse(d.dev, path, args.signatures)
        keep = {"inputs": inputs, "dev_inputs": dev_inputs, "fold": d.fold, "rows": d.rows, "dev": d.dev}
        fusion, table = calibrate.run(keep, path, args.signatures, args.seed, log)
        keep["fusion"], keep["knots"] = fusion, table
    digest = hashlib.sha256("".join(r["text"] for r in d.rows).encode("utf-8", "replace")).hexdigest()[:16]
    note = f"seed {args.seed}; {len(d.rows)} rows, digest {digest}; 2^{args.bits} buckets, {args.epochs} epochs" + \
        ("; with signatures" if args.signatures else "; without signatures")
    export.write(args.out, w, b, *answers, fusion, table, note)
    log(f"wrote {args.out}, {os.path.getsize(args.out)} bytes")
    if args.keep:
        with open(args.keep, "wb") as f:
            pickle.dump(keep, f)


if __name__ == "__main__":
    main()
