#!/usr/bin/env python3
"""Compares src/tables/openai_chat_*.def with the types of the installed `openai` package.

Prints every path, type and known value that the package has and a table lacks, and every row that
the package does not know and that is not marked as an extension. Exit status 0: nothing to say.

    pip install openai && python3 tests/openai_tables.py
"""

import collections.abc
import inspect
import pathlib
import re
import sys
import types
import typing

import openai
import typing_extensions as te
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk, completion_create_params
from pydantic import BaseModel

TABLES = pathlib.Path(__file__).resolve().parent.parent / "src" / "tables"

# Where the table is narrower on purpose: a model speaks as the assistant and as nobody else.
NARROWER = {"chunk.choices[].delta.role"}
# The package leaves these open or says more than a table needs to.
FREE_CHILDREN = {"FREE", "NUMBERS", "LOGPROBS"}


class Found:
    """What one side says about one path."""

    def __init__(self):
        self.kinds = set()
        self.values = set()
        self.open = False  # any string
        self.free = False  # nothing below is described
        self.extension = False


def strip(t):
    wrappers = (te.Required, te.NotRequired, typing.Required, typing.NotRequired, typing.Annotated)
    while te.get_origin(t) in wrappers:
        t = te.get_args(t)[0]
    return t


def members(t):
    if te.is_typeddict(t):
        return te.get_type_hints(t, include_extras=True).items()
    return [(name, field.annotation) for name, field in t.model_fields.items()]


def walk_package(t, path, found, above=()):
    t = strip(t)
    origin, args = te.get_origin(t), te.get_args(t)
    here = found.setdefault(path, Found())
    if origin is typing.Union or origin is types.UnionType:
        for arm in args:
            walk_package(arm, path, found, above)
    elif origin is te.Literal or origin is typing.Literal:
        if all(isinstance(a, bool) for a in args):
            here.kinds.add("B")
        else:
            here.kinds.add("S")
            here.values.update(args)
    elif te.is_typeddict(t) or (inspect.isclass(t) and issubclass(t, BaseModel)):
        here.kinds.add("O")
        if t not in above:
            for name, kind in members(t):
                walk_package(kind, f"{path}.{name}" if path else name, found, above + (t,))
    elif origin in (dict, collections.abc.Mapping):
        here.kinds.add("O")
        here.free = True
    elif origin is not None:  # some kind of list
        inner = strip(args[-1])
        before = Found()
        sub = {path + "[]": before}
        walk_package(inner, path + "[]", sub, above)
        here.kinds.add("L" if before.kinds == {"S"} else "A")
        if "L" in here.kinds:
            here.values |= before.values
            here.open |= before.open
            del sub[path + "[]"]
        for name, value in sub.items():
            merge(found.setdefault(name, Found()), value)
    elif t is str:
        here.kinds.add("S")
        here.open = True
    elif t in (int, float, bool, type(None)):
        here.kinds.add({int: "I", float: "N", bool: "B"}.get(t, "Z"))
    elif t is object:
        here.kinds.add("X")


def merge(into, other):
    into.kinds |= other.kinds
    into.values |= other.values
    into.open |= other.open
    into.free |= other.free


ROW = re.compile(
    r'^ROW\((\w+), "([^"]+)", (\w+), ([\w |]+), (\w+), (\w+), (\w+), (\w+)\)(.*)$')
VALUES = re.compile(r"^VALUES\((\w+), (.*)\)$")


def read_table(name):
    rows, values = {}, {}
    for line in (TABLES / name).read_text().splitlines():
        if m := VALUES.match(line):
            values[m[1]] = set(re.findall(r'"([^"]*)"', m[2]))
        elif m := ROW.match(line):
            rows.setdefault(m[1], []).append(m.groups())
        elif line.startswith("OBJECT(") and "extension" in line:
            rows.setdefault("extension objects", []).append(line[7 : line.index(")")])
    return rows, values


def walk_table(table, root, prefix):
    rows, values = table
    found = {prefix: Found()}
    whole = set(rows.get("extension objects", []))

    def visit(obj, path, extension, above):
        for _, name, _, kinds, child, known, _, _, comment in rows[obj]:
            here = f"{path}.{name}" if path else name
            entry = found.setdefault(here, Found())
            entry.kinds |= set(re.findall(r"\w", kinds)) - {"R"}
            entry.extension = extension or "extension" in comment
            entry.open |= known == "any"
            entry.values |= values.get(known, set())
            entry.free |= child in FREE_CHILDREN
            if child in rows and child not in above:
                ext = entry.extension or child in whole
                if "O" in kinds:
                    visit(child, here, ext, above + (child,))
                if "A" in kinds:
                    visit(child, here + "[]", ext, above + (child,))

    visit(root, prefix, False, (root,))
    return found


def below_free(path, found):
    parts = re.split(r"\.|(?=\[\])", path)
    for i in range(1, len(parts)):
        up = ".".join(parts[:i]).replace(".[]", "[]")
        if up in found and found[up].free:
            return True
    return False


def compare(title, package, table):
    said = []
    for path, want in sorted(package.items()):
        shown = f"{title}.{path}" if path else title
        if path == "" or path.endswith("[]") or below_free(path, table):
            continue
        have = table.get(path)
        if have is None:
            said.append(f"missing: {shown} ({' '.join(sorted(want.kinds))})")
            continue
        kinds = set(have.kinds)
        if "N" in kinds:
            kinds.add("I")
        if "X" not in kinds and want.kinds - kinds - {"X"}:
            said.append(f"type: {shown} may be {' '.join(sorted(want.kinds - kinds))}")
        lacking = {v for v in want.values if not have.open} - have.values
        if lacking and shown not in NARROWER:
            said.append(f"values: {shown} may be {' '.join(sorted(map(str, lacking)))}")
    for path, have in sorted(table.items()):
        known = path in package or below_free(path, package) or path == ""
        if not known and not have.extension:
            said.append(f"not in the package, not marked as an extension: {title}.{path}")
    return said


def main():
    request = {}
    for name in ("CompletionCreateParamsNonStreaming", "CompletionCreateParamsStreaming"):
        walk_package(getattr(completion_create_params, name), "", request)
    answers = {}
    for title, t in (("answer", ChatCompletion), ("chunk", ChatCompletionChunk), ("model", Model)):
        answers[title] = {}
        walk_package(t, "", answers[title])
    request_table = read_table("openai_chat_request.def")
    answer_table = read_table("openai_chat_answer.def")
    said = compare("request", request, walk_table(request_table, "request", ""))
    for title, package in answers.items():
        said += compare(title, package, walk_table(answer_table, title, ""))
    for line in said:
        print(line)
    paths = len(request) + sum(len(a) for a in answers.values())
    print(f"openai {openai.__version__}: {paths} paths compared, {len(said)} differences")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
