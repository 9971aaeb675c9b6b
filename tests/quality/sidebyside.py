#!/usr/bin/env python3
"""Postern and other tools on the same texts in one run: quality and speed. sidebyside.py --python VENV/bin/python [--postern …]"""
import argparse
import json
import random
import resource
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import benign
import corpus
import repositories
import secret_texts
from scoring import Score, inspect, overlap, soft

ROOT = HERE.parent.parent
# Types of the national and global kinds that each peer says it knows, in our names: recall on what a tool claims.
KNOWN = {"presidio": "EMAIL PHONE IPV4 IPV6 MAC CREDIT_CARD IBAN BTC_ADDRESS US_SSN US_ITIN US_PASSPORT US_DRIVER_LICENSE US_BANK_ACCOUNT UK_NHS UK_NINO"}


METHOD = """Presidio 2.2.366 and LLM Guard 0.3.16 from PyPI without any model (none could be fetched; names, places and organisations, which only
a model finds, take no part for anybody). Presidio has a blank tokeniser in place of its spaCy model, threshold .4; LLM Guard's Anonymize has its
regular expressions in the same engine, threshold .5; its Secrets scanner is run as its scan() does. All are judged untyped: half of the longer
span, or the whole value covered. A quarter of the texts of personal data, one of each way of giving a secret away with all look-alikes and ten
repositories, 0.13 MB of benign traffic. Speed: processor time on the mixture of them in short texts, start-up taken off.
"""


def score(samples, found, wanted=None, ignore_soft=True):
    sc = Score()
    for s, fs in zip(samples, found):
        used = set()
        for kind, a, b in s["gold"]:
            hits = [f for f in fs if overlap((f["start"], f["end"]), (a, b)) >= .5 or (f["start"] <= a and f["end"] >= b)]
            used.update(id(f) for f in hits)
            if wanted and kind not in wanted:
                continue
            sc.n += 1
            sc.typed += bool(hits)
            sc.characters += b - a
            sc.leaked += sum(1 for i in range(a, b) if not any(f["start"] <= i < f["end"] for f in fs))
        for f in fs:
            if f["type"].startswith("IP"):
                continue  # hosts in logs are there
            if id(f) not in used and not (ignore_soft and soft(f["type"])) and not any(min(f["end"], b) > max(f["start"], a) for _, a, b in s["gold"]):
                sc.false += 1
    return sc


def timed(command, texts, again=1):
    """Processor seconds for the texts, without the start of the program; the input is ready before and the answer is thrown away."""
    one, all_ = ("".join(json.dumps({"id": "1", "text": s["text"]}) + "\n" for s in part).encode() for part in (texts[:1], texts))

    def run(data):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, input=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=900)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    start = min(run(one) for _ in range(3 if again > 1 else 1))
    return max(run(all_ * again) - start, 1e-6) / again


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--postern", default=str(ROOT / "build" / "postern"))
    a.add_argument("--python", required=True)
    a.add_argument("--markdown")
    a.add_argument("--only", default="", help="rows whose title holds this")
    o = a.parse_args()
    persons = [s for i, s in enumerate(corpus.labelled(per=1) + corpus.letters(per=3)) if i % 4 == 0]
    r = random.Random(4)
    secrets = [{"text": t, "gold": [("SECRET", *span)]} for t, span, *_ in secret_texts.positives(r, 1)]
    secrets += [{"text": t, "gold": []} for t, _ in secret_texts.negatives(r)]
    secrets += [{"text": t, "gold": [("SECRET", *g) for g in gold]} for _, _, t, gold in repositories.repositories(count=10)]
    plain = [{"text": t, "gold": []} for _, t in benign.synthetic(size=12_000)]
    mixed = (persons + secrets)[::3] + plain
    size = sum(len(s["text"].encode()) for s in mixed)
    peer = [o.python, str(HERE / "peers.py")]
    tools = [("postern inspect", [o.postern, "inspect", "--json"]), ("Presidio, default recognisers", peer + ["presidio"]), ("Presidio, every recogniser without a model", peer + ["presidio-all"]),
             ("LLM Guard, patterns of Anonymize", peer + ["llm-guard-patterns"]), ("LLM Guard, Secrets", peer + ["llm-guard-secrets"])]
    known = set(KNOWN["presidio"].split())
    out = [METHOD, "| | personal data P | R | R on the types Presidio has by default | leaked | credentials P | R | F1 | false findings per MB, benign | MB per processor second |", "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for title, command in tools:
        if o.only not in title:
            continue
        found = inspect(command, persons, timeout=900)
        p, k = score(persons, found), score(persons, found, known)
        c = score(secrets, inspect(command, secrets, timeout=900))
        f = score(plain, inspect(command, plain, timeout=900))
        seconds = timed(command, mixed, 40 if command[0] == o.postern else 1)
        only = "Secrets" in title
        cells = ["–"] * 4 if only else [f"{p.precision():.3f}", f"{p.recall():.3f}", f"{k.recall():.3f}", f"{100 * p.leaked / p.characters:.1f} %"]
        cells += [f"{c.precision():.3f}", f"{c.recall():.3f}", f"{c.f(1.0):.3f}"] if only or "postern" in title else ["–"] * 3
        cells += [f"{f.false / (sum(len(s['text'].encode()) for s in plain) / 1e6):.0f}", f"{size / 1e6 / seconds:.2f}"]
        out.append(f"| {title} | " + " | ".join(cells) + " |")
        print(out[-1], file=sys.stderr)
    text = "\n".join(out) + "\n"
    if o.markdown:
        Path(o.markdown).write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
