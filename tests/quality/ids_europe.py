"""Identifiers of European countries. Each maker returns the printed forms of one valid value."""
from arith import (DIGITS, UPPER, day, digits, fill, group, icao, luhn, mod11_10, mod97, pick, verhoeff, weigh)

TYPES = []


def T(name, area, gen, labels, keys, cls="check"):
    """cls: `alone` is told without any label, `check` has arithmetic but needs one, `ctx` has no check."""
    TYPES.append((name, area, gen, {k: v.split("|") for k, v in labels.items()}, keys.split(), cls))


def until(make):
    """A maker that draws again where the check digit does not exist."""
    def gen(r):
        while True:
            out = make(r)
            if out:
                return out
    return gen


# --- France
def fr_nir(r):
    d = day(r)
    dept = r.choice(["2A", "2B"]) if r.random() < .1 else f"{r.randint(1, 95):02d}"
    if dept == "20":
        dept = "21"
    s = f"{r.choice('12')}{d:%y%m}{dept}{r.randint(1, 600):03d}{r.randint(1, 600):03d}"
    n = int(s.replace("2A", "19").replace("2B", "18"))
    key = f"{97 - n % 97:02d}"
    return [s + key, group(s, (1, 2, 2, 2, 3, 3)) + " " + key]


def fr_spi(r):
    s = digits(r, 10, "0123")
    return [s + f"{int(s) % 511:03d}", group(s + f"{int(s) % 511:03d}", (2, 2, 3, 3, 3))]


def fr_siren(r):
    s = digits(r, 8, "345789")
    s += luhn(s)
    return [s, group(s, (3, 3, 3))]


def fr_siret(r):
    s = fr_siren(r)[0] + "000" + r.choice("123456789")
    s += luhn(s)
    return [s, group(s, (3, 3, 3, 5))]


def fr_tva(r):
    s = fr_siren(r)[0]
    k = f"{(12 + 3 * (int(s) % 97)) % 97:02d}"
    return ["FR" + k + s, "FR " + k + " " + group(s, (3, 3, 3))]


FR, DE, IT, ES, PT, NL = "fr", "de", "it", "es", "pt", "nl"
T("FR_NIR", "FR", fr_nir, {"fr": "numéro de sécurité sociale|n° de sécu|NIR", "en": "French social security number|INSEE number"}, "nir numero_securite_sociale num_secu", "alone")
T("FR_SPI", "FR", fr_spi, {"fr": "numéro fiscal|numéro SPI|référence fiscale", "en": "French tax number"}, "numero_fiscal spi")
T("FR_SIREN", "FR", fr_siren, {"fr": "SIREN|numéro SIREN", "en": "SIREN number"}, "siren")
T("FR_SIRET", "FR", fr_siret, {"fr": "SIRET|numéro SIRET", "en": "SIRET number"}, "siret")
T("FR_VAT", "FR", fr_tva, {"fr": "TVA intracommunautaire|numéro de TVA", "en": "VAT number"}, "tva vat_number numero_tva", "alone")


# --- Germany, Austria, Switzerland
def de_idnr(r):
    while True:
        s = [r.choice(DIGITS) for _ in range(10)]
        counts = sorted(s.count(c) for c in set(s))
        if s[0] != "0" and counts[-1] in (2, 3) and (counts.count(counts[-1]) == 1) and len(set(s)) == (9 if counts[-1] == 2 else 8) \
                and not any(s[i] == s[i + 1] == s[i + 2] for i in range(8)):
            break
    s = "".join(s)
    s += mod11_10(s)
    return [s, group(s, (2, 3, 3, 3))]


def de_stnr(r):
    return [fill(r, "[12]##/###/#####"), fill(r, "##/###/#####")]


def de_rvnr(r):
    d = day(r)
    a, b, c = fill(r, r.choice(["1#", "2#", "4#", "5#", "6#"])), r.choice(UPPER), f"{r.randint(0, 99):02d}"
    base = f"{a}{d:%d%m%y}{b}{c}"
    num = f"{a}{d:%d%m%y}{ord(b) - 64:02d}{c}"
    total = 0
    for ch, w in zip(num, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)):
        p = int(ch) * w
        total += p // 10 + p % 10
    return [base + str(total % 10), f"{a} {d:%d%m%y} {b} {c}{total % 10}"]


def de_kvnr(r):
    letter, s = r.choice(UPPER), digits(r, 8)
    num = f"{ord(letter) - 64:02d}{s}"
    total = 0
    for i, ch in enumerate(num):
        p = int(ch) * (1 if i % 2 == 0 else 2)
        total += p // 10 + p % 10
    return [letter + s + str(total % 10)]


def de_perso(r):
    s = r.choice("LMNPRTVWXY") + pick(r, "0123456789CFGHJKLMNPRTVWXYZ", 8)
    return [s + icao(s)]


def de_vat(r):
    s = digits(r, 8, "123456789")
    s += mod11_10(s)
    return ["DE" + s, "DE " + group(s, (3, 3, 3))]


def de_lanr(r):
    s = digits(r, 6, "123456789")
    c = -sum(int(x) * w for x, w in zip(s, (4, 9, 4, 9, 4, 9))) % 10
    return [s + str(c) + r.choice(["01", "03", "10", "34", "62"])]


T("DE_TAX_ID", "DE", de_idnr, {"de": "Steuer-ID|Steueridentifikationsnummer|IdNr.", "en": "German tax ID"}, "steuer_id idnr steuerliche_identifikationsnummer")
T("DE_STEUERNUMMER", "DE", de_stnr, {"de": "Steuernummer|St.-Nr.", "en": "Steuernummer"}, "steuernummer", "ctx")
T("DE_RVNR", "DE", de_rvnr, {"de": "Rentenversicherungsnummer|Sozialversicherungsnummer|RVNR", "en": "German pension insurance number"}, "rvnr sozialversicherungsnummer", "alone")
T("DE_KVNR", "DE", de_kvnr, {"de": "Krankenversichertennummer|Versichertennummer|KVNR", "en": "German health insurance number"}, "kvnr versichertennummer")
T("DE_ID_CARD", "DE", de_perso, {"de": "Personalausweisnummer|Ausweisnummer|Personalausweis-Nr.", "en": "German ID card number"}, "personalausweisnummer ausweisnummer")
T("DE_VAT", "DE", de_vat, {"de": "USt-IdNr.|Umsatzsteuer-ID|UStID", "en": "VAT ID"}, "ust_id ustid vat_id", "alone")
T("DE_LANR", "DE", de_lanr, {"de": "LANR|lebenslange Arztnummer|Arztnummer", "en": "LANR"}, "lanr arztnummer")


def at_vnr(r):
    d = day(r)
    while True:
        s = digits(r, 3, "123456789")
        c = weigh(s + f"{d:%d%m%y}", (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11
        if c < 10:
            return [f"{s}{c}{d:%d%m%y}", f"{s}{c} {d:%d%m%y}"]


def at_tin(r):
    s = r.choice(["03", "04", "06", "07", "08", "09", "10", "12", "15", "16"]) + digits(r, 7, "0123456789")
    s = s[:8]
    total = sum(int(c) if i % 2 == 0 else (lambda p: p // 10 + p % 10)(int(c) * 2) for i, c in enumerate(s))
    s += str(-total % 10)
    return [f"{s[:2]}-{s[2:5]}/{s[5:]}", f"{s[:2]} {s[2:5]}/{s[5:]}"]


def at_uid(r):
    s = digits(r, 7)
    total = sum(int(c) if i % 2 == 0 else (lambda p: p // 10 + p % 10)(int(c) * 2) for i, c in enumerate(s))
    return ["ATU" + s + str((6 - total) % 10)]


def ean(s):
    return str(-sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(s)) % 10)


def ch_ahv(r):
    s = "756" + digits(r, 9)
    s += ean(s)
    return [group(s, (3, 4, 4, 2), "."), s, group(s, (3, 4, 4, 2))]


@until
def ch_uid(r):
    s = digits(r, 8, "123456789")
    c = -weigh(s, (5, 4, 3, 2, 7, 6, 5, 4)) % 11
    return c < 10 and [f"CHE-{s[:3]}.{s[3:6]}.{s[6:]}{c}", f"CHE{s}{c}"]


T("AT_SVNR", "AT", at_vnr, {"de": "Sozialversicherungsnummer|SVNR|SV-Nummer", "en": "Austrian social security number"}, "svnr sozialversicherungsnummer")
T("AT_TIN", "AT", at_tin, {"de": "Steuernummer|Abgabenkontonummer", "en": "Austrian tax number"}, "steuernummer abgabenkontonummer")
T("AT_VAT", "AT", at_uid, {"de": "UID-Nummer|UID|Umsatzsteuer-Identifikationsnummer", "en": "VAT number"}, "uid_nummer vat_id", "alone")
T("CH_AHV", "CH", ch_ahv, {"de": "AHV-Nummer|AHV-Nr.|Sozialversicherungsnummer", "fr": "numéro AVS", "it": "numero AVS", "en": "Swiss social security number"}, "ahv_nummer ahv avs", "alone")
T("CH_UID", "CH", ch_uid, {"de": "UID|Unternehmens-Identifikationsnummer", "fr": "numéro IDE", "en": "Swiss company UID"}, "uid ide_number", "alone")


# --- Belgium, Netherlands, Luxembourg
def be_nn(r):
    d = day(r, 1940, 2009)
    s = f"{d:%y%m%d}{r.randint(1, 997):03d}"
    n = int(("2" if d.year >= 2000 else "") + s)
    s += f"{97 - n % 97:02d}"
    return [f"{s[:2]}.{s[2:4]}.{s[4:6]}-{s[6:9]}.{s[9:]}", s, f"{s[:6]}-{s[6:9]}-{s[9:]}"]


def be_vat(r):
    s = "0" + digits(r, 7, "456789")
    s += f"{97 - int(s) % 97:02d}"
    return ["BE" + s, f"BE {s[:4]}.{s[4:7]}.{s[7:]}"]


@until
def nl_bsn(r):
    s = digits(r, 8, "123456789")
    c = weigh(s, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return c < 10 and [s + str(c), group(s + str(c), (4, 2, 3), ".")]


def nl_vat(r):
    b = nl_bsn(r)[0]
    return [f"NL{b}B0{r.randint(1, 9)}"]


def lu_id(r):
    s = f"{day(r):%Y%m%d}" + digits(r, 3)
    return [s + luhn(s) + verhoeff(s)]


def lu_vat(r):
    s = digits(r, 6, "12")
    return [f"LU{s}{int(s) % 89:02d}"]


T("BE_NATIONAL_NUMBER", "BE", be_nn, {"nl": "rijksregisternummer|rijksregister nr.|INSZ", "fr": "numéro de registre national|numéro national", "en": "Belgian national number"}, "rijksregisternummer nrn insz", "alone")
T("BE_VAT", "BE", be_vat, {"nl": "btw-nummer|ondernemingsnummer", "fr": "numéro de TVA|numéro d'entreprise", "en": "VAT number"}, "btw_nummer vat", "alone")
T("NL_BSN", "NL", nl_bsn, {"nl": "BSN|burgerservicenummer|sofinummer", "en": "BSN|Dutch citizen service number"}, "bsn burgerservicenummer")
T("NL_VAT", "NL", nl_vat, {"nl": "btw-nummer|btw-id", "en": "VAT number"}, "btw_nummer btw_id", "alone")
T("LU_NATIONAL_ID", "LU", lu_id, {"fr": "matricule|numéro d'identification national", "de": "Matrikelnummer|Identifikationsnummer", "en": "Luxembourg national ID"}, "matricule")
T("LU_VAT", "LU", lu_vat, {"fr": "numéro de TVA", "de": "USt-IdNr.", "en": "VAT number"}, "tva vat_number", "alone")


# --- Spain, Portugal, Italy
DNI = "TRWAGMYFPDXBNJZSQVHLCKE"


def es_dni(r):
    s = digits(r, 8)
    c = DNI[int(s) % 23]
    return [s + c, s + "-" + c, f"{s[:2]}.{s[2:5]}.{s[5:]}-{c}", s + c.lower()]


def es_nie(r):
    p, s = r.choice("XYZ"), digits(r, 7)
    c = DNI[int(str("XYZ".index(p)) + s) % 23]
    return [p + s + c, f"{p}-{s}-{c}"]


def es_cif(r):
    k, s = r.choice("ABCDEFGHJNPQRSUVW"), r.choice(["08", "28", "46", "41", "48"]) + digits(r, 5)
    c = int(luhn(s))
    return [k + s + ("JABCDEFGHI"[c] if k in "PQRSNW" else str(c))]


def es_nss(r):
    prov, s = f"{r.randint(1, 50):02d}", digits(r, 8, "123456789")
    c = f"{int(prov + s) % 97:02d}"
    return [f"{prov}/{s}/{c}", prov + s + c, f"{prov} {s} {c}"]


def es_cups(r):
    s = r.choice(["0021", "0031", "0022"]) + digits(r, 12)
    c0, c1 = divmod(int(s) % 529, 23)
    return ["ES" + s + DNI[c0] + DNI[c1], "ES" + s + DNI[c0] + DNI[c1] + "0F"]


@until
def es_ccc(r):
    bank, branch, acc = digits(r, 4, "0123"), digits(r, 4), digits(r, 10)

    def check(s):
        c = 11 - weigh(s, (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11
        return str({10: 1, 11: 0}.get(c, c))
    k = check("00" + bank + branch) + check(acc)
    return [bank + branch + k + acc, f"{bank} {branch} {k} {acc}", f"{bank}-{branch}-{k}-{acc}"]


def pt_nif(r):
    s = digits(r, 8, "123")
    c = 11 - weigh(s, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    s += str(0 if c >= 10 else c)
    return [s, group(s, (3, 3, 3))]


def pt_cc(r):
    s = digits(r, 9) + pick(r, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1) + r.choice(UPPER)
    s = s[:9] + r.choice("0Z") + r.choice("XYZ")
    total = 0
    for i, c in enumerate(reversed(s)):
        v = int(c, 36) * (2 if i % 2 == 0 else 1)
        total += v - 9 if v > 9 and i % 2 == 0 else v
    s += str(-total % 10)
    return [f"{s[:8]} {s[8]} {s[9:]}", s]


def pt_niss(r):
    s = digits(r, 10, "12")
    c = 9 - weigh(s, (29, 23, 19, 17, 13, 11, 7, 5, 3, 2)) % 10
    return [s + str(c)]


def it_cf(r):
    cons = "BCDFGLMNPRSTVZ"
    s = pick(r, cons, 6)
    d = day(r)
    female = r.random() < .5
    s += f"{d:%y}" + "ABCDEHLMPRST"[d.month - 1] + f"{d.day + 40 * female:02d}" + r.choice("ABCDEFGHIL") + fill(r, "[0123456789]##")
    odd = dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)))
    odd.update(zip(UPPER, (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)))
    total = sum(odd[c] if i % 2 == 0 else (int(c) if c.isdigit() else ord(c) - 65) for i, c in enumerate(s))
    s += UPPER[total % 26]
    return [s, s.lower(), group(s, (3, 3, 5, 5))]


def it_iva(r):
    s = digits(r, 7, "0") + r.choice(["001", "015", "058", "063", "080"])
    s += luhn(s)
    return [s, "IT" + s]


T("ES_DNI", "ES", es_dni, {"es": "DNI|NIF|documento de identidad", "en": "Spanish DNI"}, "dni nif", "alone")
T("ES_NIE", "ES", es_nie, {"es": "NIE|número de extranjero", "en": "NIE"}, "nie", "alone")
T("ES_CIF", "ES", es_cif, {"es": "CIF|NIF de la empresa", "en": "Spanish CIF"}, "cif nif_empresa")
T("ES_NSS", "ES", es_nss, {"es": "número de la Seguridad Social|número de afiliación|NUSS", "en": "Spanish social security number"}, "nss nuss numero_seguridad_social")
T("ES_CUPS", "ES", es_cups, {"es": "CUPS|código CUPS", "en": "CUPS code"}, "cups", "alone")
T("ES_CCC", "ES", es_ccc, {"es": "cuenta bancaria|CCC|número de cuenta", "en": "Spanish bank account"}, "ccc cuenta_bancaria numero_cuenta")
T("PT_NIF", "PT", pt_nif, {"pt": "NIF|contribuinte|número de contribuinte", "en": "Portuguese NIF"}, "nif contribuinte")
T("PT_CC", "PT", pt_cc, {"pt": "Cartão de Cidadão|número do cartão de cidadão", "en": "Portuguese citizen card"}, "cartao_cidadao cc_numero", "alone")
T("PT_NISS", "PT", pt_niss, {"pt": "NISS|número da Segurança Social", "en": "Portuguese social security number"}, "niss")
T("IT_FISCAL_CODE", "IT", it_cf, {"it": "codice fiscale|C.F.|cod. fisc.", "en": "Italian fiscal code|codice fiscale"}, "codice_fiscale cf", "alone")
T("IT_VAT", "IT", it_iva, {"it": "partita IVA|P.IVA", "en": "Italian VAT number"}, "partita_iva piva")


# --- Nordic countries
def se_pnr(r):
    d = day(r)
    s = f"{d:%y%m%d}" + digits(r, 3)
    c = luhn(s)
    return [f"{s[:6]}-{s[6:]}{c}", f"{d:%Y%m%d}-{s[6:]}{c}", f"{d:%Y%m%d}{s[6:]}{c}"]


def se_org(r):
    s = r.choice(["556", "559", "802", "969"]) + digits(r, 6)
    s = s[:2] + r.choice("23456789") + s[3:]
    s += luhn(s)
    return [s[:6] + "-" + s[6:]]


def dk_cpr(r):
    d = day(r, 1940, 1999)
    seq = digits(r, 4, "0123")
    return [f"{d:%d%m%y}-{seq}", f"{d:%d%m%y}{seq}"]


@until
def dk_cvr(r):
    s = digits(r, 7, "123")
    c = -weigh(s, (2, 7, 6, 5, 4, 3, 2)) % 11
    return c < 10 and [s + str(c), group(s + str(c), (2, 2, 2, 2))]


@until
def no_fnr(r):
    d = day(r, 1940, 1999)
    s = f"{d:%d%m%y}{r.randint(0, 499):03d}"
    k1 = -weigh(s, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
    k2 = -weigh(s + str(k1 % 10), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return k1 < 10 and k2 < 10 and [f"{s}{k1}{k2}", f"{s[:6]} {s[6:]}{k1}{k2}"]


@until
def no_org(r):
    s = digits(r, 8, "89")
    c = -weigh(s, (3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return c < 10 and [s + str(c), group(s + str(c), (3, 3, 3))]


@until
def no_konto(r):
    s = digits(r, 10, "1234569")
    c = -weigh(s, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return c < 10 and [group(s + str(c), (4, 2, 5), "."), group(s + str(c), (4, 2, 5)), s + str(c)]


def fi_hetu(r):
    d = day(r, 1940, 2009)
    sep = r.choice("-YXWVU") if d.year < 2000 else r.choice("ABCDEF")
    if r.random() < .6:
        sep = "-" if d.year < 2000 else "A"
    n = f"{r.randint(2, 899):03d}"
    return [f"{d:%d%m%y}{sep}{n}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(f'{d:%d%m%y}' + n) % 31]}"]


@until
def fi_y(r):
    s = digits(r, 7, "0123")
    c = -weigh(s, (7, 9, 10, 5, 8, 4, 2)) % 11
    return c < 10 and [f"{s}-{c}"]


@until
def is_kt(r):
    d = day(r, 1940, 1999)
    s = f"{d:%d%m%y}{r.randint(20, 99)}"
    c = -weigh(s, (3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return c < 10 and [f"{s[:6]}-{s[6:]}{c}9", f"{s}{c}9"]


T("SE_PERSONNUMMER", "SE", se_pnr, {"sv": "personnummer|pers.nr", "en": "Swedish personal number"}, "personnummer pnr", "alone")
T("SE_ORGNR", "SE", se_org, {"sv": "organisationsnummer|org.nr", "en": "Swedish company number"}, "organisationsnummer orgnr")
T("DK_CPR", "DK", dk_cpr, {"da": "CPR-nummer|CPR-nr.|personnummer", "en": "Danish CPR number"}, "cpr cpr_nummer", "ctx")
T("DK_CVR", "DK", dk_cvr, {"da": "CVR-nummer|CVR", "en": "Danish CVR number"}, "cvr cvr_nummer")
T("NO_FODSELSNUMMER", "NO", no_fnr, {"no": "fødselsnummer|personnummer|fnr", "en": "Norwegian national ID"}, "fodselsnummer fnr", "alone")
T("NO_ORGNR", "NO", no_org, {"no": "organisasjonsnummer|org.nr.", "en": "Norwegian company number"}, "orgnr organisasjonsnummer")
T("NO_BANK_ACCOUNT", "NO", no_konto, {"no": "kontonummer|bankkonto", "en": "Norwegian bank account"}, "kontonummer konto")
T("FI_HETU", "FI", fi_hetu, {"fi": "henkilötunnus|hetu|sotu", "sv": "personbeteckning", "en": "Finnish personal identity code"}, "henkilotunnus hetu", "alone")
T("FI_BUSINESS_ID", "FI", fi_y, {"fi": "Y-tunnus", "en": "Finnish business ID"}, "y_tunnus business_id")
T("IS_KENNITALA", "IS", is_kt, {"is": "kennitala", "en": "Icelandic kennitala"}, "kennitala")


# --- Baltic countries, central and eastern Europe
def baltic(s):
    c = weigh(s, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    return str(c if c < 10 else weigh(s, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10)


def baltic_id(r):
    d = day(r, 1940, 2005)
    s = str((3 if d.year < 2000 else 5) + r.randint(0, 1)) + f"{d:%y%m%d}" + digits(r, 3)
    return [s + baltic(s)]


@until
def lv_pk(r):
    d = day(r, 1940, 1999)
    s = f"{d:%d%m%y}1" + digits(r, 3)
    c = (1101 - weigh(s, (1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11
    return c < 10 and [f"{s[:6]}-{s[6:]}{c}", f"{s}{c}"]


def pl_pesel(r):
    d = day(r, 1940, 2009)
    s = f"{d:%y}{d.month + (20 if d.year >= 2000 else 0):02d}{d:%d}" + digits(r, 4)
    return [s + str(-weigh(s, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)]


@until
def pl_nip(r):
    s = digits(r, 9, "156789")
    c = weigh(s, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11
    s += str(c)
    return c < 10 and [s, group(s, (3, 3, 2, 2), "-"), group(s, (3, 2, 2, 3), "-"), "PL" + s]


def pl_regon(r):
    s = f"{r.choice(range(1, 98, 2)):02d}" + digits(r, 6)
    return [s + str(weigh(s, (8, 9, 2, 3, 4, 5, 6, 7)) % 11 % 10)]


def pl_idcard(r):
    a, s = "A" + pick(r, "BCDEFGHIJKLMNPRSTUWXYZ", 2), digits(r, 5)
    total = sum(int(c, 36) * w for c, w in zip(a, (7, 3, 1))) + weigh(s, (7, 3, 1, 7, 3))
    return [f"{a}{total % 10}{s}", f"{a} {total % 10}{s}"]


@until
def cz_rc(r):
    d = day(r, 1955, 2003)
    m = d.month + 50 * r.randint(0, 1)
    s = f"{d:%y}{m:02d}{d:%d}" + digits(r, 3)
    c = int(s) % 11
    return c < 10 and [f"{s[:6]}/{s[6:]}{c}", f"{s}{c}"]


def cz_dic(r):
    s = digits(r, 7, "124678")
    c = (11 - weigh(s, (8, 7, 6, 5, 4, 3, 2)) % 11) % 10
    return [f"CZ{s}{c}"]


def cz_acc(r):
    while True:
        p, s = digits(r, 5, "123"), digits(r, 9, "123456789")
        cp = -weigh(p, (10, 5, 8, 4, 2)) % 11
        cs = -weigh(s, (6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11
        if cp < 10 and cs < 10:
            bank = r.choice(["0100", "0300", "0800", "2010", "5500", "0600"])
            return [f"{s}{cs}/{bank}", f"{p}{cp}-{s}{cs}/{bank}"]


def hu_taj(r):
    s = digits(r, 8)
    s += str(weigh(s, (3, 7, 3, 7, 3, 7, 3, 7)) % 10)
    return [group(s, (3, 3, 3)), s, group(s, (3, 3, 3), "-")]


@until
def hu_tax(r):
    s = "8" + f"{r.randint(26000, 49000)}" + digits(r, 3)
    c = weigh(s, (1, 2, 3, 4, 5, 6, 7, 8, 9)) % 11
    return c < 10 and [s + str(c)]


def hu_vat(r):
    s = digits(r, 7, "12")
    s += str(-weigh(s, (9, 7, 3, 1, 9, 7, 3)) % 10)
    return [f"{s}-{r.choice('12')}-{r.choice(['41', '42', '13', '08', '02'])}", "HU" + s]


def ro_cnp(r):
    d = day(r, 1940, 2005)
    s = str((1 if d.year < 2000 else 5) + r.randint(0, 1)) + f"{d:%y%m%d}{r.randint(1, 46):02d}{r.randint(1, 999):03d}"
    c = weigh(s, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return [s + str(1 if c == 10 else c)]


def ro_cui(r):
    s = digits(r, 7, "123456789")
    c = str(weigh(s.zfill(9), (7, 5, 3, 2, 1, 7, 5, 3, 2)) * 10 % 11 % 10)
    return ["RO" + s + c, s + c]


def bg_egn(r):
    d = day(r, 1940, 2005)
    s = f"{d:%y}{d.month + (40 if d.year >= 2000 else 0):02d}{d:%d}" + digits(r, 3)
    return [s + str(weigh(s, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10)]


def hr_oib(r):
    s = digits(r, 10)
    return [s + mod11_10(s)]


@until
def ex_yu(r, region="50"):
    d = day(r, 1945, 2004)
    s = f"{d:%d%m}{d.year % 1000:03d}{region}{r.randint(0, 999):03d}"
    c = -weigh(s, (7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return c < 10 and [s + str(c)]


@until
def si_tax(r):
    s = digits(r, 7, "1456789")
    c = 11 - weigh(s, (8, 7, 6, 5, 4, 3, 2)) % 11
    return c < 11 and ["SI" + s + str(c % 10), s + str(c % 10)]


def rs_pib(r):
    s = "10" + digits(r, 6)
    return [s + mod11_10(s)]


def gr_afm(r):
    s = r.choice("0189") + digits(r, 7)
    c = sum(int(ch) << (8 - i) for i, ch in enumerate(s)) % 11 % 10
    return [s + str(c), "EL" + s + str(c)]


def gr_amka(r):
    s = f"{day(r):%d%m%y}" + digits(r, 4)
    return [s + luhn(s)]


def sk_rc(r):
    return cz_rc(r)


T("EE_ISIKUKOOD", "EE", baltic_id, {"et": "isikukood", "en": "Estonian personal code"}, "isikukood")
T("LT_ASMENS_KODAS", "LT", baltic_id, {"lt": "asmens kodas", "en": "Lithuanian personal code"}, "asmens_kodas")
T("LV_PERSONAS_KODS", "LV", lv_pk, {"lv": "personas kods", "en": "Latvian personal code"}, "personas_kods")
T("PL_PESEL", "PL", pl_pesel, {"pl": "PESEL|numer PESEL", "en": "PESEL"}, "pesel")
T("PL_NIP", "PL", pl_nip, {"pl": "NIP|numer NIP", "en": "Polish tax number NIP"}, "nip")
T("PL_REGON", "PL", pl_regon, {"pl": "REGON|numer REGON", "en": "REGON"}, "regon")
T("PL_ID_CARD", "PL", pl_idcard, {"pl": "dowód osobisty|numer dowodu osobistego|seria i numer dowodu", "en": "Polish ID card"}, "dowod_osobisty nr_dowodu")
T("CZ_RODNE_CISLO", "CZ", cz_rc, {"cs": "rodné číslo|r. č.|RČ", "en": "Czech birth number"}, "rodne_cislo rc", "alone")
T("CZ_DIC", "CZ", cz_dic, {"cs": "DIČ", "en": "Czech VAT number"}, "dic", "alone")
T("CZ_BANK_ACCOUNT", "CZ", cz_acc, {"cs": "číslo účtu|bankovní účet", "en": "Czech bank account"}, "cislo_uctu ucet", "alone")
T("SK_RODNE_CISLO", "SK", sk_rc, {"sk": "rodné číslo", "en": "Slovak birth number"}, "rodne_cislo")
T("HU_TAJ", "HU", hu_taj, {"hu": "TAJ szám|TAJ-szám|társadalombiztosítási azonosító", "en": "Hungarian social security number TAJ"}, "taj taj_szam")
T("HU_TAX_ID", "HU", hu_tax, {"hu": "adóazonosító jel|adóazonosító", "en": "Hungarian personal tax ID"}, "adoazonosito")
T("HU_VAT", "HU", hu_vat, {"hu": "adószám", "en": "Hungarian tax number"}, "adoszam")
T("RO_CNP", "RO", ro_cnp, {"ro": "CNP|cod numeric personal", "en": "Romanian CNP"}, "cnp", "alone")
T("RO_CUI", "RO", ro_cui, {"ro": "CUI|cod fiscal|CIF", "en": "Romanian company code CUI"}, "cui cod_fiscal")
T("BG_EGN", "BG", bg_egn, {"bg": "ЕГН|единен граждански номер", "en": "Bulgarian EGN"}, "egn")
T("HR_OIB", "HR", hr_oib, {"hr": "OIB|osobni identifikacijski broj", "en": "Croatian OIB"}, "oib")
T("SI_EMSO", "SI", ex_yu, {"sl": "EMŠO|matična številka", "en": "Slovenian EMŠO"}, "emso", "alone")
T("SI_VAT", "SI", si_tax, {"sl": "davčna številka|ID za DDV", "en": "Slovenian tax number"}, "davcna_stevilka")
T("RS_PIB", "RS", rs_pib, {"sr": "ПИБ|PIB", "en": "Serbian tax number PIB"}, "pib")
T("RS_JMBG", "RS", lambda r: ex_yu(r), {"sr": "JMBG|ЈМБГ|матични број", "en": "JMBG"}, "jmbg", "alone")
T("GR_AFM", "GR", gr_afm, {"el": "ΑΦΜ|Α.Φ.Μ.", "en": "Greek tax number AFM"}, "afm")
T("GR_AMKA", "GR", gr_amka, {"el": "ΑΜΚΑ|Α.Μ.Κ.Α.", "en": "Greek social security number AMKA"}, "amka")


# --- UK and Ireland
def gb_nino(r):
    while True:
        p = r.choice("ABCEGHJKLMNOPRSTWXYZ") + r.choice("ABCEGHJKLMNPRSTWXYZ")
        if p not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"):
            break
    s = p + digits(r, 6) + r.choice("ABCD")
    return [s, group(s, (2, 2, 2, 2, 1)), s.lower()]


def gb_utr(r):
    s = digits(r, 9)
    return ["21987654321"[weigh(s, (6, 7, 8, 9, 10, 5, 4, 3, 2)) % 11] + s]


@until
def gb_nhs(r):
    s = digits(r, 9, "4679")
    c = 11 - weigh(s, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    s += str(c % 11)
    return c != 10 and [group(s, (3, 3, 4)), s, group(s, (3, 3, 4), "-")]


@until
def gb_chi(r):
    s = f"{day(r):%d%m%y}" + digits(r, 3)
    c = 11 - weigh(s, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return c != 10 and [s + str(c % 11)]


def gb_vat(r):
    s = digits(r, 7, "123456789")
    s += f"{97 - weigh(s, (8, 7, 6, 5, 4, 3, 2)) % 97:02d}"
    return ["GB" + s, "GB " + group(s, (3, 4, 2))]


def gb_upn(r):
    s = digits(r, 3, "2389") + digits(r, 9)
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    s = r.choice(["201", "301", "823", "919", "330"]) + s[3:]
    return [letters[sum(int(c) * w for c, w in zip(s, range(2, 14))) % 23] + s]


def gb_dl(r):
    d = day(r)
    n = pick(r, "ABCDEGHLMNORSTW", 5)
    m = d.month + 50 * r.randint(0, 1)
    return [f"{n}{d:%y}"[:6] + f"{m:02d}{d:%d}{d:%y}"[:-1] + f"{d.year % 10}" + fill(r, "@@9@@")]


def gb_dl_real(r):
    d = day(r)
    m = d.month + 50 * r.randint(0, 1)
    return [pick(r, "ABCDEGHLMNORSTW", 5) + str(d.year // 10 % 10) + f"{m:02d}{d:%d}{d.year % 10}" + fill(r, "[ABCDEJKLMNPRST][9ABCDEGHJ]") + "9" + fill(r, "[ABCDEFGHIJK][ABEFHJLNRTUVXYZ]")]


def gb_sort(r):
    s, a = digits(r, 6, "123456789"), digits(r, 8)
    return [f"{group(s, (2, 2, 2), '-')} {a}"]


def gb_pass(r):
    return [digits(r, 9, "1235")]


IE_CHECK = "WABCDEFGHIJKLMNOPQRSTUV"


def ie_pps(r):
    s = digits(r, 7)
    tail = r.choice(["", "A", "W", "A"])
    n = weigh(s, (8, 7, 6, 5, 4, 3, 2)) + 9 * (0 if tail in ("", "W") else ord(tail) - 64)
    return [s + IE_CHECK[n % 23] + tail]


def ie_vat(r):
    s = digits(r, 7, "123456789")
    return ["IE" + s + IE_CHECK[weigh(s, (8, 7, 6, 5, 4, 3, 2)) % 23]]


T("UK_NINO", "GB", gb_nino, {"en": "National Insurance number|NI number|NINO"}, "nino ni_number national_insurance_number", "alone")
T("UK_UTR", "GB", gb_utr, {"en": "UTR|Unique Taxpayer Reference"}, "utr")
T("UK_NHS", "GB", gb_nhs, {"en": "NHS number|NHS no."}, "nhs_number nhs_no")
T("UK_CHI", "GB", gb_chi, {"en": "CHI number|CHI"}, "chi_number chi")
T("UK_VAT", "GB", gb_vat, {"en": "VAT number|VAT reg. no."}, "vat_number vat", "alone")
T("UK_UPN", "GB", gb_upn, {"en": "UPN|unique pupil number"}, "upn")
T("UK_DRIVING_LICENCE", "GB", gb_dl_real, {"en": "driving licence number|driver number"}, "driving_licence licence_number", "alone")
T("UK_PASSPORT", "GB", gb_pass, {"en": "UK passport number|British passport no."}, "passport_number passport_no", "ctx")
T("IE_PPS", "IE", ie_pps, {"en": "PPS number|PPSN"}, "ppsn pps_number", "alone")
T("IE_VAT", "IE", ie_vat, {"en": "VAT number"}, "vat_number", "alone")


# --- Russia, Ukraine, Belarus, Turkey
def ru_inn(r):
    s = f"{r.choice([77, 78, 50, 66, 16, 23]):02d}" + digits(r, 8)
    a = weigh(s, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    b = weigh(s + str(a), (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    return [f"{s}{a}{b}"]


def ru_inn10(r):
    s = f"{r.choice([77, 78, 50, 66, 16, 23]):02d}" + digits(r, 7)
    return [s + str(weigh(s, (2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10)]


def ru_snils(r):
    s = digits(r, 9, "123456789")
    c = weigh(s, (9, 8, 7, 6, 5, 4, 3, 2, 1)) % 101 % 100
    return [f"{s[:3]}-{s[3:6]}-{s[6:]} {c:02d}", f"{s}{c:02d}"]


def ru_ogrn(r):
    s = r.choice("15") + f"{r.randint(2, 23):02d}77" + digits(r, 7)
    return [s + str(int(s) % 11 % 10)]


def ru_pass(r):
    return [fill(r, "[4][0156]"), ][0:0] + [fill(r, "4[0156] [012]# ######"), fill(r, "4[0156][012]# ######")]


def ua_tin(r):
    s = f"{r.randint(15000, 38000)}" + digits(r, 4)
    return [s + str(weigh(s, (-1, 5, 7, 9, 4, 6, 10, 5, 7)) % 11 % 10)]


def ua_edrpou(r):
    s = digits(r, 7, "0")
    w = (1, 2, 3, 4, 5, 6, 7)
    s = "3" + s[1:] if r.random() < .5 else "2" + s[1:]
    if "30000000" < s + "0" < "60000000":
        w = (7, 1, 2, 3, 4, 5, 6)
    c = weigh(s, w) % 11
    if c == 10:
        c = weigh(s, tuple(x + 2 for x in w)) % 11 % 10
    return [s + str(c)]


@until
def by_unp(r):
    s = digits(r, 8, "123456")
    c = weigh(s, (29, 23, 19, 17, 13, 7, 5, 3)) % 11
    return c < 10 and [s + str(c)]


def tr_tckn(r):
    s = digits(r, 9, "123456789")
    d = [int(c) for c in s]
    a = (sum(d[0::2]) * 7 - sum(d[1::2])) % 10
    return [f"{s}{a}{(sum(d) + a) % 10}"]


def tr_vkn(r):
    s = digits(r, 9, "123456789")
    total = 0
    for i, c in enumerate(reversed(s), 1):
        p = (int(c) + i) % 10
        if p:
            total += (p * 2 ** i) % 9 or 9
    return [s + str(-total % 10)]


T("RU_INN", "RU", ru_inn, {"ru": "ИНН|ИНН физлица", "en": "Russian INN"}, "inn")
T("RU_INN_ORG", "RU", ru_inn10, {"ru": "ИНН организации|ИНН", "en": "INN"}, "inn")
T("RU_SNILS", "RU", ru_snils, {"ru": "СНИЛС|номер СНИЛС", "en": "SNILS"}, "snils", "alone")
T("RU_OGRN", "RU", ru_ogrn, {"ru": "ОГРН", "en": "OGRN"}, "ogrn")
T("RU_PASSPORT", "RU", ru_pass, {"ru": "паспорт|серия и номер паспорта|паспорт РФ", "en": "Russian passport"}, "passport pasport", "ctx")
T("UA_RNOKPP", "UA", ua_tin, {"uk": "РНОКПП|ІПН|податковий номер", "en": "Ukrainian tax number"}, "rnokpp ipn")
T("UA_EDRPOU", "UA", ua_edrpou, {"uk": "ЄДРПОУ|код ЄДРПОУ", "en": "EDRPOU"}, "edrpou")
T("BY_UNP", "BY", by_unp, {"be": "УНП", "ru": "УНП", "en": "Belarus UNP"}, "unp")
T("TR_TCKN", "TR", tr_tckn, {"tr": "TC kimlik no|T.C. Kimlik Numarası|TCKN", "en": "Turkish ID number"}, "tckn tc_kimlik_no")
T("TR_VKN", "TR", tr_vkn, {"tr": "vergi kimlik numarası|vergi no|VKN", "en": "Turkish tax number"}, "vkn vergi_no")
