#!/usr/bin/env python3
"""The arithmetic checks beside python-stdnum (Debian's python3-stdnum), on random values of the right
shape, on valid ones and on valid ones with one fault. Nothing of it is in the product: it is the other
opinion. Usage: compare.py VERDICTS [VALUES_PER_CHECK] [CHECK...]. 77: python-stdnum is not installed."""
import importlib
import random
import re
import subprocess
import sys

from table import TABLE

DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLASSES = {"9": DIGITS, "A": LETTERS, "X": DIGITS + LETTERS, "H": DIGITS + "ABCDEF"}


def date(kind: str) -> str:
    year, month, day = random.randint(1905, 2023), random.randint(1, 12), random.randint(1, 28)
    if random.random() < .06:
        month, day = random.randint(0, 14), random.randint(0, 33)
    full = kind.endswith("8")
    y, m, d = (f"{year:04}" if full else f"{year % 100:02}"), f"{month:02}", f"{day:02}"
    return "".join({"y": y, "m": m, "d": d}[c] for c in kind[:3])


def value(shape: str) -> str:
    """One value of a shape: classes, <a|b> choices, <ymd6> dates, small letters for themselves."""
    out = []
    for token in re.findall(r"<[^>]*>|.", shape):
        if token[0] == "<":
            inner = token[1:-1]
            out.append(date(inner) if inner in ("ymd6", "dmy6", "ymd8", "dmy8", "mdy6") else random.choice(inner.split("|")))
        elif token in CLASSES:
            out.append(random.choice(CLASSES[token]))
        else:
            out.append(token.upper())
    return "".join(out)


def mutate(text: str) -> str:
    at, kind = random.randrange(len(text)), random.random()
    if kind < .7:
        pool = DIGITS if text[at] in DIGITS else LETTERS
        return text[:at] + random.choice(pool) + text[at + 1:]
    if kind < .85 and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2:]
    return text[:at] + text[at + 1:] if kind < .93 else text[:at] + random.choice(DIGITS) + text[at:]


def verdicts(program: str, name: str, values: list[str]) -> str:
    lines = "".join(f"{name} {v}\n" for v in values)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\n")


def sample(program: str, name: str, shapes: list[str], fix: int, count: int) -> list[str]:
    values = [value(random.choice(shapes)) for _ in range(count)]
    if fix:  # all endings of `fix` digits of a few, so that valid ones are among them
        more = [v[:-fix] + f"{n:0{fix}}" for v in values[:max(20, count // 10 ** fix)] for n in range(10 ** fix)]
    else:
        more = [value(random.choice(shapes)) for _ in range(count * 3)]
    valid = [v for v, verdict in zip(more, verdicts(program, name, more)) if verdict != "N"][:count // 3]
    values = values[:count // 3] + valid
    while valid and len(values) < count:
        values.append(mutate(random.choice(valid)))
    return [v for v in values if len(set(v)) > 2]


def oracle(module: str, options: dict, components: bool):
    """Their opinion: True, False, or None where their lists (of districts, branches, …) are what refuses."""
    spec, _, function = module.partition(":")
    validate = getattr(importlib.import_module("stdnum." + spec), function or "validate")
    exceptions = importlib.import_module("stdnum.exceptions")

    def opinion(text: str):
        try:
            validate(text, **options)
            return True
        except exceptions.InvalidComponent:
            return None if components else False
        except Exception:  # they let some of Python's own through
            return False
    return opinion


def main() -> int:
    try:
        importlib.import_module("stdnum")
    except ImportError:
        print("compare: python3-stdnum is not installed")
        return 77
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    random.seed(20260101)
    total = bad = 0
    for name, module, shapes, *rest in TABLE:
        if len(sys.argv) > 3 and name not in sys.argv[3:]:
            continue
        more = rest[0] if rest else {}
        theirs = oracle(module, more.get("options", {}), more.get("components", False))
        values = sample(program, name, shapes.split(), more.get("fix", 0), count)
        ours = verdicts(program, name, values)
        apart = more.get("apart", lambda _: False)
        prepare = more.get("theirs", lambda t: t)
        wrong, right = [], 0
        for text, verdict in zip(values, ours):
            if not text or apart(text):
                continue
            opinion = theirs(prepare(text))
            if opinion is None or (more.get("looser") and not opinion and verdict != "?"):
                continue
            total += 1
            right += verdict != "N"
            if verdict == "?" or (verdict != "N") != opinion:
                wrong.append((text, verdict))
        if wrong or right < more.get("few", 10):
            bad += 1
            print(f"{name}: {len(wrong)} of {len(values)} differ ({right} valid):", *(f"{t} ({v})" for t, v in wrong[:6]))
    print(f"compare: {total} values of {len(TABLE)} checks, {bad} checks differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
