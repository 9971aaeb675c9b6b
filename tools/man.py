#!/usr/bin/env python3
"""Writes the manual pages: man.py FOLDER [VERSION].

postern(1) and postern-<command>(1) come from src/cli/commands.def, the table that the program's own help
is made of; postern.yaml(5) from docs/config.md, whose tables are checked against the program's."""
import re
import sys
from pathlib import Path

from docs import ROOT, calls

COMMON = [("--state DIR", "the state folder: ./state, or /var/lib/postern when installed from a package"),
          ("--config FILE", "the configuration: postern.yaml in the state folder, or /etc/postern/postern.yaml when "
           "installed from a package"),
          ("--json", "one JSON value on standard output, also for an error")]
EXIT = "0: done. 1: failed. 2: the command line was not understood."
FILES = [("/etc/postern/postern.yaml", "the configuration, postern.yaml(5)"),
         ("/var/lib/postern/keys", "the log's key and the key of masking; mode 0700"),
         ("/var/lib/postern/store", "API keys: their hashes, owners and groups"),
         ("/var/lib/postern/audit", "the evidence and the public key that verifies it"),
         ("/var/lib/postern/run/admin.sock", "administration on this machine, for root and who started the gateway")]


def escape(text: str) -> str:
    """Text for roff: no requests, no escapes, dashes that can be searched for."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("“", '"').replace("”", '"')
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def inline(text: str) -> str:
    """Markdown within a line: code and bold become bold, links their text."""
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text)
    parts = re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", text)
    made = ""
    for part in parts:
        mark = re.match(r"`|\*\*", part)
        plain = escape(part[len(mark[0]):-len(mark[0])] if mark else part).removeprefix("\\&")
        made += f"\\fB{plain}\\fR" if mark else plain
    return "\\&" + made if made.startswith((".", "'")) else made


def head(name: str, section: int, text: str, version: str) -> list[str]:
    return [f'.TH {name.upper().replace("-", chr(92) + "-")} {section} "" "postern {version}" "Postern"', ".SH NAME",
            f"{escape(name)} \\- {escape(text)}"]


def options_of(text: str) -> list[str]:
    """`  --name VALUE   what it does`, or that on the next line; lines further in go on; others are paragraphs."""
    lines, out = text.splitlines(), []
    for i, line in enumerate(lines):
        row = re.match(r"  (\S.*?)(?:  +(\S.*))?$", line)
        goes_on = i + 1 < len(lines) and re.match(r" {10,}\S", lines[i + 1])
        if re.match(r" {4,}\S", line) and out:
            out.append(escape(line.strip()))
        elif row and (row[2] or goes_on):
            out += [".TP", "\\fB" + escape(row[1]).removeprefix("\\&") + "\\fR", *([escape(row[2])] if row[2] else [])]
        else:
            out += [".PP", escape(line.strip())]
    return out


def pairs(rows) -> list[str]:
    return [line for name, text in rows for line in (".TP", "\\fB" + escape(name).removeprefix("\\&") + "\\fR", escape(text))]


def command_page(row: list[str], version: str, all_words: list[str]) -> str:
    words, _, arguments, text, options = row
    out = head("postern-" + words.replace(" ", "-"), 1, text, version)
    out += [".SH SYNOPSIS", f"\\fBpostern {escape(words)}\\fR {escape(arguments)}".rstrip(), ".SH DESCRIPTION",
            escape(text[0].upper() + text[1:]) + "."]
    own = re.search(r"^  exit status: (.*(?:\n {4,}.*)*)\n", options, re.MULTILINE)
    status = " ".join(own[1].split()) + "." if own else EXIT
    options = options.replace(own[0], "") if own else options
    out += [".SH OPTIONS", *options_of(options), *pairs(COMMON), ".SH EXIT STATUS", escape(status), ".SH SEE ALSO"]
    first = words.split()[0]
    near = [w for w in all_words if w != words and w.split()[0] == first]
    see = [f"\\fBpostern\\-{escape(w.replace(' ', '-'))}\\fR(1)" for w in near]
    out.append(", ".join(["\\fBpostern\\fR(1)", "\\fBpostern.yaml\\fR(5)", *see]))
    return "\n".join(out) + "\n"


def main_page(rows: list[list[str]], version: str) -> str:
    out = head("postern", 1, "a zero-trust gateway for language models", version)
    out += [".SH SYNOPSIS", "\\fBpostern\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...", ".SH DESCRIPTION",
            "Postern stands between everything that talks to a language model and everything a model talks to. It proves",
            "who asks, allows only what a policy permits, masks sensitive data, sends exactly the bytes that were decided,",
            "and keeps evidence that outsiders can verify.", ".SH COMMANDS"]
    for words, _, arguments, text, _ in rows:
        out += [".TP", f"\\fBpostern {escape(words)}\\fR {escape(arguments)}".rstrip(),
                f"{escape(text)}: \\fBpostern\\-{escape(words.replace(' ', '-'))}\\fR(1)"]
    out += [".SH OPTIONS", "Every command takes:", *pairs(COMMON), ".SH EXIT STATUS", escape(EXIT),
            ".SH FILES", *pairs(FILES), ".SH SEE ALSO", "\\fBpostern.yaml\\fR(5)", ".PP",
            "/usr/share/doc/postern: operation.md, evidence.md, policy.md and more"]
    return "\n".join(out) + "\n"


def table(lines: list[str]) -> list[str]:
    """A row of a Markdown table: its first cell, and the others with their titles where that helps."""
    cells = [[c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in lines]
    titles, out = cells[0], []
    for row in cells[2:]:
        said = [f"{titles[i]}: {cell}" if titles[i] and i + 1 < len(row) else cell
                for i, cell in enumerate(row) if i > 0 and cell]
        out += [".TP", inline(row[0]), inline("; ".join(said[:-1]) + (". " if said[:-1] else "") + said[-1])]
    return out


def config_page(text: str, version: str) -> str:
    out = head("postern.yaml", 5, "what Postern guards", version) + [".SH DESCRIPTION"]
    blocks = re.split(r"\n\n+", re.sub(r"^# .*\n", "", text).strip())
    whole, i = [], 0
    while i < len(blocks):  # a code block may hold empty lines
        block = blocks[i]
        while block.startswith("```") and not block.rstrip().endswith("```"):
            i += 1
            block += "\n\n" + blocks[i]
        whole.append(block)
        i += 1
    for block in whole:
        if block.startswith("```"):
            body = escape("\n".join(block.splitlines()[1:-1]))
            out += [".PP", ".nf", ".RS 4", body, ".RE", ".fi"]
        elif block.startswith("#"):
            first, _, rest = block.partition("\n")
            out.append(".SH " + escape(first.lstrip("# ").upper()))
            out += [inline(rest)] if rest else []
        elif block.startswith("|"):
            out += table(block.splitlines())
        elif re.match(r"[*-] ", block):
            for item in re.split(r"\n?^[*-] ", block, flags=re.MULTILINE)[1:]:
                out += [".IP \\(bu 2", inline(" ".join(item.split()))]
        else:
            out += [".PP", inline(" ".join(block.split()))]
    out += [".SH SEE ALSO", "\\fBpostern\\fR(1), \\fBpostern\\-check\\fR(1), \\fBpostern\\-reload\\fR(1)"]
    return "\n".join(out) + "\n"


def pages(version: str) -> dict[str, str]:
    rows = [r for r in calls((ROOT / "src/cli/commands.def").read_text(encoding="utf-8"), "PST_COMMAND") if r[3]]
    words = [row[0] for row in rows]
    made = {"man1/postern.1": main_page(rows, version),
            "man5/postern.yaml.5": config_page((ROOT / "docs/config.md").read_text(encoding="utf-8"), version)}
    for row in rows:
        made[f"man1/postern-{row[0].replace(' ', '-')}.1"] = command_page(row, version, words)
    return made


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    for name, text in pages(sys.argv[2] if len(sys.argv) == 3 else "").items():
        path = Path(sys.argv[1]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
