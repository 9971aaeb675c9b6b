#!/usr/bin/env python3
"""Writes the detector's part of docs/detector-quality.md from what train.py --keep kept and the weights it wrote.

    training/detector/report.py --keep KEEP --weights FILE [--image FILE] --out docs/detector-quality.md [--extra FILE…]"""
import argparse
import collections
import pickle
import random
import re

import numpy as np

import calibrate
import data
import evasions
import features
import fuse
import generate
import targets

CUTS = (500, 750)


def wilson(k, n):
    if n == 0:
        return "–"
    z = 1.96
    p, m = k / n, z * z / n
    half = z * np.sqrt(p * (1 - p) / n + m / (4 * n))
    return f"{p:.3f} [{max(0, (p + m / 2 - half) / (1 + m)):.3f}, {min(1, (p + m / 2 + half) / (1 + m)):.3f}]"


def auc(attack, honest):
    if len(attack) == 0 or len(honest) == 0:
        return "–"
    both = np.concatenate([attack, honest])
    order = np.argsort(both, kind="stable")
    rank = np.empty(len(both))
    rank[order] = np.arange(len(both))
    n = len(attack)
    return f"{(rank[:n].sum() - n * (n - 1) / 2) / (n * len(honest)):.3f}"


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(map(str, r)) + " |" for r in rows] + [""]


def kind(row):
    if row["injection"] and row["source"] != "codeswitch":
        return "attack"
    return "ask" if row.get("labels") else "honest"


def by(rows, score, key, least=5):
    groups = collections.defaultdict(lambda: collections.defaultdict(list))
    for row, s in zip(rows, score):
        groups[key(row)][kind(row)].append(s)
    out = []
    for name in sorted(groups, key=str):
        g = {k: np.array(v) for k, v in groups[name].items()}
        attack, honest = g.get("attack", np.array([])), g.get("honest", np.array([]))
        if len(attack) + len(honest) < least:
            continue
        cells = [name, len(attack), len(honest), auc(attack, honest)]
        for cut in CUTS:
            cells += [wilson((attack >= cut).sum(), len(attack)), wilson((honest >= cut).sum(), len(honest))]
        out.append(cells)
    return out


HEAD = ["", "attacks", "honest", "AUC", "recall at 500 (1 %)", "false alarms", "recall at 750 (0.1 %)", "false alarms"]


def length_of(row):
    n = len(row["text"])
    return next((f"{i} ≤ {e}" for i, e in enumerate((64, 128, 256, 512, 1024, 2048, 4096)) if n <= e), "7 > 4096")


def ablation(keep, dev, score):
    """Thresholds of each from honest training rows whose source the scoring model had not seen; applied to dev."""
    bias, w = keep["fusion"]
    honest_rows = [i for i, r in enumerate(keep["rows"]) if kind(r) == "honest" and not r["source"].startswith("gen-")]

    def views(inputs, f):
        return np.array([max(f(v) for v in x) for x in inputs])

    ways = {"signatures": lambda v: v[24:40].sum(), "S2, tiny windows": lambda v: v[23], "S2, small windows": lambda v: v[7], "S2, large windows": lambda v: v[15],
            "S2, the windows of the sum": lambda v: calibrate.TINY * v[23] + calibrate.SMALL * v[7] + calibrate.LARGE * v[15],
            "the same, and signatures": lambda v: calibrate.TINY * v[23] + calibrate.SMALL * v[7] + calibrate.LARGE * v[15] + calibrate.SIGNATURE * v[24:40].sum(), "fusion, before calibration": lambda v: v @ w + bias}
    attack = np.array([kind(r) == "attack" for r in dev])
    honest = np.array([kind(r) == "honest" for r in dev])
    out = []
    for name, f in ways.items():
        known = views([keep["inputs"][i] for i in honest_rows], f)
        new = views(keep["dev_inputs"], f)
        cells = [name, auc(new[attack], new[honest])]
        for q in (0.99, 0.999):
            cut = np.quantile(known, q)
            cells += [f"{(new[attack] > cut).mean():.3f}", f"{(new[honest] > cut).mean():.4f}"]
        out.append(cells)
    cells = ["calibrated score", auc(score[attack], score[honest])]
    for cut in CUTS:
        cells += [f"{(score[attack] >= cut).mean():.3f}", f"{(score[honest] >= cut).mean():.4f}"]
    return out + [cells]


def disguised(name, text, rng):
    """One line: some disguises are for words between spaces only."""
    return evasions.apply(name, " ".join(text.split()), rng) or text


def evasion(dev, weights, image, limit=120):
    rng = random.Random(5)
    pick = lambda k: rng.sample([r for r in dev if kind(r) == k and 20 < len(r["text"]) < 800 and "encoded" not in r.get("labels", [])], limit)
    attack, honest = pick("attack"), pick("honest")
    base = [features.score(rows, weights, image)["injection"] >= 500 for rows in (attack, honest)]
    groups = collections.defaultdict(lambda: [[], []])
    for split in ("dev", "held-out", "train"):
        for name in evasions.names(split):
            e = evasions.ALL[name]
            for side, rows in enumerate((attack, honest)):
                changed = [dict(r, text=disguised(name, r["text"], rng)) for r in rows[:20]]
                hit = features.score(changed, weights, image)["injection"] >= 500
                groups[(split, "decodable" if e.decodable else "not decodable", e.group)][side].append(
                    hit.mean() - base[side][:20].mean())
    out = []
    for key in sorted(groups):
        a, h = groups[key]
        out.append([*key, len(a), f"{np.mean(a):+.3f}", f"{np.mean(h):+.3f}"])
    total = []
    for split in ("train", "dev", "held-out"):
        for dec in ("decodable", "not decodable"):
            a = [x for k, g in groups.items() if k[:2] == (split, dec) for x in g[0]]
            h = [x for k, g in groups.items() if k[:2] == (split, dec) for x in g[1]]
            if a:
                total.append([split, dec, len(a), f"{np.mean(a):+.3f}", f"{np.mean(h):+.3f}"])
    return total, out


def diluted(dev, weights, image, limit=300):
    """Short English attacks of dev in the middle of its long honest texts, scored as their channel."""
    rng = random.Random(3)
    attack = [r for r in dev if kind(r) == "attack" and r["lang"] == "en" and 30 < len(r["text"]) < 300]
    prose = [r for r in dev if kind(r) == "honest" and 1000 < len(r["text"]) < 4000]
    rng.shuffle(attack)
    rows = []
    for r in attack[:limit]:
        host = rng.choice(prose)
        slots = [m.end() for m in re.finditer(r"\n+|[.!?] ", host["text"])] or [len(host["text"])]
        at = rng.choice(slots)
        rows.append(dict(r, text=host["text"][:at].rstrip() + rng.choice(["\n", " ", "\n\n"]) + r["text"] + "\n" + host["text"][at:], channel=host["channel"]))
    score = lambda rs: features.score(rs, weights, image)["injection"]
    inside, alone, without = score(rows), score(attack[:limit]), score(prose)
    return table(["", "texts", "over 500", "over 750"], [
        ["short attacks alone", len(alone), *(wilson((alone >= c).sum(), len(alone)) for c in CUTS)],
        ["the same within 1 to 4 KB of honest text", len(inside), *(wilson((inside >= c).sum(), len(inside)) for c in CUTS)],
        ["the honest texts without", len(without), *(wilson((without >= c).sum(), len(without)) for c in CUTS)]])


def calibration(keep, dev, score):
    """What the scores stand for, and what came: dev as shipped, training rows by models that had not seen their source."""
    bias, w = keep["fusion"]
    rows = keep["rows"]
    out = []
    real = [i for i, r in enumerate(rows) if kind(r) == "honest" and not r["source"].startswith("gen-") and r["source"] != "authored" and not r.get("quotes_attack")]
    held = np.array([(keep["inputs"][i] @ w).max() + bias for i in real])
    channel = np.array([data.CHANNELS.index(rows[i]["channel"]) for i in real])
    for knot, cut, nominal in ((5, 250, 0.1), (10, 500, 0.01), (15, 750, 0.001)):
        over = held >= np.asarray(keep["knots"])[channel, knot]
        honest = np.array([kind(r) == "honest" for r in dev])
        by_source = {}
        for i, o in zip(real, over):
            by_source.setdefault(rows[i]["source"], []).append(o)
        shares = np.array([np.mean(v) for v in by_source.values() if len(v) >= 50])
        out.append([f"{cut} ({nominal:.1%})", wilson((score[honest] >= cut).sum(), honest.sum()), wilson(over.sum(), len(over)),
                    f"{np.median(shares):.4f}", f"{np.mean(np.abs(shares - nominal)):.4f}", f"{shares.max():.4f}"])
    return table(["score (nominal)", "dev", "held-out training rows", "median source", "mean difference of a source", "worst source"], out)


def traps(keep, dev, score, weights, image):
    rows = keep["rows"]
    texts = {r["text"] for r in rows}
    honest = np.array([kind(r) == "honest" for r in dev])
    asks = np.array([kind(r) == "ask" for r in dev])
    long = np.array([len(r["text"]) > 400 for r in dev])
    foreign = np.array([r["lang"] not in ("en",) for r in dev])
    roles = np.array([r["source"] in ("role-prompts", "role-prompts-zh", "fabric-patterns") for r in dev])
    bias, w = keep["fusion"]
    trigger = [i for i, r in enumerate(rows) if r["source"] in ("gen-trigger", "gen-foreign-trigger") and not r.get("evasion")]
    knots = np.asarray(keep["knots"])
    x = fuse.pick([keep["inputs"][i] for i in trigger], w, bias) @ w + bias if trigger else np.zeros(0)
    maker = generate.Maker(4242)  # the templates were trained with, these words in this order were not
    fresh = [data.prepare({"text": maker.b("trigger"), "labels": [], "source": "gen-trigger", "lang": "en", "channel": "user", "group": "g"}) for _ in range(1000)]
    seen = features.score(fresh, weights, image)["injection"]
    rate = lambda m: wilson((score[m] >= 500).sum(), m.sum())
    return table(["trap", "measured at 500 (nominal 1 %)", "value"], [
        ["length", "false alarms on honest dev texts over 400 characters / up to 400", rate(honest & long) + " / " + rate(honest & ~long)],
        ["language", "false alarms on honest dev texts not in English / in English", rate(honest & foreign) + " / " + rate(honest & ~foreign)],
        ["contamination", "dev texts that are also in training; generated texts too near to evaluation texts are dropped before training", sum(r["text"] in texts for r in dev)],
        ["label", "harmful asks (dev), which are no injections, over the threshold", rate(asks)],
        ["calibration", "real false-alarm rate on honest dev texts at nominal 1 %", rate(honest)],
        ["lexicon", "attack words in honest use: templates not seen by the model / seen templates, new texts / role and system prompts of dev",
         wilson((x >= knots[0][10]).sum(), len(x)) + " / " + wilson((seen >= 500).sum(), len(seen)) + " / " + rate(honest & roles)],
    ])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--image")
    parser.add_argument("--out", required=True)
    parser.add_argument("--extra", action="append", default=[])
    args = parser.parse_args()
    with open(args.keep, "rb") as f:
        keep = pickle.load(f)
    dev = keep["dev"]
    score = features.score(dev, args.weights, args.image)["injection"].astype(int)
    lines = ["<!-- detector: begin; written by training/detector/report.py -->", "## The detector of injections", "",
             "Score 500 stands for one false alarm in a hundred honest texts of a channel, 750 for one in a thousand, 250 for each",
             "tenth part. Thresholds are of honest text only: half dev, which no model was trained on, four tenths training rows scored by models",
             "that had not seen their source, one tenth fresh generated text full of the words of attacks. Attacks of dev set no threshold.",
             "Intervals are Wilson's, 95 %. `codeswitch` rows of dev count as harmful asks: their label came from a cue.", ""]
    lines += ["### All of dev, by source", ""] + table(HEAD, by(dev, score, lambda r: r["source"]))
    lines += ["### By channel", ""] + table(HEAD, by(dev, score, lambda r: r["channel"]))
    lines += ["### By language", ""] + table(HEAD, by(dev, score, lambda r: r["lang"]))
    lines += ["### By length (characters)", ""] + table(HEAD, by(dev, score, length_of))
    lines += ["### What each part adds", "", "Thresholds at 1 % and 0.1 % of honest training rows of unseen sources, applied to dev.", ""]
    lines += table(["", "AUC", "recall (1 %)", "false alarms", "recall (0.1 %)", "false alarms"], ablation(keep, dev, score))
    lines += ["### What a score means, and what came", ""] + calibration(keep, dev, score)
    lines += ["### One order in much honest text", ""] + diluted(dev, args.weights, args.image)
    lines += ["### The six traps", ""] + traps(keep, dev, score, args.weights, args.image)
    total, groups = evasion(dev, args.weights, args.image)
    lines += ["### Disguises", "", "Change of the share over 500 against the clean text, on 20 attacks and 20 honest texts of dev for each disguise.",
              "`train`: families the model was trained with; the others it has never seen.", ""]
    lines += table(["families", "", "disguises", "recall", "false alarms"], total)
    lines += table(["families", "", "class", "disguises", "recall", "false alarms"], groups)
    for name in args.extra:
        with open(name, encoding="utf-8") as f:
            lines += [f.read().rstrip(), ""]
    lines += ["<!-- detector: end -->"]
    new = "\n".join(lines)
    try:
        with open(args.out, encoding="utf-8") as f:
            old = f.read()
    except FileNotFoundError:
        old = "# Quality of detection\n"
    begin, end = old.find("<!-- detector: begin"), old.find("<!-- detector: end -->")
    if begin >= 0 and end > begin:
        text = old[:begin] + new + old[end + len("<!-- detector: end -->"):]
    else:
        text = old.rstrip() + "\n\n" + new + "\n"
    with open(args.out, "w", encoding="utf-8") as f:
        f.write(text)


if __name__ == "__main__":
    main()
