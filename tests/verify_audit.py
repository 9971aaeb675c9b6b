#!/usr/bin/env python3
"""Verifies a Postern log with nothing of Postern: written from docs/evidence.md alone.

    verify_audit.py LOG_FOLDER [VKEY_FILE]

Prints one line and exits 0 when the log is whole, 1 when it is not. Signatures are checked when a
verifier key is given and the Python package `cryptography` is there; the line says which.
"""
import base64, hashlib, json, pathlib, re, struct, sys

TABLE = []
for i in range(256):
    for _ in range(8):
        i = (i >> 1) ^ (0x82F63B78 if i & 1 else 0)
    TABLE.append(i)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def need(condition, what):
    if not condition:
        raise ValueError(what)


def read_key(path):
    name, key_id, blob = pathlib.Path(path).read_text().strip().split("+", 2)
    blob = base64.b64decode(blob, validate=True)
    need(blob[0] == 1 and len(blob) == 33, "the key is not Ed25519")
    need(sha(name.encode(), b"\n", blob)[:4].hex() == key_id, "the key id is wrong")
    return name, bytes.fromhex(key_id), blob[1:]


def check_note(note, origin, heads, key):
    """True when a signature was verified."""
    text, lines = note.rsplit("\n\n", 1)
    name, size, root = text.split("\n")
    need(name == origin, "a checkpoint is for another log")
    need(heads[int(size)] == base64.b64decode(root, validate=True), "a checkpoint names another history")
    if key is None:
        return False
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    for line in lines.splitlines():
        dash, signer, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        if (dash, signer, blob[:4]) == ("\u2014", key[0], key[1]):
            Ed25519PublicKey.from_public_bytes(key[2]).verify(blob[4:], (text + "\n").encode())
            return True
    raise ValueError("the key has not signed a checkpoint")


def verify(folder, key):
    heads, number, signed, origin, log_id = [], 0, 0, None, None
    names = sorted((f for f in folder.iterdir() if re.fullmatch(r"seg-\d{8,}\.log", f.name)),
                   key=lambda f: int(f.name[4:-4]))
    if names and not any(names[-1].read_bytes()[:256]):
        names.pop()  # created, never begun
    need(names, "there is no segment")
    for path in names:
        data = path.read_bytes()
        need(len(data) >= 256 and data[:8] == b"PSTNLOG\n", f"{path.name}: no header")
        version, size, this, first, length, _ = struct.unpack_from("<IIQQQQ", data, 8)
        need(struct.unpack_from("<I", data, 252)[0] == crc32c(data[:252]), f"{path.name}: header checksum")
        need((version, size, length) == (1, 256, len(data)), f"{path.name}: size or version")
        name = data[96:160].rstrip(b"\0").decode("ascii")
        if not heads:
            origin, log_id = name, data[80:96]
            heads.append(sha(b"\2", log_id, name.encode()))
        need((this, first, data[48:80], data[80:96], name) ==
             (number + 1, len(heads) - 1, heads[-1], log_id, origin), f"{path.name}: does not follow")
        number, at = this, 256
        while at + 4 <= len(data) and (n := struct.unpack_from("<I", data, at)[0]):
            need(n <= 65535 and at + 8 + n <= len(data), f"{path.name}, byte {at}: length")
            text = data[at + 4:at + 4 + n]
            need(struct.unpack_from("<I", data, at + 4 + n)[0] == crc32c(data[at:at + 4 + n]),
                 f"{path.name}, byte {at}: checksum")
            record = json.loads(text)
            canonical = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            need(canonical.encode() == text, f"{path.name}, byte {at}: not canonical")
            need(record["seq"] == len(heads) - 1, f"{path.name}, byte {at}: index")
            if record["kind"] == "checkpoint":
                signed += check_note(record["note"], origin, heads, key)
            heads.append(sha(b"\1", heads[-1], sha(b"\0", text)))
            at += 8 + n
        need(not data[at:].strip(b"\0"), f"{path.name}: data behind byte {at}")
    return len(names), len(heads) - 1, heads[-1].hex(), signed


if __name__ == "__main__":
    try:
        key = read_key(sys.argv[2]) if len(sys.argv) > 2 else None
        try:
            import cryptography  # noqa: F401
        except ImportError:
            key = None
        files, records, head, signed = verify(pathlib.Path(sys.argv[1]), key)
    except Exception as error:
        print(f"BROKEN {type(error).__name__}: {error}")
        sys.exit(1)
    print(f"GOOD {files} segments, {records} records, chain {head}, "
          + (f"{signed} signatures" if key else "signatures not checked"))
