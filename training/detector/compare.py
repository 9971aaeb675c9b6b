#!/usr/bin/env python3
"""The same development rows through a published detector that a package carries (PyPI stackone-defender[onnx], run in its own
environment) and through ours: quality and speed side by side.

    PEER_PYTHON=/path/with/stackone-defender/bin/python training/detector/compare.py --weights FILE [--image FILE]"""
import argparse
import json
import os
import resource
import subprocess

import numpy as np

import data
import features

PEER = r"""
import json, sys, time
from stackone_defender.classifiers.tier2_classifier import Tier2Classifier
c = Tier2Classifier(); c.warmup()
out = []
for line in sys.stdin:
    text = json.loads(line)
    t = time.process_time()
    r = c.classify_by_chunks(text)
    out.append((r.get("score", 0.0) if isinstance(r, dict) else r.score, time.process_time() - t))
json.dump(out, sys.stdout)
"""


def sample(limit):
    rows = [data.prepare(r) for r in data.read("dev")]
    rows = data.split_channels(rows)[0]
    attacks = [r for r in rows if r["injection"] and r["source"] != "codeswitch"]
    honest = [r for r in rows if not r.get("labels")]
    order = lambda rs: sorted(rs, key=lambda r: data.unit("compare", r["text"]))[:limit]
    return order(attacks) + order(honest)


def line(name, score, attack, seconds, size):
    out = [name]
    for rate in (0.01, 0.05):
        cut = np.quantile(score[~attack], 1 - rate)
        out.append(f"{np.mean(score[attack] > cut):.3f}")
    order = np.argsort(score)
    rank = np.empty(len(score))
    rank[order] = np.arange(len(score))
    n = attack.sum()
    auc = (rank[attack].sum() - n * (n - 1) / 2) / (n * (len(score) - n))
    out += [f"{auc:.3f}", f"{1e6 * np.median(seconds):.0f}", f"{1e9 * seconds.sum() / size:.0f}"]
    return "| " + " | ".join(out) + " |"


def timed(rows, args):
    """(processor time of the program that serves, detections)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = features.score(rows, args.weights, args.image)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", required=True)
    parser.add_argument("--image")
    parser.add_argument("--limit", type=int, default=400)
    args = parser.parse_args()
    rows = sample(args.limit)
    attack = np.array([r["injection"] for r in rows])
    size = sum(len(r["text"].encode()) for r in rows)
    texts = "".join(json.dumps(r["text"]) + "\n" for r in rows)
    done = subprocess.run([os.environ["PEER_PYTHON"], "-c", PEER], input=texts, stdout=subprocess.PIPE, text=True, check=True,
                          env=dict(os.environ, OMP_NUM_THREADS="1"))
    peer = np.array(json.loads(done.stdout))
    start, _ = timed(rows[:1], args)
    both, mine = timed(rows, args)
    took = max(1e-6, both - start)  # without the start of the process and the reading of the image
    print(f"{attack.sum()} attacks, {(~attack).sum()} honest texts, {size} bytes; thresholds from the same honest texts\n")
    print("Times are of the processor, one thread.\n")
    print("| detector | recall at 1 % | at 5 % | AUC | µs a text | ns/B |\n|---|---|---|---|---|---|")
    print(line("stackone-defender 0.9.4", peer[:, 0], attack, peer[:, 1], size))
    print(line("postern", mine["injection"].astype(float), attack, np.full(len(rows), took / len(rows)), size))


if __name__ == "__main__":
    main()
