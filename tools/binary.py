#!/usr/bin/env python3
"""What the release build must be, read from its files with readelf and nm: the shared objects and the
hardening of both executables, the modules each carries, the outside symbols of the libraries without
input and output, and no writable variable in any library. Tables: lint/*.txt. binary.py [BUILD]"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXECUTABLES = ("postern", "postern-role")

problems: list[str] = []


def read(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def table(name: str) -> dict[str, set[str]]:
    """Rows `KEYS: WORDS`, continued on lines that begin with a space; # begins a comment."""
    out: dict[str, set[str]] = {}
    keys: list[str] = []
    for line in (ROOT / "lint" / name).read_text(encoding="utf-8").splitlines():
        line = line.split("#")[0]
        if ":" in line:
            head, line = line.split(":", 1)
            keys = head.split()
        for key in keys if line.strip() or keys else []:
            out.setdefault(key, set()).update(line.split())
    return out


def expect(where: str, good: bool, what: str) -> None:
    if not good:
        problems.append(f"{where}: {what}")


def differs(where: str, have: set[str], want: set[str], what: str, file: str) -> None:
    for name in sorted(have - want):
        problems.append(f"{where}: {what} {name} is not in lint/{file}")
    for name in sorted(want - have):
        problems.append(f"{where}: lint/{file} lists {what} {name}, which is not there")


def check_hardening(exe: Path) -> None:
    where = exe.name
    head, segments = read("readelf", "-hW", str(exe)), read("readelf", "-lW", str(exe))
    dynamic = read("readelf", "-dW", str(exe))
    imports = read("nm", "-D", "--undefined-only", str(exe))
    expect(where, "DYN (Position-Independent" in head and re.search(r"FLAGS_1.*PIE", dynamic) is not None, "not a PIE")
    expect(where, "GNU_RELRO" in segments and re.search(r"FLAGS.*BIND_NOW", dynamic) is not None, "no full RELRO")
    expect(where, re.search(r"GNU_STACK.* RW +0x", segments) is not None, "executable stack")
    expect(where, re.search(r"LOAD.* RWE ", segments) is None, "a segment that is writable and executable")
    expect(where, "__stack_chk_fail" in imports, "no stack protector")
    expect(where, re.search(r"__(mem|str|v?snprintf|v?fprintf)\w*_chk", imports) is not None, "no _FORTIFY_SOURCE")
    expect(where, "RPATH" not in dynamic and "RUNPATH" not in dynamic, "a run path")


def check_branches(build: Path) -> None:
    """Every object of ours is marked for CET. The start files of Debian 12 (crt1.o) are not, so that the
    linker cannot put the mark on a whole executable; the objects are what this tree answers for."""
    objects = [o for folder in ["src", *(f"{name}.p" for name in EXECUTABLES)] for o in (build / folder).rglob("*.o")]
    notes = read("readelf", "-nW", *map(str, objects))
    for part in notes.split("\nFile: ")[1:]:
        name, text = part.split("\n", 1)
        marked = ("IBT" in text and "SHSTK" in text) or ("BTI" in text and "PAC" in text)
        expect(name.removeprefix(str(build) + "/"), marked, "not compiled for branch protection")


def defined(file: Path) -> set[str]:
    """Names of functions and data that a program or library brings and others may see."""
    rows = (line.split() for line in read("nm", "--defined-only", str(file)).splitlines())
    return {row[2] for row in rows if len(row) == 3 and row[1] in "TDRBG"} - {"main", "_start"}


def check_executables(build: Path) -> None:
    shared, links = table("shared-objects.txt"), table("links.txt")
    libraries = {lib: defined(lib) for lib in sorted(build.glob("src/*/lib*.a"))}
    for name in EXECUTABLES:
        exe = build / name
        check_hardening(exe)
        mapped = set(re.findall(r"^\t(?:/\S*/)?([\w.+-]+\.so[\w.]*)", read("ldd", str(exe)), re.MULTILINE))
        differs(name, mapped, shared[name], "shared object", "shared-objects.txt")
        have = defined(exe)
        modules = {lib.parent.name for lib, names in libraries.items() if names & have}
        differs(name, modules, links[name], "module", "links.txt")


def check_libraries(build: Path) -> None:
    symbols = table("symbols.txt")
    for lib in sorted(build.glob("src/*/lib*.a")):
        where = str(lib.relative_to(build))
        for line in read("objdump", "-tw", str(lib)).splitlines():
            if found := re.search(r" [gl].{5}O (\.t?data|\.t?bss|\.data\.(?!rel\.ro)\S+|\.bss\.\S+|\*COM\*)\t\S+ (\S+)", line):
                problems.append(f"{where}: {found.group(2)} is a variable ({found.group(1)}); only constant tables may be global")
        module = lib.parent.name
        if module in symbols and lib.name == f"lib{module}.a":
            outside = set(re.findall(r" U (\S+)", read("nm", "-u", str(lib)))) - defined(lib)
            plain = {re.sub(r"^__(\w+)_chk$", r"\1", name) for name in outside if not name.startswith("pst_")}
            for name in sorted(plain - symbols[module] - {"__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}):
                problems.append(f"{where}: {name} is not in lint/symbols.txt")


def main() -> int:
    build = ROOT / (sys.argv[1] if len(sys.argv) > 1 else "build")
    check_executables(build)
    check_branches(build)
    check_libraries(build)
    for text in problems:
        print(text)
    print(f"binary: {', '.join(EXECUTABLES)} and their libraries, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
