#!/usr/bin/env python3
"""Makes src/inspect/normal/words.inc of words.txt beside it: word_tables.py IN OUT

An open-addressed set of 29-bit hashes; the lowest bit says that the word is one that texts are full of, the next two which
part of an English sentence it is (1 determiner, 2 preposition or conjunction, 3 verb). The hash is that of words.h."""
import sys
from pathlib import Path

SIZE = 8192


def word_hash(word: str) -> int:
    h = 2166136261
    for byte in word.encode("ascii"):
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return (h ^ h >> 15) * 0x2C1B3C6D & 0xFFFFFFFF


def main() -> int:
    source, target = map(Path, sys.argv[1:])
    words: dict[str, int] = {}
    parts: dict[str, int] = {}
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.startswith("stop "):
            words |= {w: 1 for w in line.split(":", 1)[1].split() if len(w) > 1}
        elif line.startswith("part "):
            number, list_ = line[5:].split(":", 1)
            parts |= dict.fromkeys(list_.split(), int(number))
        elif not line.startswith("#"):
            for w in line.split():
                words.setdefault(w, 0)
    table = [0] * SIZE
    for word, stop in sorted(words.items()):
        key = word_hash(word) & 0xFFFFFFF8 | parts.get(word, 0) << 1 | stop
        at = word_hash(word) >> 19
        while table[at] != 0 and table[at] >> 3 != key >> 3:
            at = (at + 1) % SIZE
        assert table[at] == 0 and key > 7, word
        table[at] = key
    out = [f"/* Made by tools/word_tables.py of {len(words)} words. Not to be edited. */", f"enum {{ WORDS_SIZE = {SIZE} }};",
           "", "static const uint32_t words_table[WORDS_SIZE] = {"]
    for at in range(0, SIZE, 12):
        out.append("    " + ",".join(f"0x{key:x}" for key in table[at:at + 12]) + ",")
    target.write_text("\n".join([*out, "};", ""]), encoding="utf-8")
    print(f"{len(words)} words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
