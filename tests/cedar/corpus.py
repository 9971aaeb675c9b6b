"""Runs cedar-corpus over the public cases: straight, and through an image of each set.

corpus.py SOURCE_ROOT CEDAR_CORPUS BUILD_DIR. The cases are unpacked into the build directory. Without
them the suite is skipped by name, but fails where CI is true.
"""
import json
import os
import pathlib
import subprocess
import sys
import tarfile

root, tool, build = sys.argv[1:4]
vectors = pathlib.Path(os.environ.get("POSTERN_VECTORS", os.path.join(root, "..", "shared", "vectors"))) / "cedar"
if not (vectors / "corpus.tar.gz").is_file():
    print("skipped: cedar_corpus")
    sys.exit(1 if os.environ.get("CI") == "true" else 0)

# name, archive (or folder), options of each run. The handwritten cases of the validator fill in decisions at
# random: only their verdicts count.
suites = (
    ("corpus", "corpus.tar.gz", ([], ["--image"])),
    ("validation", "validation-handwritten.tar.gz", (["--verdicts"],)),
    ("entity-parsing", "entity-parsing.tar.gz", ([],)),
    ("handwritten", "handwritten", ([], ["--image"])),
)
failed = False
for name, source, runs in suites:
    folder = vectors / source
    if source.endswith(".tar.gz"):
        folder = pathlib.Path(build) / ("cedar-" + name + "-cases")
        if not folder.is_dir():
            with tarfile.open(vectors / source) as tar:
                tar.extractall(folder, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(folder)
    for options in runs:
        run = subprocess.run([tool, *options, str(folder)], stdout=subprocess.PIPE, check=False)
        got = json.loads(run.stdout)
        print(name, options, got["cases"], "cases", got["requests"], "requests", got["disagreements_count"], "disagree")
        for d in got["disagreements"][:20]:
            print("  ", d)
        failed = failed or run.returncode != 0 or got["cases"] == 0
sys.exit(1 if failed else 0)
