#!/usr/bin/env python3
"""How much the quality depends on chance: five models, each of another seed and another part of the training rows, through the
same signatures and the same sum. Thresholds from one half of the honest rows of dev, false alarms from the other half.

    seeds.py --keep KEEP --image FILE --out FILE.md [--seeds 5] [--share 0.6] [--epochs 3]"""
import argparse
import os
import pickle
import tempfile

import numpy as np

import data
import export
import features
import fit
import targets

LOW = (0.01, 0.001)


def auc(attack, honest):
    rank = np.argsort(np.argsort(np.concatenate([attack, honest]), kind="stable"), kind="stable")
    n = len(attack)
    return (rank[:n].sum() - n * (n - 1) / 2) / (n * len(honest))


def measure(score, attack, known, other):
    out = [auc(score[attack], score[known | other])]
    for rate in LOW:
        cut = np.quantile(score[known], 1 - rate)
        out += [(score[attack] > cut).mean(), (score[other] > cut).mean()]
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", required=True)
    parser.add_argument("--image")
    parser.add_argument("--out", required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.6)
    parser.add_argument("--epochs", type=int, default=3)
    args = parser.parse_args()
    with open(args.keep, "rb") as f:
        keep = pickle.load(f)
    rows, dev = keep["rows"], keep["dev"]
    bias, w = keep["fusion"]
    attack = np.array([r["injection"] and r["source"] != "codeswitch" for r in dev])
    honest = np.array([not r.get("labels") for r in dev])
    half = np.array([data.unit("half", r["text"]) < 0.5 for r in dev])
    stream, starts = features.ids(rows)
    y, m = targets.targets(rows)
    none = (np.zeros((1 << 4, 8), np.float32), np.zeros(8))
    found = []
    for seed in range(1, args.seeds + 1):
        rng = np.random.default_rng(100 + seed)
        chosen = np.flatnonzero(rng.random(len(rows)) < args.share)
        table, offset = fit.train(stream, starts, chosen, y, m, bits=18, epochs=args.epochs, seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "w.bin")
            export.write(path, table, offset, *none)
            inputs = features.fuse(dev, path, args.image)
        score = np.array([(x @ w).max() + bias for x in inputs])
        found.append(measure(score, attack, honest & half, honest & ~half))
        print(seed, " ".join(f"{x:.4f}" for x in found[-1]), flush=True)
    found = np.array(found)
    lines = [f"### {args.seeds} seeds", "", f"Each of another seed and another {args.share:.0%} of the training rows, {args.epochs} epochs, through the same sum. Thresholds from one half of dev's",
             "honest rows, false alarms from the other.", "",
             "| seed | AUC | recall (1 %) | false alarms | recall (0.1 %) | false alarms |", "|---|---|---|---|---|---|"]
    lines += [f"| {i + 1} | " + " | ".join(f"{x:.{4 if k in (2, 4) else 3}f}" for k, x in enumerate(row)) + " |" for i, row in enumerate(found)]
    lines += ["| mean ± deviation | " + " | ".join(f"{a:.{4 if k in (2, 4) else 3}f} ± {b:.{4 if k in (2, 4) else 3}f}" for k, (a, b) in enumerate(zip(found.mean(0), found.std(0, ddof=1)))) + " |"]
    with open(args.out, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
