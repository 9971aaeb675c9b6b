#!/usr/bin/env python3
"""Is a small convolution over tokens worth its time? Trains one on the folds that the compared linear model was trained on, and
says what it adds at fixed false-alarm rates on texts of sources that neither has seen (dev) and on the held-out fold.

    train.py … --keep KEEP; s3.py --keep KEEP [--rows 60000] [--epochs 3] [--seed 1]

Needs PyTorch (Debian's python3-torch does) besides what train.py needs; nothing of it is shipped. Tokens come from the program
that serves, as numbers of n-grams: a word, and up to six of its pieces of four letters."""
import argparse
import json
import pickle
import sys
import time

import numba
import numpy as np
import torch
from torch import nn

import data
import features
import targets

BITS, SIZE, WIDTH, PIECES, LONGEST = 16, 48, 96, 7, 320
BEGAN = time.time()


def log(text):
    print(f"{time.time() - BEGAN:6.0f}s {text}", flush=True)


@numba.njit(cache=True)
def _first_view(stream, n, table, ends):
    """Per text the tokens of its first view that is scored, one after another in `table`."""
    at, out = 0, 0
    for t in range(n):
        views = stream[at + 1]
        at += 2
        for v in range(views):
            tokens = stream[at + 2]
            at += 3
            for i in range(tokens):
                k = np.int64(stream[at])
                if v == 0 and i < LONGEST:
                    word = k >= 8
                    pieces = (k - 5 + 1) // 3 if word else 1
                    table[out, 0] = 1 + (stream[at + 1 + (k - 5 if word else 0)] >> (20 - BITS))
                    have = min(pieces, PIECES - 1)
                    for p in range(have):
                        which = p if pieces <= PIECES - 1 else p * (pieces - 1) // (PIECES - 2)
                        table[out, 1 + p] = 1 + (1 << BITS) + (stream[at + 1 + (1 + 3 * which if word else min(1, k - 1))] >> (20 - BITS))
                    out += 1
                at += 1 + k
        ends[t] = out
    return at


def tokens(rows):
    """Per text its tokens as a reader sees them, each PIECES numbers, 0 for none."""
    stream = features.run("tokens", rows)
    table = np.zeros((min(len(stream) // 2, LONGEST * len(rows)) + 1, PIECES), np.int32)
    ends = np.zeros(len(rows), np.int64)
    assert _first_view(stream, len(rows), table, ends) == len(stream)
    return np.split(table[:ends[-1]], ends[:-1])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(1 + 2 * (1 << BITS), SIZE, padding_idx=0, sparse=True)
        nn.init.normal_(self.table.weight, std=0.1)
        self.a = nn.Conv1d(SIZE, WIDTH, 3, padding=1)
        self.b = nn.Conv1d(WIDTH, WIDTH, 3, padding=2, dilation=2)
        self.c = nn.Conv1d(WIDTH, WIDTH, 3, padding=4, dilation=4)
        self.out = nn.Linear(WIDTH, targets.LANES)
        nn.init.constant_(self.out.bias, -2.0)

    def forward(self, x, drop=0.0):
        if drop:
            x = x * (torch.rand(x.shape[:2] + (1,)) > drop)
        e = self.table(x).sum(2) / ((x > 0).sum(2, keepdim=True) + 1).float().sqrt()
        h = torch.relu(self.a(e.transpose(1, 2)))
        h = h + torch.relu(self.b(h))
        h = h + torch.relu(self.c(h))
        mask = (x[:, :, 0] > 0).unsqueeze(1)
        return self.out(h.masked_fill(~mask, -1e4).amax(2).clamp(min=-1))


def batches(index, size, length, rng):
    order = index[np.argsort(length[index] + rng.random(len(index)) * 8, kind="stable")]
    parts = []
    at = 0
    while at < len(order):
        n = max(8, min(size, 12000 // max(8, int(length[order[min(at + 8, len(order) - 1)]]))))
        parts.append(order[at:at + n])
        at += n
    rng.shuffle(parts)
    return parts


def pad(table, chosen):
    width = max(8, max(len(table[i]) for i in chosen))
    x = np.zeros((len(chosen), width, PIECES), np.int64)
    for k, i in enumerate(chosen):
        x[k, :len(table[i])] = table[i]
    return torch.from_numpy(x)


def fit(net, table, y, m, index, epochs, rng):
    length = np.array([len(t) for t in table])
    sparse = torch.optim.SparseAdam([net.table.weight], lr=4e-3)
    dense = torch.optim.Adam([p for n, p in net.named_parameters() if n != "table.weight"], lr=2e-3)
    for e in range(epochs):
        total, n = 0.0, 0
        for chosen in batches(index, 128, length, rng):
            z = net(pad(table, chosen), drop=0.1)
            loss = (nn.functional.binary_cross_entropy_with_logits(z, torch.from_numpy(y[chosen]), reduction="none") * torch.from_numpy(m[chosen])).sum(1)
            honest = torch.from_numpy((y[chosen, targets.ANY] == 0).astype(np.float32) * m[chosen, targets.ANY])
            loss = loss + 0.1 * honest * torch.relu(z[:, targets.ANY] + 3.0)  # honest text should be quiet, not only below zero
            loss = loss.mean()
            sparse.zero_grad()
            dense.zero_grad()
            loss.backward()
            sparse.step()
            dense.step()
            total, n = total + float(loss), n + 1
        for o in (sparse, dense):
            for g in o.param_groups:
                g["lr"] *= 0.5
        log(f"epoch {e + 1}: loss {total / n:.4f}")


def predict(net, table):
    out = np.zeros(len(table), np.float32)
    order = np.argsort([len(t) for t in table], kind="stable")
    with torch.no_grad():
        for at in range(0, len(order), 64):
            chosen = order[at:at + 64]
            out[chosen] = net(pad(table, chosen)).numpy()[:, targets.ANY]
    return out


def at_rate(score, attack, honest, rate):
    return float((score[attack] > np.quantile(score[honest], 1 - rate)).mean())


def compare(name, linear, s3, attack, honest, weight):
    rows = {"signatures and S2": linear, "S3 alone": s3, "all three": linear + weight * s3}
    out = {}
    for way, score in rows.items():
        rank = np.argsort(np.argsort(np.concatenate([score[attack], score[honest]])))
        n = attack.sum()
        auc = (rank[:n].sum() - n * (n - 1) / 2) / (n * honest.sum())
        out[way] = {"AUC": round(float(auc), 3), "1 %": round(at_rate(score, attack, honest, 0.01), 3), "0.1 %": round(at_rate(score, attack, honest, 0.001), 3)}
        log(f"{name}: {way}: {out[way]}")
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", required=True)
    parser.add_argument("--rows", type=int, default=60000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    if "numpy._core" not in sys.modules and not hasattr(np, "_core"):  # kept by a newer numpy than Debian's
        sys.modules.update({"numpy._core": np.core, "numpy._core.multiarray": np.core.multiarray, "numpy._core.numeric": np.core.numeric})
    with open(args.keep, "rb") as f:
        keep = pickle.load(f)
    rows, dev, fold = keep["rows"], keep["dev"], np.asarray(keep["fold"])
    bias, w = keep["fusion"]
    kind = lambda r: "attack" if r["injection"] and r["source"] != "codeswitch" else "ask" if r.get("labels") else "honest"
    linear = lambda inputs: np.array([(x @ w).max() + bias for x in inputs])
    train = rng.permutation(np.flatnonzero(fold != 0))[:args.rows]
    held = np.array([i for i in np.flatnonzero(fold == 0) if not rows[i]["source"].startswith("gen-")])
    chosen = np.concatenate([train, held])
    log(f"{len(train)} rows to train, {len(held)} held out, {len(dev)} of dev")
    table = tokens([rows[i] for i in chosen])
    y, m = targets.targets([rows[i] for i in chosen])
    net = Net()
    fit(net, table, y, m, np.arange(len(train)), args.epochs, rng)
    s3 = predict(net, table[len(train):])
    kinds = np.array([kind(rows[i]) for i in held])
    attack, honest = kinds == "attack", kinds == "honest"
    known = linear([keep["inputs"][i] for i in held])
    best = max((0.0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2), key=lambda a: at_rate(known + a * s3, attack, honest, 0.01))
    log(f"weight of S3 beside the sum, chosen on the held-out fold: {best}")
    result = {"seed": args.seed, "weight": best, "held": compare("held-out fold", known, s3, attack, honest, best)}
    kinds = np.array([kind(r) for r in dev])
    attack, honest = kinds == "attack", kinds == "honest"
    result["dev"] = compare("dev", linear(keep["dev_inputs"]), predict(net, tokens(dev)), attack, honest, best)
    if args.out:
        with open(args.out, "w", encoding="utf-8") as f:
            json.dump(result, f)


if __name__ == "__main__":
    main()
