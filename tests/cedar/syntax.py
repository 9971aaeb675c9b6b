"""Compares what is read and written with the Rust implementation (cedarpy).

syntax.py --tool CEDAR_CORPUS [--cases N] [--seed S]

Generated policy sets must become the same JSON policy set; the text printed from it and the formatted
source must mean the same to the oracle. Sources damaged by a token or two must be taken or refused as by
the oracle. Without the oracle the suite is skipped by name, but fails where CI is true.
"""
import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import differential
import generate

TOKENS = re.compile(r'"(?:\\.|[^"\\])*"|\w+|::|==|!=|<=|>=|&&|\|\||\s+|.', re.S)
PIECES = ["principal", "if", "then", "else", "(", ")", "[", "]", "{", "}", ".", "::", '"x"', "1", "-", "!", "has", "in", "is",
          "like", "&&", "||", "==", "<", "+", "*", "@a", "@", "ip", "decimal", '"\\*"', "99999999999999999999", "?principal",
          "context", "true", 'A::"b"', "contains", "//c\n", "__cedar", ";", ",", ":", "=", "%", "when", "unless", "permit"]


def damaged(r):
    t = TOKENS.findall(generate.case(r.randrange(10**9))["policies"])[:150]
    for _ in range(r.choice([1, 1, 1, 2])):
        k = r.randrange(len(t))
        what = r.random()
        if what < 0.3:
            del t[k]
        elif what < 0.5:
            t.insert(k, t[r.randrange(len(t))])
        elif what < 0.7:
            t.insert(k, " " + r.choice(PIECES) + " ")
        elif what < 0.9:
            t[k] = r.choice(PIECES)
        else:
            j = r.randrange(len(t))
            t[k], t[j] = t[j], t[k]
    s = "".join(t)
    return s[:s.rfind(";") + 1] or s


def same_form(x):
    """A list of one action may be written as one action."""
    if isinstance(x, dict):
        x = {k: same_form(v) for k, v in x.items()}
        if set(x) == {"op", "entities"} and len(x["entities"]) == 1:
            return {"op": "in", "entity": x["entities"][0]}
        return x
    return [same_form(v) for v in x] if isinstance(x, list) else x


def oracle(text):
    import cedarpy
    try:
        return same_form(json.loads(cedarpy.policies_to_json_str(text)))
    except ValueError:
        return None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--tool", required=True)
    p.add_argument("--cases", type=int, default=500)
    p.add_argument("--seed", type=int, default=1)
    o = p.parse_args()
    differential.need_cedarpy()
    r = random.Random(o.seed)
    differ = taken = 0
    sources = [damaged(r) if i % 4 else generate.case(r.randrange(10**9))["policies"] for i in range(o.cases)]
    with tempfile.TemporaryDirectory() as tmp:
        for at in range(0, len(sources), 200):
            paths = []
            for i, s in enumerate(sources[at:at + 200]):
                paths.append(str(pathlib.Path(tmp) / ("%d.cedar" % i)))
                pathlib.Path(paths[-1]).write_text(s, encoding="utf-8")
            run = subprocess.run([o.tool, "--translate", *paths], stdout=subprocess.PIPE, check=True)
            for s, line in zip(sources[at:at + 200], run.stdout.decode().splitlines()):
                got = json.loads(line)
                want = oracle(s)
                taken += want is not None
                wrong = None
                if (want is None) != ("error" in got):
                    wrong = got.get("error", "should be refused")
                elif want is not None:
                    if same_form(got["json"]) != want:
                        wrong = "JSON differs"
                    elif oracle(got["text"]) != want:
                        wrong = "printed text differs"
                    elif oracle(got["formatted"]) != want:
                        wrong = "formatted text differs"
                if wrong:
                    differ += 1
                    print(wrong + ":\n" + s)
    print("%d sources, %d taken; %d disagreements with cedarpy" % (len(sources), taken, differ))
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
