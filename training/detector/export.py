"""The weights file of src/inspect/detect/weights.h."""
import hashlib
import struct

import numpy as np

VERSION, GRAMS = 2, 1
HEADER, NOTE, NUMBERS, TABLES = 64, 256, 320, 2048
LANES, INPUTS, SOURCES, KNOTS = 8, 108, 8, 21
ONE = 1024


def crc32c(data):
    table = np.zeros(256, np.uint32)
    for i in range(256):
        c = i
        for _ in range(8):
            c = (c >> 1) ^ (0x82F63B78 if c & 1 else 0)
        table[i] = c
    table = [int(x) for x in table]
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def quantise(w):
    """Signed bytes and one scale per lane. The largest thousandth is cut: it would cost all others their precision."""
    q = np.zeros(w.shape, np.int8)
    scale = np.zeros(w.shape[1])
    for lane in range(w.shape[1]):
        size = np.abs(w[:, lane])
        used = size[size > 1e-4]
        top = float(np.quantile(used, 0.999)) if len(used) else 1.0
        scale[lane] = top / 127.0
        q[:, lane] = np.clip(np.rint(w[:, lane] / scale[lane]), -127, 127)
    return q, scale


def neutral_knots():
    step = np.arange(KNOTS) * 0.4 - 4.0
    return np.tile(step, (SOURCES, 1))


def write(path, w, bias, answer_w, answer_bias, fusion=None, knots=None, note=""):
    """`fusion`: (bias, weights of the inputs), `knots`: sources x 21 logits; both as real numbers."""
    q, scale = quantise(w)
    aq, ascale = quantise(answer_w)
    fusion_bias, fusion_w = fusion if fusion else (0.0, np.zeros(INPUTS))
    knots = neutral_knots() if knots is None else knots
    fixed = np.rint(np.asarray(knots) * ONE).astype(np.int64)
    for row in fixed:  # each must be larger than the last
        for i in range(1, KNOTS):
            row[i] = max(row[i], row[i - 1] + 1)
    ints = np.concatenate([np.rint(bias * ONE), np.rint(scale * 2**20), np.rint(answer_bias * ONE), np.rint(ascale * 2**20),
                           [np.rint(fusion_bias * ONE)], np.rint(np.asarray(fusion_w) * 65536), fixed.ravel()]).astype("<i4").tobytes()
    text = note.encode("ascii", "replace")[:NOTE - 1]
    body = text + bytes(NOTE - len(text)) + ints
    assert HEADER + len(body) <= TABLES
    body += bytes(TABLES - HEADER - len(body)) + q.tobytes() + aq.tobytes()
    head = struct.pack("<8sIIIIII", b"PSTDETW\x01", VERSION, HEADER + len(body), crc32c(body), GRAMS,
                       int(np.log2(len(w))), int(np.log2(len(answer_w))))
    with open(path, "wb") as f:
        f.write(head + hashlib.sha256(body).digest() + body)
