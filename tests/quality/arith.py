"""Check-digit arithmetic and checksums, written from the published algorithms, and small makers.

Independent of the C code on purpose: what is measured here must not share its mistakes.
"""
import datetime
import hashlib
import string

DIGITS, UPPER, LOWER = string.digits, string.ascii_uppercase, string.ascii_lowercase
B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ALNUM = DIGITS + UPPER


def pick(r, alphabet, n):
    return "".join(r.choice(alphabet) for _ in range(n))


def digits(r, n, first="0123456789"):
    return r.choice(first) + pick(r, DIGITS, n - 1) if n else ""


def fill(r, pattern):
    """`#` a digit, `%` 1-9, `^` 2-9, `@` a capital letter, `?` a capital or digit, `[..]` one of these."""
    out, i = [], 0
    while i < len(pattern):
        c = pattern[i]
        if c == "[":
            end = pattern.index("]", i)
            out.append(r.choice(pattern[i + 1:end]))
            i = end
        else:
            out.append({"#": lambda: r.choice(DIGITS), "%": lambda: r.choice("123456789"),
                        "^": lambda: r.choice("23456789"), "@": lambda: r.choice(UPPER),
                        "?": lambda: r.choice(ALNUM)}.get(c, lambda c=c: c)())
        i += 1
    return "".join(out)


def group(s, sizes, sep=" "):
    out, i = [], 0
    for n in sizes:
        out.append(s[i:i + n])
        i += n
    if s[i:]:
        out.append(s[i:])
    return sep.join(p for p in out if p)


def day(r, first=1940, last=2006):
    start = datetime.date(first, 1, 1).toordinal()
    return datetime.date.fromordinal(r.randint(start, datetime.date(last, 12, 31).toordinal()))


def luhn(s):
    """Check digit to put after `s`."""
    total = 0
    for i, c in enumerate(reversed(s)):
        d = int(c) * (2 if i % 2 == 0 else 1)
        total += d - 9 if d > 9 else d
    return str(-total % 10)


def luhn_base(s, alphabet):
    n = len(alphabet)
    total = 0
    for i, c in enumerate(reversed(s)):
        d = alphabet.index(c) * (2 if i % 2 == 0 else 1)
        total += d // n + d % n
    return alphabet[-total % n]


def weigh(s, weights):
    return sum(int(c) * w for c, w in zip(s, weights))


def mod11_10(s):
    """ISO 7064 mod 11,10."""
    check = 5
    for c in s:
        check = (((check or 10) * 2) % 11 + int(c)) % 10
    return str((1 - ((check or 10) * 2) % 11) % 10)


def mod11_2(s):
    """ISO 7064 mod 11-2."""
    check = 0
    for c in s:
        check = (check + int(c)) * 2 % 11
    check = (12 - check) % 11
    return "X" if check == 10 else str(check)


def mod97(s):
    """ISO 7064 mod 97-10: two digits to append to `s` (letters count 10 to 35)."""
    n = int("".join(str(int(c, 36)) for c in s) + "00")
    return f"{98 - n % 97:02d}"


VERHOEFF_D = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 0, 6, 7, 8, 9, 5], [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
              [3, 4, 0, 1, 2, 8, 9, 5, 6, 7], [4, 0, 1, 2, 3, 9, 5, 6, 7, 8], [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
              [6, 5, 9, 8, 7, 1, 0, 4, 3, 2], [7, 6, 5, 9, 8, 2, 1, 0, 4, 3], [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
              [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]]
VERHOEFF_P = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4], [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
              [8, 9, 1, 6, 0, 4, 3, 5, 2, 7], [9, 4, 5, 3, 1, 2, 6, 8, 7, 0], [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
              [2, 7, 9, 3, 8, 0, 6, 4, 1, 5], [7, 0, 4, 6, 9, 1, 3, 2, 5, 8]]


def verhoeff(s):
    c = 0
    for i, d in enumerate(reversed(s)):
        c = VERHOEFF_D[c][VERHOEFF_P[(i + 1) % 8][int(d)]]
    return str(VERHOEFF_D[c].index(0))


def icao(s):
    """7-3-1 check of travel documents."""
    return str(sum(int(c, 36) * (7, 3, 1)[i % 3] for i, c in enumerate(s)) % 10)


def base58(raw):
    n, out = int.from_bytes(raw, "big"), ""
    while n:
        n, rest = divmod(n, 58)
        out = B58[rest] + out
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + out


def base58check(raw):
    return base58(raw + hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4])


BECH = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32(hrp, version, program):
    """BIP 173 for version 0, BIP 350 above."""
    acc = bits = 0
    data = [version]
    for b in program:
        acc, bits = acc << 8 | b, bits + 8
        while bits >= 5:
            bits -= 5
            data.append(acc >> bits & 31)
    if bits:
        data.append(acc << (5 - bits) & 31)

    def polymod(values):
        chk = 1
        for v in values:
            top = chk >> 25
            chk = (chk & 0x1FFFFFF) << 5 ^ v
            for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                chk ^= g if top >> i & 1 else 0
        return chk
    expand = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]
    const = polymod(expand + data + [0] * 6) ^ (1 if version == 0 else 0x2BC830A3)
    data += [const >> 5 * (5 - i) & 31 for i in range(6)]
    return hrp + "1" + "".join(BECH[d] for d in data)


def keccak256(data):
    """The original Keccak padding (0x01), which hashlib does not offer."""
    mask = (1 << 64) - 1
    rate = 136

    def rol(x, n):
        n %= 64
        return (x << n | x >> (64 - n)) & mask if n else x
    data = bytearray(data) + b"\x01"
    data += b"\0" * (-len(data) % rate)
    data[-1] |= 0x80
    a = [[0] * 5 for _ in range(5)]
    for off in range(0, len(data), rate):
        for i in range(rate // 8):
            a[i % 5][i // 5] ^= int.from_bytes(data[off + 8 * i:off + 8 * i + 8], "little")
        lfsr = 1
        for _ in range(24):
            c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
            for x in range(5):
                d = c[x - 1] ^ rol(c[(x + 1) % 5], 1)
                for y in range(5):
                    a[x][y] ^= d
            x, y, cur = 1, 0, a[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                cur, a[x][y] = a[x][y], rol(cur, (t + 1) * (t + 2) // 2)
            for y in range(5):
                row = [a[x][y] for x in range(5)]
                for x in range(5):
                    a[x][y] = row[x] ^ (~row[(x + 1) % 5] & mask & row[(x + 2) % 5])
            for j in range(7):
                if lfsr & 1:
                    a[0][0] ^= 1 << ((1 << j) - 1)
                lfsr = (lfsr << 1) ^ (0x171 if lfsr & 0x80 else 0)
                lfsr &= 0xFF if not lfsr >> 8 else 0x1FF
    return b"".join(a[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


def eip55(raw):
    text = raw.hex()
    h = keccak256(text.encode()).hex()
    return "0x" + "".join(c.upper() if int(h[i], 16) >= 8 else c for i, c in enumerate(text))
