#!/usr/bin/env python3
"""Makes src/inspect/normal/unicode.inc: unicode_tables.py UCD CONFUSABLES OUT

UCD: the folder of Debian's package unicode-data (15.0.0-1, /usr/share/unicode). CONFUSABLES: confusables.json of
Debian's python3-confusable-homoglyphs (3.2.0-2), a rendering of the consortium's confusables.txt. Both are data of
Unicode, Inc. under the Unicode licence (https://www.unicode.org/license.txt), which allows use and redistribution.
The look-alikes of whole alphabets and the one-to-one ornaments are written below."""
import json
import re
import sys
import unicodedata
from pathlib import Path

VERSION = "15.0.0"
NONE, LATIN, GREEK, CYRILLIC, ARMENIAN, HEBREW, ARABIC, INDIC, SEA, CJK, CAPITALS, MONGOL, FANCY, OTHER = range(14)
SIGN, LETTER, MARK, DIGIT, UNSEEN, PICTURE, SPACE = range(7)
COMPAT, MAYBE, STYLED = 1 << 7, 1 << 8, 1 << 9
SCRIPTS = {
    "Latin": LATIN, "Greek": GREEK, "Coptic": GREEK, "Cyrillic": CYRILLIC, "Armenian": ARMENIAN, "Hebrew": HEBREW,
    "Arabic": ARABIC, "Syriac": ARABIC, "Thaana": ARABIC, "Nko": ARABIC, "Adlam": ARABIC, "Hanifi_Rohingya": ARABIC,
    "Mandaic": ARABIC,
    **dict.fromkeys("Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Tibetan "
                    "Meetei_Mayek Ol_Chiki Chakma Sharada Grantha Newa Tirhuta Limbu Lepcha Balinese Javanese "
                    "Sundanese Buginese Tai_Viet Tai_Tham Cham".split(), INDIC),
    **dict.fromkeys("Thai Lao Khmer Myanmar Tai_Le New_Tai_Lue".split(), SEA),
    **dict.fromkeys("Han Hiragana Katakana Bopomofo Hangul Yi".split(), CJK),
    **dict.fromkeys("Cherokee Lisu Canadian_Aboriginal Vai Osage Bamum".split(), CAPITALS), "Mongolian": MONGOL,
    **dict.fromkeys("Runic Ogham Egyptian_Hieroglyphs Anatolian_Hieroglyphs Gothic Deseret Shavian Linear_A Linear_B "
                    "Phoenician Cuneiform Old_Italic Ugaritic Old_Persian Cypriot Glagolitic Old_Turkic Carian Lycian "
                    "Lydian Old_Hungarian Old_Permic Elbasan Caucasian_Albanian Nabataean Palmyrene Hatran "
                    "Imperial_Aramaic Old_South_Arabian Old_North_Arabian Cypro_Minoan Vithkuqi Duployan "
                    "SignWriting Medefaidrin".split(), FANCY),
}
# Alphabets drawn with what is left when NFKC is done: the letters a to z in order, '.' where there is none.
ALPHABETS = {
    "small capitals": "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡ.ʏᴢ",
    "turned": "ɐ....ɟƃɥᴉɾʞ.ɯ....ɹ.ʇ.ʌʍ.ʎ.", # not those that are letters of a language: ɔ, ǝ, ı
    "regional": "".join(chr(0x1F1E6 + i) for i in range(26)),
    "circled dark": "".join(chr(0x1F150 + i) for i in range(26)),
    "squared dark": "".join(chr(0x1F170 + i) for i in range(26)),
    "runes": "ᚨᛒᚳᛞᛖᚠᚷᚺᛁᛃᚲᛚᛗᚾᛟᛈᛩᚱᛊᛏᚢᚡᚹ.ᛦᛉ",
    "runes, other": "ᚪᛓᛍ.ᛂᚥᚵᚻᛇᛄᛕᛛᛘᚿᚩᛔ..ᛋᛐᚣ.ᚥ.ᚤᛎ",
    "ogham": "ᚐᚁᚉᚇᚓᚃᚌᚆᚔᚗᚖᚂᚋᚅᚑᚚᚊᚏᚄᚈᚒᚕ..ᚘᚎ",
    "hieroglyphs": "𓄿𓃀𓎢𓂧𓇋𓆑𓎼𓉔𓇋𓆓𓎡𓃭𓅓𓈖𓍯𓊪𓏘𓂋𓋴𓏏𓅱𓆯𓃥.𓇌𓊃",
    "deseret": "𐐈𐐒𐐗𐐔𐐇𐐙𐐘𐐐𐐆𐐖𐐗𐐢𐐣𐐤𐐉𐐑.𐐡𐐝𐐓𐐅𐐚𐐎.𐐏𐐞",
    "gothic": "𐌰𐌱𐌺𐌳𐌴𐍆𐌲𐌷𐌹𐌾𐌺𐌻𐌼𐌽𐍉𐍀𐌵𐍂𐍃𐍄𐌿𐍅𐍅𐍇𐍅𐌶",
    "old italic": "𐌀𐌁𐌂𐌃𐌄𐌅𐌂𐌇𐌉.𐌊𐌋𐌌𐌍𐌏𐌐𐌒𐌓𐌔𐌕𐌖𐌖𐌖𐌗.𐌆",
    "in parentheses": "".join(chr(0x249C + i) for i in range(26)),
    "capitals in parentheses": "".join(chr(0x1F110 + i) for i in range(26)),
    "phoenician": "𐤀𐤁.𐤃𐤄𐤅𐤂𐤇𐤉.𐤊𐤋𐤌𐤍𐤏𐤐𐤒𐤓𐤔𐤕..... 𐤆".replace(" ", ""),
}
PIQAD = ["a", "b", "ch", "d", "e", "gh", "h", "i", "j", "l", "m", "n", "ng", "o", "p", "q", "q", "r", "s", "t", "tlh", "u", "v",
         "w", "y"]
# Letters that only look like Latin ones, as writers of disguised words use them; honest words hold no Latin besides.
FAUX = {
    "а": "a", "в": "b", "с": "c", "е": "e", "н": "h", "і": "i", "ї": "i", "ј": "j", "к": "k", "м": "m", "о": "o", "р": "p", "ѕ": "s",
    "т": "t", "у": "y", "ү": "y", "х": "x", "я": "r", "и": "n", "й": "n", "п": "n", "л": "n", "є": "e", "э": "e", "ё": "e", "д": "a",
    "ш": "w", "щ": "w", "ц": "u", "ч": "y", "ф": "o", "ж": "x", "ь": "b", "б": "b", "ъ": "b", "ы": "bi", "г": "r", "з": "3", "ю": "io",
    "ԁ": "d", "ԛ": "q", "ԝ": "w", "һ": "h", "ӏ": "l", "ґ": "r", "ѵ": "v", "ѡ": "w", "ђ": "h", "ћ": "h", "ѓ": "r", "ќ": "k", "ң": "h",
    "қ": "k", "ғ": "f", "ө": "o", "ә": "e", "ҽ": "e", "ѐ": "e", "ѝ": "n", "ў": "y", "џ": "u", "љ": "jb", "њ": "hb",
    "α": "a", "β": "b", "γ": "y", "δ": "d", "ε": "e", "ζ": "z", "η": "n", "θ": "o", "ι": "i", "κ": "k", "λ": "a", "μ": "u", "ν": "v",
    "ξ": "e", "ο": "o", "π": "n", "ρ": "p", "ς": "s", "σ": "o", "τ": "t", "υ": "u", "φ": "o", "χ": "x", "ψ": "w", "ω": "w", "ϲ": "c",
    "ϳ": "j", "ϱ": "p", "ά": "a", "έ": "e", "ή": "n", "ί": "i", "ό": "o", "ύ": "u", "ώ": "w", "ϊ": "i", "ϋ": "u",
    "ա": "w", "զ": "q", "հ": "h", "ո": "n", "ռ": "n", "ս": "u", "օ": "o", "ց": "g", "ք": "f", "ե": "t", "յ": "j", "ֆ": "s", "է": "e",
    "լ": "l", "ր": "r", "պ": "w", "ց": "g",
}


def ranges(path: Path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if m := re.match(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*(\w+)(?:\s*;\s*(\w+))?", line):
            yield int(m[1], 16), int(m[2] or m[1], 16), m[3], m[4]


def properties(ucd: Path) -> list[int]:
    script, category = [NONE] * 0x110000, ["Cn"] * 0x110000
    for a, b, name, _ in ranges(ucd / "Scripts.txt"):
        for cp in range(a, b + 1):
            script[cp] = NONE if name in ("Common", "Inherited") else SCRIPTS.get(name, OTHER)
    for a, b, name, _ in ranges(ucd / "extracted/DerivedGeneralCategory.txt"):
        for cp in range(a, b + 1):
            category[cp] = name
    kinds = {"L": LETTER, "M": MARK, "N": DIGIT, "Z": SPACE, "P": SIGN, "S": SIGN, "C": SIGN}
    prop = [script[cp] | kinds[category[cp][0]] << 4 for cp in range(0x110000)]
    for cp in range(0x110000):
        if category[cp] == "So" or (category[cp] == "Sk" and cp >= 0x1F000):
            prop[cp] = prop[cp] & 15 | PICTURE << 4
        if category[cp] == "Co":
            prop[cp] = FANCY | LETTER << 4
        if category[cp] in ("Nl", "No") and script[cp] == NONE:
            prop[cp] = SIGN << 4
        if category[cp] in ("Cf",):
            prop[cp] = prop[cp] & 15 | UNSEEN << 4
    for a, b, name, _ in ranges(ucd / "DerivedCoreProperties.txt"):
        if name == "Default_Ignorable_Code_Point":
            for cp in range(a, b + 1):
                prop[cp] = prop[cp] & 15 | UNSEEN << 4
    # Arabic and Syriac signs before numbers are seen
    for cp in [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2]:
        prop[cp] = ARABIC | SIGN << 4
    for a, b, name, value in ranges(ucd / "DerivedNormalizationProps.txt"):
        if name == "NFKC_QC":
            for cp in range(a, b + 1):
                prop[cp] |= COMPAT if value == "N" else MAYBE
    for a, b, name, _ in ranges(ucd / "extracted/DerivedCombiningClass.txt"):
        if name != "0":
            for cp in range(a, b + 1):
                prop[cp] |= MAYBE
    for cp in range(0x1160, 0x1200):
        prop[cp] |= MAYBE
    return prop


def ascii_of(cp: int) -> str:
    text = unicodedata.normalize("NFKC", chr(cp))
    return text.lower() if text.isascii() and re.fullmatch(r"\(?[A-Za-z0-9]{1,2}\)?\.?", text) else ""


def ornaments() -> dict[int, str]:
    """Letters that stand for one Latin letter though NFKC leaves them."""
    out = {}
    for letters in ALPHABETS.values():
        assert len(letters) == 26, (letters, len(letters))
        for i, char in enumerate(letters):
            if char != ".":
                out.setdefault(ord(char), chr(97 + i))
                if len(char.lower()) == 1:
                    out.setdefault(ord(char.lower()), chr(97 + i))
    for i, name in enumerate(PIQAD):
        out[0xF8D0 + i] = name
    for rune, text in {"ᚦ": "th", "ᛜ": "ng", "ᛝ": "ng", "ᛥ": "st", "ᚫ": "ae", "ᛠ": "ea", "ᛢ": "cw"}.items():
        out[ord(rune)] = text
    return out


def confusables(path: Path, ornament: dict[int, str]) -> dict[int, str]:
    """Characters of other scripts that look like one ASCII letter or digit."""
    out = {}
    table = json.loads(path.read_text(encoding="utf-8"))
    for char, alike in table.items():
        if len(char) != 1 or ord(char) < 128 or unicodedata.category(char)[0] in "MZ":
            continue
        names = sorted((a["c"] for a in alike if re.fullmatch("[A-Za-z0-9]{1,2}", a["c"])), key=lambda c: (len(c), not c.isalpha()))
        if names:
            out[ord(char)] = names[0].lower()
    for char, text in FAUX.items():
        out[ord(char)] = text
    for char, text in FAUX.items():  # a capital may look like another letter: η is n, Η is h
        if len(char.upper()) == 1:
            out.setdefault(ord(char.upper()), text)
    for cp, text in ornament.items():
        out.pop(cp, None)
    return {cp: text for cp, text in out.items() if not ascii_of(cp)}


def strong(cp: int, text: str, table: dict) -> bool:
    """The consortium says they are alike, not only a writer of disguises."""
    return any(a["c"].lower() == text for c in (chr(cp), chr(cp).lower()) for a in table.get(c, []) if a["c"].isascii())


def put_pairs(out: list[str], name: str, rows: list[tuple]) -> None:
    out.append(f"static const struct twin {name}[] = {{")
    cells = [f'{{0x{cp:x}, "{text}", {sure}}}' for cp, text, sure in rows]
    for at in range(0, len(cells), 8):
        out.append("    " + ", ".join(cells[at:at + 8]) + ",")
    out += ["};", ""]


def main() -> int:
    ucd, confusing, path = map(Path, sys.argv[1:])
    prop = properties(ucd)
    ornament = ornaments()
    for cp in ornament:
        prop[cp] &= ~COMPAT  # the letter alone, without its parentheses
    for cp in range(0x80, 0x110000):
        if (prop[cp] & COMPAT and ascii_of(cp)) or cp in ornament:
            prop[cp] |= STYLED
    blocks, index = {}, []
    for at in range(0, 0x110000, 64):
        index.append(blocks.setdefault(tuple(prop[at:at + 64]), len(blocks)))
    while len(index) > 1 and index[-1] == index[-2]:
        index.pop()
    out = [f"/* Made by tools/unicode_tables.py from the Unicode Character Database {VERSION} and confusables.txt;",
           " * data of Unicode, Inc., https://www.unicode.org/license.txt. Not to be edited. */",
           f'#define UNICODE_VERSION "{VERSION}"', f"enum {{ UNICODE_INDEX = {len(index)} }};", "",
           "static const uint16_t unicode_index[] = {"]
    for at in range(0, len(index), 24):
        out.append("    " + ",".join(map(str, index[at:at + 24])) + ",")
    out += ["};", "", "static const uint16_t unicode_blocks[][64] = {"]
    for block in blocks:
        out.append("    {" + ",".join(map(str, block)) + "},")
    out += ["};", ""]
    put_pairs(out, "unicode_ornaments", [(cp, text, 1) for cp, text in sorted(ornament.items())])
    table = json.loads(confusing.read_text(encoding="utf-8"))
    alike = confusables(confusing, ornament)
    put_pairs(out, "unicode_alike", [(cp, text, int(strong(cp, text, table))) for cp, text in sorted(alike.items())])
    path.write_text("\n".join(out), encoding="utf-8")
    print(f"{len(blocks)} blocks, {len(ornament)} ornaments, {len(alike)} look-alikes, {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
