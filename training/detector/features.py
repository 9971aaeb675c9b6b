"""Texts through the program that serves: n-gram numbers, inputs of the fusion, detections."""
import os
import struct
import subprocess
import tempfile

import numba
import numpy as np

import data

INPUTS = 108
TEXT_MAX = 12000  # characters of a text that are used for training


def tool():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("POSTERN_DETECTOR_FEATURES",
                          os.path.join(here, "../../build/src/inspect/detect/detector-features"))


def clean(text):
    return text.encode("utf-8", "replace")


def run(mode, rows, *files):
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as sink:
        for r in rows:
            text = clean(r["text"][:TEXT_MAX])
            source.write(struct.pack("<II", len(text), data.CHANNELS.index(r["channel"])) + text)
        source.seek(0)
        subprocess.run([tool(), mode, *files], stdin=source, stdout=sink, check=True)
        sink.seek(0)
        return np.fromfile(sink, dtype=np.uint32)


@numba.njit(cache=True)
def _starts(stream, n):
    """Where each text begins in the stream of numbers."""
    at = 0
    starts = np.zeros(n + 1, np.int64)
    for i in range(n):
        starts[i] = at
        views = stream[at + 1]
        at += 2
        for _ in range(views):
            at += 4 + stream[at + 2] + stream[at + 3]
    starts[n] = at
    return starts


def ids(rows):
    stream = run("ids", rows)
    starts = _starts(stream, len(rows))
    assert starts[-1] == len(stream)
    return stream, starts


@numba.njit(cache=True)
def _fuse_starts(stream, n, inputs):
    at = 0
    starts = np.zeros(n + 1, np.int64)
    for i in range(n):
        starts[i] = at
        at += 2 + stream[at + 1] * (2 + inputs)
    starts[n] = at
    return starts


def fuse(rows, weights, signatures=None):
    """For each text an array of views x inputs, logits with ten bits as floats."""
    stream = run("fuse", rows, weights, *([signatures] if signatures else []))
    starts = _fuse_starts(stream, len(rows), INPUTS)
    assert starts[-1] == len(stream)
    out = []
    for i in range(len(rows)):
        block = stream[starts[i] + 2:starts[i + 1]].view(np.int32).reshape(-1, 2 + INPUTS)
        out.append(block[:, 2:].astype(np.float32) / 1024.0)
    return out


DETECTION = np.dtype([("injection", "<u2"), ("heads", "<u2", 7), ("unsafe", "<u2", 6), ("flags", "<u4"),
                      ("start", "<u4"), ("end", "<u4"), ("view", "u1"), ("pad", "u1", 3)])


def score(rows, weights, signatures=None):
    return run("score", rows, weights, *([signatures] if signatures else [])).view(DETECTION)
