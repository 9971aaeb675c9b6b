"""Runs the scanner and compares what it found with what is there."""
import json
import re
import subprocess
from collections import Counter, defaultdict

# What no arithmetic decides: reported apart, never a false finding of the others.
SOFT = re.compile(r"PERSON|NAME|ADDRESS|LOCATION|CITY|COUNTRY|STREET|ORGANI[SZ]ATION|^ORG$|DATE|TIME|AGE$|HEALTH|DISEASE|DRUG|MEDICAL_TERM|RELIGION|NATIONALITY|POSTCODE|POSTAL|ZIP|"
                  r"^URL$|DOMAIN|USERNAME|USER_AGENT|GENDER|MARITAL|ETHNIC|POLITIC|UNION|CARD_EXPIR")
COINS = re.compile(r"(BTC|ETH|TRON|TRX|LTC|DOGE|XRP|SOL|XMR|BITCOIN|ETHEREUM|LITECOIN|MONERO|SOLANA)_?ADDRESS|MAC_ADDRESS|IP_?V?[46]?_?ADDRESS")


GENERIC = {"NUMERIC_ID", "NATIONAL_ID", "ID_NUMBER", "GENERIC_ID", "TAX_ID", "BANK_ACCOUNT", "PASSPORT_NUMBER", "DRIVING_LICENCE", "HEALTH_PLAN_ID"}  # says that it is an identifier, not which


def soft(kind):
    return bool(SOFT.search(kind)) and not COINS.search(kind) and kind not in ("DATE_OF_BIRTH", "EMAIL_ADDRESS")


def inspect(command, samples, timeout=280):
    """→ findings of each sample, in order."""
    lines = "".join(json.dumps({"id": str(i), "text": s["text"]}) + "\n" for i, s in enumerate(samples))
    run = subprocess.run(command, input=lines.encode(), capture_output=True, timeout=timeout, check=False)
    out = {}
    for line in run.stdout.decode().splitlines():
        row = json.loads(line)
        out[int(row["id"])] = row.get("findings", [])
    if len(out) != len(samples):
        raise SystemExit(f"quality: {command[0]} answered {len(out)} of {len(samples)} texts (exit {run.returncode}): {run.stderr.decode()[-400:]}")
    return [out[i] for i in range(len(samples))]


def overlap(a, b):
    """Shared part of the longer of two spans."""
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return max(0, shared) / max(a[1] - a[0], b[1] - b[0], 1)


class Score:
    def __init__(self):
        self.n = self.typed = self.untyped = self.exact = self.false = self.mistyped = 0
        self.leaked = self.characters = 0

    def recall(self, typed=True):
        return (self.typed if typed else self.untyped) / self.n if self.n else 0.0

    def precision(self, typed=True):
        hit = self.typed if typed else self.untyped
        wrong = self.false + (self.mistyped if typed else 0)
        return hit / (hit + wrong) if hit + wrong else 0.0

    def f(self, beta=2.0, typed=True):
        p, r = self.precision(typed), self.recall(typed)
        return (1 + beta * beta) * p * r / (beta * beta * p + r) if p + r else 0.0


def judge(samples, found, names):
    """names: own type → names accepted for it. → scores by several keys, and what went wrong."""
    by = defaultdict(Score)
    misses, wrong, false = defaultdict(list), Counter(), defaultdict(list)
    of = defaultdict(set)
    for mine, theirs in names.items():
        for t in theirs:
            of[t].add(mine)
    for s, findings in zip(samples, found):
        gold = s["gold"]
        keys_of = lambda kind, s=s: (("all",), ("type", kind), ("lang", s["lang"]), ("carrier", s["carrier"]), ("split", s["split"]), ("form", s["form"]), ("class", s["cls"]), (s["split"], kind), ("cls-split", s["cls"], s["split"]))
        covered = [(f["start"], f["end"]) for f in findings]
        used = set()
        for kind, a, b in gold:
            hits = [f for f in findings if overlap((f["start"], f["end"]), (a, b)) >= .5]
            right = [f for f in hits if kind in of[f["type"]]]
            exact = any((f["start"], f["end"]) == (a, b) for f in hits)
            open_ = sum(1 for i in range(a, b) if not any(x <= i < y for x, y in covered))
            for key in keys_of(kind):
                sc = by[key]
                sc.n += 1
                sc.typed += bool(right)
                sc.untyped += bool(hits)
                sc.exact += exact
                sc.leaked += open_
                sc.characters += b - a
            used.update(id(f) for f in hits)
            if not right:
                misses[kind].append((s, (a, b), [f["type"] for f in hits]))
                for f in hits:
                    wrong[kind, f["type"]] += 1
                    if f["type"] in GENERIC or soft(f["type"]):
                        continue
                    for other in of.get(f["type"], ()):
                        by["type", other].mistyped += 1
                        by[s["split"], other].mistyped += 1
                    for key in keys_of(kind):
                        if key[0] not in ("type", s["split"]):
                            by[key].mistyped += 1
        for f in findings:
            if id(f) in used or soft(f["type"]):
                continue
            if any(min(f["end"], b) > max(f["start"], a) for _, a, b in gold):
                continue  # a piece of something that is there: the leak counts it
            kinds = of.get(f["type"]) or {f["type"]}
            keys = {("all",), ("lang", s["lang"]), ("carrier", s["carrier"]), ("split", s["split"]), ("class", s["cls"]), ("cls-split", s["cls"], s["split"])} | \
                {("type", k) for k in kinds} | {(s["split"], k) for k in kinds}
            for key in keys:
                by[key].false += 1
            false[f["type"]].append((s, (f["start"], f["end"])))
    return by, misses, wrong, false
