"""A role whose disk and clock fail when a test says so, by a library that is loaded into it alone.

    faults = Faults(tmp_path, "audit"); Gateway(…, role=faults.role)
    faults.set(write_errno=errno.EIO); …; faults.clear()
"""
import mmap
import os
import pathlib
import shutil
import struct
import subprocess

import pytest

import house
from house import missing

HERE = pathlib.Path(__file__).resolve().parent
FIELDS = ("clock_offset_ns", "write_errno", "write_short", "sync_errno", "create_errno",
          "hits")
FORMAT = "=q5i"


class Faults:
    def __init__(self, folder, *roles):
        if "asan" in house.BUILD.name:
            pytest.skip("skipped: a sanitizer's own calls would go through the library")
        compiler = os.environ.get("CC", "").split() or next(
            ([c] for c in ("gcc", "clang-19", "cc") if shutil.which(c)), None)
        if not compiler:
            missing("a C compiler")
        self.folder = pathlib.Path(folder) / "faults"
        self.folder.mkdir(parents=True)
        page = self.folder / "page"
        page.write_bytes(bytes(4096))
        page.chmod(0o666)
        library, self.role = self.folder / "fault.so", self.folder / "postern-role"

        def build(out, source, *more):
            subprocess.run([*compiler, "-O1", "-D_GNU_SOURCE", *more, "-o", str(out),
                            str(HERE / source)], check=True)
        build(library, "preload.c", "-shared", "-fPIC", f'-DFAULT_PAGE="{page}"')
        build(self.role, "wrapper.c", f'-DFAULT_REAL="{house.ROLE}"',
              f'-DFAULT_LIBRARY="{library}"', f'-DFAULT_ROLES=" {" ".join(roles)} "')
        with open(page, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), 4096)

    def set(self, **faults):
        values = dict(zip(FIELDS, struct.unpack_from(FORMAT, self.page)))
        values.update(faults)
        struct.pack_into(FORMAT, self.page, 0, *(values[f] for f in FIELDS))

    def clear(self):
        self.set(**{f: 0 for f in FIELDS})

    @property
    def hits(self):
        return struct.unpack_from(FORMAT, self.page)[-1]
