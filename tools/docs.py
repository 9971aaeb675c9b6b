#!/usr/bin/env python3
"""Writes docs/reference.md, and the limits in docs/config.md, from the tables that the programs are made
of; --check only compares."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference.md"
CONFIG = ROOT / "docs" / "config.md"
# heading, table, macro, columns: the title of each argument that is shown, "" for one that is not
SECTIONS = [
    ("Commands", "cli/commands.def", "PST_COMMAND", ["command", "", "arguments", "", "options"]),
    ("Routes", "tables/routes.def", "PST_ROUTE", ["listener", "method", "path", "rest", "operation", "body"]),
    ("Operations", "tables/operations.def", "PST_OPERATION", ["", "Cedar action", "resource type", "place"]),
    ("Limits", "tables/limits.def", "PST_LIMIT", ["limit", "default", "maximum", "unit", "error", "of what"]),
    ("Errors", "tables/errors.def", "PST_ERROR", ["", "status", "type", "code", "text"]),
    ("Exceptions", "tables/exceptions.def", "PST_EXCEPTION", ["exception", "error", "verdict", "when"]),
    ("Annotations", "tables/obligations.def", "PST_OBLIGATION", ["annotation", "kind", "meaning"]),
    ("Metrics", "tables/metrics.def", "PST_METRIC", ["postern_…", "kind", "what"]),
]
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[(),]|[^"(),\s]+|\s+')


def calls(text: str, macro: str) -> list[list[str]]:
    """The argument lists of a macro's calls; adjacent strings are joined, as C does."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    rows = []
    for start in re.finditer(rf"^{macro}\(", text, re.MULTILINE):
        depth, words = 0, [""]
        for token in TOKEN.finditer(text, start.end()):
            word = token.group()
            if word == ")" and depth == 0:
                break
            depth += {"(": 1, ")": -1}.get(word, 0)
            if word == "," and depth == 0:
                words.append("")
            elif word.startswith('"'):
                words[-1] += word[1:-1].replace('\\"', '"').replace("\\n", "\n")
            else:
                words[-1] += "" if word.isspace() else word
        rows.append(words)
    return rows


def section(title: str, name: str, macro: str, columns: list[str]) -> list[str]:
    rows = calls((ROOT / "src" / name).read_text(encoding="utf-8"), macro)
    if macro == "PST_COMMAND":
        lines = [f"## {title}", "", "Every command takes `--state DIR`, `--config FILE` and `--json`.", "", "```"]
        for command, _, arguments, text, options in (row for row in rows if row[3]):
            lines += [f"postern {command} {arguments}".rstrip(), f"    {text}"]
            lines += [f"    {line}" for line in options.splitlines()]
        return [*lines, "```", ""]
    shown = [i for i, column in enumerate(columns) if column]
    lines = [f"## {title}", "", "| " + " | ".join(columns[i] for i in shown) + " |", "|" + "---|" * len(shown)]
    for row in rows:
        if len(row) != len(columns):
            raise SystemExit(f"{name}: a row of {macro} has {len(row)} arguments: {row}")
        lines.append("| " + " | ".join(row[i].replace("|", "\\|") for i in shown) + " |")
    return [*lines, ""]


def config_page() -> str:
    """docs/config.md, with the rows of its last table as limits.def has them."""
    rows = calls((ROOT / "src/tables/limits.def").read_text(encoding="utf-8"), "PST_LIMIT")
    head = "| limit | default | hard maximum | unit | of what |\n|---|---|---|---|---|\n"
    before, found, after = CONFIG.read_text(encoding="utf-8").partition(head)
    rest = re.sub(r"\A(\|.*\n)*", "", after)
    return before + found + "".join(f"| `{r[0]}` | {r[1]} | {r[2]} | {r[3]} | {r[5]} |\n" for r in rows) + rest


def main() -> int:
    lines = ["# Reference", "", "Written by `tools/docs.py` from the tables in `src/`; do not edit.", ""]
    for parts in SECTIONS:
        lines += section(*parts)
    pages = {PAGE: "\n".join(lines).rstrip() + "\n", CONFIG: config_page()}
    if "--check" in sys.argv:
        old = [p.name for p, text in pages.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
        if old:
            print(f"docs: not what the tables say: {', '.join(old)}; run tools/docs.py")
        return 1 if old else 0
    for page, text in pages.items():
        page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
