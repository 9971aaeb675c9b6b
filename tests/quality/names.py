"""Which names of the scanner's types mean which of ours. A name not listed here has to be equal, or equal without its
filler words; the same number under two names (a VAT number that is a company number) is right under either."""
import re

SAME = {}
FILLER = {"NUMBER", "NO", "ID", "CODE", "ADDRESS", "NATIONAL", "PERSONAL", "IDENTIFICATION", "CARD"}


def squeeze(name):
    words = name.replace("GB_", "UK_").split("_")
    return frozenset(w for w in words if w not in FILLER) or frozenset(words)


def match(mine, theirs):
    """→ own type → accepted names, of the names that the scanner has."""
    out = {}
    for m in mine:
        accepted = {t for t in theirs if t == m or squeeze(t) == squeeze(m)}
        accepted |= {t for t in theirs if any(re.fullmatch(p, t) for p in SAME.get(m, ()))}
        out[m] = accepted or {m}
    return out
