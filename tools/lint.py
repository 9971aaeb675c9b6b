#!/usr/bin/env python3
"""The rules of STYLE.md that can be read off the sources: include direction, banned functions, sizes,
complexity, READMEs, corpora, and words that do not belong into the tree. Tables: lint/*.txt."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SANS_IO = {"wire", "dialect", "cedar", "audit", "inspect", "mask"}
SANS_IO_HEADERS = {"emmintrin.h", "float.h", "immintrin.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h",
                   "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h"}
UNSAFE = "strcpy|stpcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|strtok_r|gets|atoi|atol|atoll|atof|alloca|mktemp|tmpnam|tempnam"
# a test may start a program and draw numbers from a seed
UNFIT = "system|popen|sscanf|fscanf|scanf|localtime|gmtime|ctime|asctime|rand|srand|random|drand48|setenv|putenv|unsetenv"
BANNED_IN_TESTS = re.compile(rf"(?<![\w.>])({UNSAFE})\s*\(")
BANNED = re.compile(rf"(?<![\w.>])({UNSAFE}|{UNFIT})\s*\(")
# what has no place in any file of the tree; this file names them and is left out
WORDS = re.compile(r"\bTODO\b|\bFIXME\b|\bXXX\b|/work/|/home/[a-z]|/root/")
FILE_MAX, HEADER_MAX, FUNCTION_MAX, COMPLEXITY_MAX = 800, 200, 70, 25
README_MIN, README_MAX = 10, 40
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)

problems: list[str] = []


def problem(where: str, what: str) -> None:
    problems.append(f"{where}: {what}")


def tracked() -> list[Path]:
    """Everything in the tree, what is not yet added included."""
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True,
                         text=True, check=False)
    if out.returncode == 0:
        return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()]
    return [p for top in ("src", "tools", "tests", "docs", "fuzz", "lint") for p in (ROOT / top).rglob("*") if p.is_file()]


def rows(name: str) -> dict[str, str]:
    lines = (ROOT / "lint" / name).read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))
    return {key.strip(): value for key, value in pairs}


def is_test(path: Path) -> bool:
    """A test, a fuzz target or a tool of its own, which may do what the library beside it may not."""
    return path.name.startswith(("test_", "fuzz_")) or "tools" in path.parts


def unit(path: Path, table: dict[str, str]) -> str:
    """The row of modules.txt that a source belongs to."""
    module = path.relative_to(ROOT / "src").parts[0]
    if module != "roles":
        return module
    stem = path.stem.removeprefix("test_").removeprefix("fuzz_")
    fitting = [row for row in table if row.startswith("roles/") and (f"roles/{stem}_").startswith(row + "_")]
    return max(fitting, key=len, default="roles/" + stem)


def check_includes(path: Path, text: str, table: dict[str, str]) -> None:
    where, row = str(path.relative_to(ROOT)), unit(path, table)
    module = row.split("/")[0]
    if row not in table:
        problem(where, f"no row for {row} in lint/modules.txt")
        return
    allowed, _, for_tests = table[row].partition("|")
    allowed = set(allowed.split()) | (set(for_tests.split()) if is_test(path) else set())
    for kind, name in INCLUDE.findall(text):
        if kind == "<":
            for header, owner in table.items():
                if header[0] == "<" and (name + ">").startswith(header.strip("<>")) and owner.split()[0] not in (row, module) \
                        and not is_test(path):
                    problem(where, f"<{name}> belongs into {owner.strip()} only")
            owned = table.get(f"<{name}>", "").split() == [module]  # a library that reads and writes nothing either
            if module in SANS_IO and name not in SANS_IO_HEADERS and not owned and not is_test(path):
                problem(where, f"<{name}> in a module without input and output")
            continue
        target = name.split("/")[0] if "/" in name else module
        own = target == module and (module != "roles" or unit(ROOT / "src" / name, table) == row)
        if not own and target not in allowed | {"tables"} and name not in allowed:
            problem(where, f"{row} may not include {name}")


def check_source(path: Path, text: str, table: dict[str, str]) -> None:
    where = str(path.relative_to(ROOT))
    check_includes(path, text, table)
    lines = text.count("\n")
    most = HEADER_MAX if path.suffix == ".h" else FILE_MAX
    if lines > most:
        problem(where, f"{lines} lines; the most is {most}")
    code = re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL)
    code = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', code)
    for number, line in enumerate(code.splitlines(), 1):
        if found := (BANNED_IN_TESTS if is_test(path) else BANNED).search(line):
            problem(f"{where}:{number}", f"{found.group(1)} is banned")


def check_functions(sources: list[Path]) -> None:
    out = subprocess.run(["pmccabe", *map(str, sources)], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        modified, _, _, _, length, place = line.split("\t")
        place = place.replace(str(ROOT) + "/", "")
        if int(modified) > COMPLEXITY_MAX:
            problem(place, f"complexity {modified}; the most is {COMPLEXITY_MAX}")
        if int(length) > FUNCTION_MAX:
            problem(place, f"{length} lines; the most is {FUNCTION_MAX}")


def check_folders() -> None:
    for module in sorted(p for p in (ROOT / "src").iterdir() if p.is_dir()):
        readme = module / "README.md"
        lines = readme.read_text(encoding="utf-8").count("\n") if readme.exists() else 0
        if not README_MIN <= lines <= README_MAX:
            problem(f"src/{module.name}/README.md", f"{lines} lines; {README_MIN} to {README_MAX} are expected")
    targets = set()
    for source in (ROOT / "src").rglob("meson.build"):
        text = source.read_text(encoding="utf-8")
        for group, key in re.findall(r"foreach t : \[([^\]]*)\]\s*\n\s*fuzz_targets \+= \{'name': ('[a-z0-9_]*' \+ )?t", text):
            prefix = key.split("'")[1] if key else ""
            targets |= {prefix + name for name in re.findall(r"'(\w+)'", group)}
        targets |= set(re.findall(r"fuzz_targets \+= \{'name': '(\w+)',", text))
    for name in sorted(targets):
        corpus = ROOT / "fuzz" / "corpus" / name
        if not corpus.is_dir() or not any(corpus.iterdir()):
            problem(f"fuzz/corpus/{name}", "the target has no corpus")
    corpora = ROOT / "fuzz" / "corpus"
    for corpus in sorted(corpora.iterdir()) if corpora.is_dir() else []:
        if corpus.name not in targets:
            problem(f"fuzz/corpus/{corpus.name}", "no target of this name")


def check_hostile() -> None:
    """Every test that docs/hostile.md names exists, and it names every one of tests/hostile."""
    page = ROOT / "docs" / "hostile.md"
    named = set(re.findall(r"`([\w/]+\.(?:py|c))::(test_\w+)`", page.read_text(encoding="utf-8")))
    for file, name in sorted(named):
        path = ROOT / file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if not re.search(rf"^(?:async )?def {name}\(|^static void {name}\(void", text, re.MULTILINE):
            problem("docs/hostile.md", f"there is no {file}::{name}")
    for path in sorted((ROOT / "tests" / "hostile").glob("test_*.py")):
        file = str(path.relative_to(ROOT))
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE):
            if (file, name) not in named:
                problem(file, f"{name} is not in docs/hostile.md")


def main() -> int:
    table = rows("modules.txt")
    sources = []
    for path in tracked():
        if "corpus" in path.parts or path.name == "weights.bin":  # made by training/detector
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            problem(str(path.relative_to(ROOT)), "not UTF-8 text")
            continue
        if path.suffix in (".c", ".h") and (ROOT / "src") in path.parents:
            check_source(path, text, table)
            sources.append(path)
        if path != Path(__file__).resolve():
            for number, line in enumerate(text.splitlines(), 1):
                if found := WORDS.search(line):
                    problem(f"{path.relative_to(ROOT)}:{number}", f"'{found.group()}' does not belong into the tree")
    check_functions([s for s in sources if s.suffix == ".c"])
    check_folders()
    check_hostile()
    for text in sorted(problems):
        print(text)
    print(f"lint: {len(sources)} sources, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
