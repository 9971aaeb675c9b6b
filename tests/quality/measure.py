#!/usr/bin/env python3
"""Measures how well `postern inspect` finds sensitive data, on texts made here from seeds and on benign traffic.

measure.py [--postern build/postern] [--markdown FILE] [--report FILE] [--json FILE] [--quick]
Everything is deterministic but the real files, which depend on the machine.
"""
import argparse
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import benign
import corpus
import names
import repositories
import secret_texts
from scoring import Score, inspect, judge, overlap, soft

ROOT = HERE.parent.parent
PII_IN_CODE = re.compile(r"EMAIL|PHONE|IP|MAC|URL|UUID|DATE|PERSON|DOMAIN|_ID$|CARD|IBAN")
THERE = re.compile(r"EMAIL|^URL$|DOMAIN|^IP|IPV|PHONE")  # what real files do hold: maintainers' addresses and hosts


def rules_of(binary):
    """→ types and their groups, as the scanner lists them; empty where it has no such list."""
    run = subprocess.run([binary, "rules", "list", "--json"], capture_output=True, text=True, check=False)
    out = {}
    for line in run.stdout.splitlines():
        try:
            row = json.loads(line)
            out[row["type"]] = row.get("group", "")
        except (ValueError, KeyError, TypeError):
            pass
    if out:
        return out
    run = subprocess.run([binary, "rules", "list"], capture_output=True, text=True, check=False)
    for line in run.stdout.splitlines():
        m = re.search(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)\b", line)
        g = re.search(r"\b(contact|network|person|payment|account|tax_id|national_id|health|vehicle|device|crypto|location|online|security|credential)\b", line)
        if m:
            out[m[1]] = g[1] if g else ""
    return out


def pii(command, types, quick):
    samples = corpus.labelled(per=1 if quick else 2) + corpus.letters(per=2 if quick else 6) + corpus.tables(rows=4 if quick else 12)
    near = corpus.near_misses(per=2 if quick else 6)
    if quick:
        samples = [s for i, s in enumerate(samples) if i % 3 == 0]
    found = inspect(command, samples + near)
    seen = set(types) | {f["type"] for fs in found for f in fs}
    table = names.match([t[0] for t in corpus.TYPES], seen)
    by, misses, wrong, false = judge(samples, found[:len(samples)], table)
    near_false = Counter()
    near_examples = defaultdict(list)
    for s, fs in zip(near, found[len(samples):]):
        for f in fs:
            if not soft(f["type"]):
                near_false[f["type"]] += 1
                near_examples[f["type"]].append((s, (f["start"], f["end"])))
    return {"by": by, "misses": misses, "wrong": wrong, "false": false, "near": near_false, "near_examples": near_examples, "near_n": len(near), "seen": {k for k in seen if types.get(k) != "credential"}, "names": table,
            "samples": samples}


def is_credential(kind, types):
    group = types.get(kind)
    return group == "credential" if group else not PII_IN_CODE.search(kind) and not soft(kind)


def credentials(command, types, quick):
    r = random.Random(4)
    rows = [{"text": t, "gold": [("SECRET", *span)], "kind": kind, "split": split, "way": way} for t, span, kind, split, way in secret_texts.positives(r, 1 if quick else 3)]
    rows += [{"text": t, "gold": [], "kind": "negative: " + kind, "split": "held"} for t, kind in secret_texts.negatives(r)]
    repos = [{"text": t, "gold": [("SECRET", *g) for g in gold], "kind": name, "repo": repo, "split": "held"} for repo, name, t, gold in repositories.repositories(count=8 if quick else 20)]
    found = inspect(command, rows + repos)
    by = defaultdict(Score)
    misses, false = defaultdict(list), []
    for s, fs in zip(rows + repos, found):
        fs = [f for f in fs if is_credential(f["type"], types)]
        keys = [("repo", s["repo"]), ("repos",)] if "repo" in s else [("lines",), ("lines", s["split"]), ("family", s["kind"].split()[0]), ("kind", s["kind"]), ("way", s.get("way", "no secret"))]
        used = set()
        for _, a, b in s["gold"]:
            # A finding may hold the name or the user beside the secret: what counts is that the secret is covered.
            hits = [f for f in fs if overlap((f["start"], f["end"]), (a, b)) >= .5 or (f["start"] <= a and f["end"] >= b)]
            open_ = sum(1 for i in range(a, b) if not any(f["start"] <= i < f["end"] for f in fs))
            for key in keys:
                by[key].n += 1
                by[key].typed += bool(hits)
                by[key].exact += any((f["start"], f["end"]) == (a, b) for f in hits)
                by[key].leaked += open_
                by[key].characters += b - a
            used.update(id(f) for f in hits)
            if not hits:
                misses[s["kind"]].append((s, (a, b)))
        for f in fs:
            if id(f) not in used and not any(min(f["end"], b) > max(f["start"], a) for _, a, b in s["gold"]):
                for key in keys:
                    by[key].false += 1
                false.append((s, f))
    return {"by": by, "misses": misses, "false": false}


def traffic(command, quick):
    chunks = []
    for kind, text in benign.synthetic(size=60_000 if quick else 120_000):
        lines = text.split("\n")
        step = 200
        chunks += [{"kind": kind, "real": False, "text": "\n".join(lines[i:i + step]), "name": kind} for i in range(0, len(lines), step)]
    if not quick:
        chunks += [{"kind": k, "real": True, "text": t, "name": n} for k, n, t in benign.real(ROOT)]
    found = inspect(command, chunks)
    size, count, types, examples = Counter(), Counter(), Counter(), defaultdict(list)
    for c, fs in zip(chunks, found):
        key = c["real"], c["kind"]
        size[key] += len(c["text"].encode())
        for f in fs:
            if soft(f["type"]) or ((c["real"] or f["type"].startswith("IP")) and THERE.search(f["type"])):
                continue
            count[key] += 1
            types[key, f["type"]] += 1
            if len(examples[f["type"]]) < 40:
                examples[f["type"]].append((c, (f["start"], f["end"]), f.get("why")))
    return {"size": size, "count": count, "types": types, "examples": examples}


def pct(x):
    return f"{x:.3f}".lstrip("0") if x < 1 else "1.000"


def f1(sc):
    return sc.f(1.0)


def macro(by):
    """Mean over repositories that hold a secret or had a finding; a clean repository left alone counts 1."""
    scores = [f1(s) if s.n or s.false else 1.0 for (k, *_), s in ((key, v) for key, v in by.items() if key[0] == "repo")]
    return sum(scores) / len(scores) if scores else 0.0


def markdown(p, c, t, seconds):
    by = p["by"]
    out = []

    def row(title, sc):
        return f"| {title} | {sc.n} | {pct(sc.precision())} | {pct(sc.recall())} | {pct(sc.f())} | {pct(sc.precision(False))} | {pct(sc.recall(False))} | {pct(sc.exact / sc.n if sc.n else 0)} | {100 * sc.leaked / max(sc.characters, 1):.1f} % |"
    head = "| | n | P | R | F2 | P untyped | R untyped | exact span | characters leaked |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    out.append("### Personal data\n\nTyped: the finding has the right type and shares half of the longer span. Untyped: any finding there. `alone`: told without a label; "
               "`check`: has arithmetic or a grammar but needs a label; `ctx`: nothing but the label tells it.\n")
    out.append(head)
    out.append(row("**all**", by["all",]))
    for cls in ("alone", "check", "ctx"):
        for split in ("dev", "held"):
            out.append(row(f"{cls}, {'held-out' if split == 'held' else 'development'} sentences", by["cls-split", cls, split]))
    for title, key in (("Carrier", "carrier"), ("Language", "lang")):
        out.append(f"\n{title}:\n\n{head}")
        for k in sorted((k for k in by if k[0] == key), key=lambda k: k[1]):
            out.append(row(k[1], by[k]))
    out.append(f"\nDigits of other scripts: R {pct(by['form', 'other-digits'].recall())} of {by['form', 'other-digits'].n}; spaces that do not break or are thin: "
               f"R {pct(by['form', 'other-spaces'].recall())} of {by['form', 'other-spaces'].n}.")
    out.append(f"\nNear misses (right shape, wrong check digit, in a sentence about orders and builds): {sum(p['near'].values())} findings in {p['near_n']} texts"
               + (": " + ", ".join(f"{k} {n}" for k, n in p["near"].most_common(8)) if p["near"] else "") + ".")
    out.append(f"\nBy type:\n\n{head}")
    for k in sorted((k for k in by if k[0] == "type" and by[k].n), key=lambda k: k[1]):
        out.append(row(k[1], by[k]))
    b = c["by"]
    out.append("\n### Credentials\n\n| | n | P | R | F1 | characters leaked |\n|---|--:|--:|--:|--:|--:|")

    def crow(title, sc):
        return f"| {title} | {sc.n} | {pct(sc.precision())} | {pct(sc.recall())} | {pct(f1(sc))} | {100 * sc.leaked / max(sc.characters, 1):.1f} % |"
    out.append(crow("single lines", b["lines",]))
    out.append(crow("… development", b["lines", "dev"]))
    out.append(crow("… held out, and all negatives", b["lines", "held"]))
    for fam in ("vendor", "named", "generic", "private"):
        out.append(crow(f"… {fam}", b["family", fam]))
    out.append(crow("repositories, micro", b["repos",]))
    out.append(f"| repositories, macro | {sum(1 for k in b if k[0] == 'repo')} | | | {pct(macro(b))} | |")
    out.append("\n### False findings in benign traffic\n\nReal files hold real e-mail addresses, hosts and phone numbers of maintainers: those types are left out there.\n\n"
               "| traffic | MB | findings | per MB | most of them |\n|---|--:|--:|--:|---|")
    for key in sorted(t["size"]):
        mb = t["size"][key] / 1e6
        most = Counter({k[1]: n for k, n in t["types"].items() if k[0] == key}).most_common(4)
        out.append(f"| {'real: ' if key[0] else ''}{key[1]} | {mb:.2f} | {t['count'][key]} | {t['count'][key] / mb:.1f} | {', '.join(f'{k} {n}' for k, n in most)} |")
    for real, title in ((False, "**all made here**"), (True, "**all real**")):
        mb = sum(v for k, v in t["size"].items() if k[0] == real) / 1e6
        n = sum(v for k, v in t["count"].items() if k[0] == real)
        if mb:
            out.append(f"| {title} | {mb:.2f} | {n} | {n / mb:.1f} | |")
    return "\n".join(out) + "\n"


def show(s, span, width=70):
    a, b = span
    return repr(s["text"][max(0, a - width // 2):a] + "[[" + s["text"][a:b][:90] + "]]" + s["text"][b:b + width // 2])


def report(p, c, t, revision):
    by = p["by"]
    out = [f"Sensitive-data quality of {revision}. Examples are of the development half only; numbers of both.", ""]
    out.append(f"ALL  typed P {pct(by['all',].precision())} R {pct(by['all',].recall())}   untyped P {pct(by['all',].precision(False))} R {pct(by['all',].recall(False))}   leaked {100 * by['all',].leaked / max(by['all',].characters, 1):.1f} %")
    for cls in ("alone", "check", "ctx"):
        sc = by["cls-split", cls, "held"]
        out.append(f"  {cls}, held out: P {pct(sc.precision())} R {pct(sc.recall())}")
    listed = {t for ts in p["names"].values() for t in ts}
    unknown = [m for m, ts in p["names"].items() if not ts & p["seen"]]
    out += ["", f"TYPES OF MINE THAT THE TOOL HAS NO NAME FOR ({len(unknown)}): " + " ".join(unknown)]
    out += ["TYPES OF THE TOOL NOT IN MY DATA: " + " ".join(sorted(p["seen"] - listed))]
    out += ["", "== MISSED OR MISTYPED, worst first (missed of n; what came instead) =="]
    rows = sorted(((by["type", k].n - by["type", k].typed, k) for k in p["misses"]), reverse=True)
    for n, k in rows[:120]:
        sc = by["type", k]
        instead = Counter({w: m for (g, w), m in p["wrong"].items() if g == k}).most_common(3)
        where = Counter(s["carrier"] + ("/" + s["form"] if s["form"] == "other-digits" else "") for s, _, _ in p["misses"][k]).most_common(4)
        langs = Counter(s["lang"] for s, _, _ in p["misses"][k] if s["carrier"] in ("prose", "bare", "letter")).most_common(4)
        out.append(f"{k} ({by['type', k].n and [t[5] for t in corpus.TYPES if t[0] == k][0]}): {n} of {sc.n}; P {pct(sc.precision())}; instead {instead}; carriers {where}; languages {langs}")
        for s, span, got in [m for m in p["misses"][k] if m[0]["split"] == "dev"][:3]:
            out.append(f"      {s['lang']}/{s['carrier']} {show(s, span)} -> {got or 'nothing'}")
    out += ["", "== FALSE FINDINGS IN TEXTS OF PERSONAL DATA =="]
    for k, xs in sorted(p["false"].items(), key=lambda kv: -len(kv[1]))[:40]:
        out.append(f"{k}: {len(xs)}")
        out += [f"      {show(s, span)}" for s, span in xs[:3]]
    out += ["", f"== NEAR MISSES found although their check digit is wrong and no word speaks for them ({sum(p['near'].values())} in {p['near_n']}) =="]
    for k, n in p["near"].most_common(40):
        out.append(f"{k}: {n}")
        out += [f"      {show(s, span)} (made from {s['type']})" for s, span in p["near_examples"][k][:3]]
    b = c["by"]
    out += ["", f"== CREDENTIALS: lines P {pct(b['lines',].precision())} R {pct(b['lines',].recall())} F1 {pct(f1(b['lines',]))}; held out F1 {pct(f1(b['lines', 'held']))}; "
                f"repositories micro P {pct(b['repos',].precision())} R {pct(b['repos',].recall())} F1 {pct(f1(b['repos',]))}, macro F1 {pct(macro(b))} =="]
    out.append("by way of giving it, worst first: " + "; ".join(f"{k[1]!r} {b[k].typed}/{b[k].n}" for k in sorted((k for k in b if k[0] == "way" and b[k].n), key=lambda k: b[k].recall())[:24]))
    for kind, xs in sorted(c["misses"].items(), key=lambda kv: -len(kv[1])):
        n = b["kind", kind].n
        dev = [x for x in xs if x[0]["split"] == "dev" or "repo" in x[0]]
        out.append(f"missed {len(xs)} of {n or '?'}: {kind if dev else kind.split(':')[0]}")
        out += [f"      {show(s, span)}" for s, span in dev[:2]]
    out += ["", f"-- false credentials ({len(c['false'])}) --"]
    kinds = defaultdict(list)
    for s, f in c["false"]:
        kinds[f["type"]].append((s, f))
    for k, xs in sorted(kinds.items(), key=lambda kv: -len(kv[1])):
        out.append(f"{k}: {len(xs)}")
        out += [f"      {s['kind']}: {show(s, (f['start'], f['end']))}" for s, f in xs[:5]]
    out += ["", "== BENIGN TRAFFIC, false findings per MB =="]
    for key in sorted(t["size"], key=lambda k: -t["count"][k] / t["size"][k]):
        most = Counter({k[1]: n for k, n in t["types"].items() if k[0] == key}).most_common(8)
        out.append(f"{'real ' if key[0] else ''}{key[1]}: {t['count'][key] / (t['size'][key] / 1e6):.1f} per MB; {most}")
    for k, xs in sorted(t["examples"].items(), key=lambda kv: -sum(n for (key, kk), n in t["types"].items() if kk == kv[0])):
        out.append(f"{k}: {sum(n for (key, kk), n in t['types'].items() if kk == k)}")
        for c_, span, why in xs[:3] if len(xs) < 12 else xs[::max(1, len(xs) // 4)][:4]:
            out.append(f"      {c_['kind']} ({c_['name']}): {show(c_, span)}  why: {why}")
    return "\n".join(out) + "\n"


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--postern", default=str(ROOT / "build" / "postern"))
    a.add_argument("--markdown")
    a.add_argument("--report")
    a.add_argument("--json")
    a.add_argument("--quick", action="store_true")
    a.add_argument("--revision", default="this tree")
    o = a.parse_args()
    started = time.monotonic()
    command = [o.postern, "inspect", "--json"]
    types = rules_of(o.postern)
    p, c, t = pii(command, types, o.quick), credentials(command, types, o.quick), traffic(command, o.quick)
    seconds = time.monotonic() - started
    text = markdown(p, c, t, seconds)
    if o.markdown:
        Path(o.markdown).write_text(text)
    else:
        print(text)
    if o.report:
        Path(o.report).parent.mkdir(parents=True, exist_ok=True)
        Path(o.report).write_text(report(p, c, t, o.revision))
    print(f"quality: {seconds:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
