"""Identifiers of countries outside Europe, and the health numbers of all of them."""
from arith import (ALNUM, DIGITS, UPPER, day, digits, fill, group, luhn, luhn_base, mod11_2, mod11_10, pick, verhoeff,
                   weigh)
from ids_europe import until

TYPES = []


def T(name, area, gen, labels, keys, cls="check"):
    TYPES.append((name, area, gen, {k: v.split("|") for k, v in labels.items()}, keys.split(), cls))


# --- United States and Canada
def us_ssn(r):
    a = r.choice([x for x in range(1, 772) if x not in (666, 78, 219)])
    s = f"{a:03d}", f"{r.randint(1, 99):02d}", f"{r.randint(1, 9999):04d}"
    return ["-".join(s), "".join(s), " ".join(s)]


def us_itin(r):
    g = r.choice([*range(50, 66), *range(70, 89), 90, 91, 92, *range(94, 100)])
    s = f"9{r.randint(0, 99):02d}", f"{g}", f"{r.randint(1, 9999):04d}"
    return ["-".join(s), "".join(s)]


def us_atin(r):
    s = f"9{r.randint(0, 99):02d}", "93", f"{r.randint(1, 9999):04d}"
    return ["-".join(s)]


def us_ein(r):
    return [fill(r, r.choice(["12", "20", "27", "36", "45", "52", "61", "77", "83", "94"]) + "-#######")]


def us_ptin(r):
    return [fill(r, "P0#######")]


@until
def us_aba(r):
    s = f"{r.choice([*range(1, 13), *range(21, 33)]):02d}" + digits(r, 6)
    return [s + str(-weigh(s, (3, 7, 1, 3, 7, 1, 3, 7)) % 10)]


def us_npi(r):
    s = digits(r, 9, "12")
    return [s + luhn("80840" + s)]


def us_dea(r):
    s = digits(r, 6)
    c = (int(s[0]) + int(s[2]) + int(s[4]) + 2 * (int(s[1]) + int(s[3]) + int(s[5]))) % 10
    return [r.choice("ABFGMP") + r.choice(UPPER) + s + str(c)]


def us_mbi(r):
    a = "[ACDEFGHJKMNPQRTUVWXY]"
    an = "[0123456789ACDEFGHJKMNPQRTUVWXY]"
    s = fill(r, f"%{a}{an}#{a}{an}#{a}{a}##")
    return [s, group(s, (4, 3, 4), "-")]


def us_passport(r):
    return [fill(r, "[1-9]########".replace("[1-9]", "[3456]")), fill(r, "[ABCY]########")]


def us_dl(r):
    return [fill(r, p) for p in ("[DEFY]#######", "@###-####-####", "@############")]


def us_account(r):
    return [digits(r, r.choice([8, 9, 10, 12]), "123456789")]


def ca_sin(r):
    s = digits(r, 8, "1245679")
    s += luhn(s)
    return [group(s, (3, 3, 3)), group(s, (3, 3, 3), "-"), s]


def ca_bn(r):
    s = digits(r, 8, "178")
    s += luhn(s)
    return [s + r.choice(["RT", "RP", "RC"]) + "0001", group(s, (5, 4)) + " RT0001"]


def ca_ohip(r):
    s = digits(r, 9, "123456789")
    s += luhn(s)
    return [group(s, (4, 3, 3), "-") + "-" + pick(r, UPPER, 2), group(s, (4, 3, 3), "-"), s]


@until
def ca_phn(r):
    s = "9" + digits(r, 8)
    c = 11 - weigh(s[1:], (2, 4, 8, 5, 10, 9, 7, 3)) % 11
    return c < 10 and [s + str(c), group(s + str(c), (4, 3, 3))]


def ca_transit(r):
    return [fill(r, "#####-00[1236]-#######")]


def ca_passport(r):
    return [fill(r, "@@######")]


def ca_postcode(r):
    return [fill(r, "[KLMNPTV]#[ABCEGHJKLMNPRSTVXY] #[ABCEGHJKLMNPRSTVXY]#")]


T("US_SSN", "US", us_ssn, {"en": "SSN|Social Security number|social security no.", "es": "número de Seguro Social"}, "ssn social_security_number", "check")
T("US_ITIN", "US", us_itin, {"en": "ITIN|Individual Taxpayer Identification Number"}, "itin")
T("US_ATIN", "US", us_atin, {"en": "ATIN|adoption taxpayer identification number"}, "atin", "ctx")
T("US_EIN", "US", us_ein, {"en": "EIN|Employer Identification Number|Federal tax ID"}, "ein employer_id federal_tax_id")
T("US_PTIN", "US", us_ptin, {"en": "PTIN|preparer tax identification number"}, "ptin", "ctx")
T("US_ABA", "US", us_aba, {"en": "routing number|ABA routing number|ABA"}, "routing_number aba routing")
T("US_BANK_ACCOUNT", "US", us_account, {"en": "account number|checking account number|bank account no."}, "account_number bank_account", "ctx")
T("US_NPI", "US", us_npi, {"en": "NPI|National Provider Identifier"}, "npi")
T("US_DEA", "US", us_dea, {"en": "DEA number|DEA registration"}, "dea dea_number", "check")
T("US_MBI", "US", us_mbi, {"en": "Medicare Beneficiary Identifier|MBI|Medicare number"}, "mbi medicare_number")
T("US_PASSPORT", "US", us_passport, {"en": "US passport number|passport no."}, "passport_number passport", "ctx")
T("US_DRIVER_LICENSE", "US", us_dl, {"en": "driver's license number|driver license|DL number"}, "driver_license drivers_license_number", "ctx")
T("CA_SIN", "CA", ca_sin, {"en": "SIN|Social Insurance Number", "fr": "NAS|numéro d'assurance sociale"}, "sin social_insurance_number")
T("CA_BN", "CA", ca_bn, {"en": "business number|GST/HST number", "fr": "numéro d'entreprise"}, "business_number gst_number")
T("CA_OHIP", "CA", ca_ohip, {"en": "OHIP number|Ontario health card|health card number"}, "ohip health_card")
T("CA_BC_PHN", "CA", ca_phn, {"en": "PHN|Personal Health Number|BC Services Card"}, "phn")
T("CA_BANK_ACCOUNT", "CA", ca_transit, {"en": "transit and account number|bank account (transit-institution-account)"}, "bank_account transit_number", "ctx")
T("CA_PASSPORT", "CA", ca_passport, {"en": "Canadian passport number"}, "passport_number", "ctx")


# --- Latin America
def br_cpf(r):
    s = digits(r, 9)
    a = weigh(s, range(10, 1, -1)) * 10 % 11 % 10
    b = weigh(s + str(a), range(11, 1, -1)) * 10 % 11 % 10
    return [f"{s[:3]}.{s[3:6]}.{s[6:]}-{a}{b}", f"{s}{a}{b}"]


def cnpj(s):
    v = [ord(c) - 48 for c in s]
    for _ in range(2):
        w = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2] if len(v) == 12 else [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
        c = sum(a * b for a, b in zip(v, w)) % 11
        v.append(0 if c < 2 else 11 - c)
    return s + f"{v[12]}{v[13]}"


def br_cnpj(r):
    s = cnpj(digits(r, 8) + "0001")
    return [f"{s[:2]}.{s[2:5]}.{s[5:8]}/{s[8:12]}-{s[12:]}", s]


def br_cnpj_alnum(r):
    s = cnpj(fill(r, "@?#?@#?#") + "0001")
    return [f"{s[:2]}.{s[2:5]}.{s[5:8]}/{s[8:12]}-{s[12:]}", s]


@until
def br_pis(r):
    s = digits(r, 10, "12")
    c = -weigh(s, (3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    c = 0 if c == 10 else c
    return [s + str(c), f"{s[:3]}.{s[3:8]}.{s[8:]}-{c}"]


def br_cnh(r):
    while True:
        s = digits(r, 9)
        a = weigh(s, range(9, 0, -1)) % 11
        b = weigh(s, range(1, 10)) % 11
        if a < 10 and b < 10:
            return [f"{s}{a}{b}"]


def br_titulo(r):
    s, uf = digits(r, 8), f"{r.randint(3, 28):02d}"
    a = weigh(s, range(2, 10)) % 11
    a = 0 if a == 10 else a
    b = weigh(uf + str(a), (7, 8, 9)) % 11
    b = 0 if b == 10 else b
    return [f"{s}{uf}{a}{b}", group(f"{s}{uf}{a}{b}", (4, 4, 4))]


def mx_curp(r):
    d = day(r)
    cons = "BCDFGHJKLMNPQRSTVWXZ"
    s = f"{r.choice(cons)}{r.choice('AEIOU')}{r.choice('GMLRS')}{r.choice('JMLRP')}{d:%y%m%d}{r.choice('HM')}" + \
        r.choice(["DF", "JC", "NL", "MC", "PL", "VZ", "GT"]) + pick(r, cons, 3)
    s += r.choice(DIGITS) if d.year < 2000 else r.choice("ABC")
    alphabet = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ"
    return [s + str(-sum((18 - i) * alphabet.index(c) for i, c in enumerate(s)) % 10)]


def mx_rfc(r):
    d = day(r)
    s = f"{r.choice('BCDFGHLMRST')}{r.choice('AEO')}{r.choice('GMLRS')}{r.choice('JMLRT')}{d:%y%m%d}" + pick(r, ALNUM, 2)
    alphabet = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
    n = sum((13 - i) * alphabet.index(c) for i, c in enumerate(s)) % 11
    return [s + {0: "0", 1: "A"}.get(n, str(11 - n))]


def mx_clabe(r):
    s = r.choice(["002", "012", "014", "021", "072", "646"]) + f"{r.randint(10, 899):03d}" + digits(r, 11)
    c = sum(int(ch) * (3, 7, 1)[i % 3] % 10 for i, ch in enumerate(s))
    return [s + str(-c % 10)]


def mx_nss(r):
    s = digits(r, 10, "0123456789")
    return [s + luhn(s)]


@until
def ar_cuit(r):
    s = r.choice(["20", "27", "23", "30"]) + digits(r, 8, "123456789")
    c = 11 - weigh(s, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return c != 10 and [f"{s[:2]}-{s[2:]}-{c % 11}", f"{s}{c % 11}"]


def ar_cbu(r):
    b = r.choice(["011", "014", "017", "072", "285"]) + digits(r, 4)
    a = digits(r, 13)
    return [b + str(-weigh(b, (7, 1, 3, 9, 7, 1, 3)) % 10) + a + str(-weigh(a, (3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3)) % 10)]


def ar_dni(r):
    s = digits(r, 8, "1234")
    return [f"{s[:2]}.{s[2:5]}.{s[5:]}", s]


def cl_rut(r):
    s = digits(r, 8, "12")
    total = sum(int(c) * (2 + i % 6) for i, c in enumerate(reversed(s)))
    k = "0123456789K0"[11 - total % 11] if total % 11 else "0"
    return [f"{s[:2]}.{s[2:5]}.{s[5:]}-{k}", f"{s}-{k}", f"{s}-{k.lower()}"]


def co_nit(r):
    s = digits(r, 9, "89")
    c = sum(int(ch) * w for ch, w in zip(reversed(s), (3, 7, 13, 17, 19, 23, 29, 37, 41))) % 11
    c = c if c < 2 else 11 - c
    return [f"{s[:3]}.{s[3:6]}.{s[6:]}-{c}", f"{s}-{c}"]


def pe_ruc(r):
    s = r.choice(["10", "20"]) + digits(r, 8)
    c = (11 - weigh(s, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 10
    return [s + str(c)]


def ec_ci(r):
    s = f"{r.randint(1, 24):02d}" + digits(r, 7, "012345")
    return [s + luhn(s), s[:9] + "-" + luhn(s)]


def uy_rut(r):
    while True:
        s = f"{r.randint(1, 21):02d}" + digits(r, 6, "123456789") + "001"
        c = -weigh(s, (4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
        if c < 10:
            return [s + str(c)]


def uy_ci(r):
    s = digits(r, 7, "123456")
    c = -weigh(s, (2, 9, 8, 7, 6, 3, 4)) % 10
    return [f"{s[0]}.{s[1:4]}.{s[4:]}-{c}", f"{s}-{c}"]


def ve_rif(r):
    k, s = r.choice("VEJPG"), digits(r, 8, "0123")
    c = {"V": 4, "E": 8, "J": 12, "P": 16, "G": 20}[k] + weigh(s, (3, 2, 7, 6, 5, 4, 3, 2))
    return [f"{k}-{s}-{'00987654321'[c % 11]}", f"{k}{s}{'00987654321'[c % 11]}"]


def do_cedula(r):
    s = r.choice(["001", "031", "402", "223"]) + digits(r, 7)
    return [f"{s[:3]}-{s[3:]}-{luhn(s)}", s + luhn(s)]


T("BR_CPF", "BR", br_cpf, {"pt": "CPF|CPF do titular", "en": "Brazilian CPF"}, "cpf", "alone")
T("BR_CNPJ", "BR", br_cnpj, {"pt": "CNPJ|CNPJ da empresa", "en": "CNPJ"}, "cnpj", "alone")
T("BR_CNPJ_ALNUM", "BR", br_cnpj_alnum, {"pt": "CNPJ|CNPJ alfanumérico", "en": "CNPJ"}, "cnpj", "alone")
T("BR_PIS", "BR", br_pis, {"pt": "PIS|PIS/PASEP|NIS"}, "pis pis_pasep")
T("BR_CNH", "BR", br_cnh, {"pt": "CNH|carteira de motorista"}, "cnh")
T("BR_VOTER_ID", "BR", br_titulo, {"pt": "título de eleitor|título eleitoral"}, "titulo_eleitor")
T("MX_CURP", "MX", mx_curp, {"es": "CURP|clave CURP", "en": "CURP"}, "curp", "alone")
T("MX_RFC", "MX", mx_rfc, {"es": "RFC|RFC con homoclave", "en": "RFC"}, "rfc", "alone")
T("MX_CLABE", "MX", mx_clabe, {"es": "CLABE|CLABE interbancaria", "en": "CLABE"}, "clabe")
T("MX_NSS", "MX", mx_nss, {"es": "NSS|número de seguridad social IMSS"}, "nss")
T("AR_CUIT", "AR", ar_cuit, {"es": "CUIT|CUIL|CUIT/CUIL", "en": "CUIT"}, "cuit cuil", "alone")
T("AR_CBU", "AR", ar_cbu, {"es": "CBU|CBU de la cuenta", "en": "CBU"}, "cbu", "alone")
T("AR_DNI", "AR", ar_dni, {"es": "DNI|documento"}, "dni", "ctx")
T("CL_RUT", "CL", cl_rut, {"es": "RUT|RUN", "en": "Chilean RUT"}, "rut run", "alone")
T("CO_NIT", "CO", co_nit, {"es": "NIT", "en": "Colombian NIT"}, "nit")
T("PE_RUC", "PE", pe_ruc, {"es": "RUC|número de RUC", "en": "Peruvian RUC"}, "ruc")
T("EC_CEDULA", "EC", ec_ci, {"es": "cédula|cédula de identidad|C.I."}, "cedula")
T("UY_RUT", "UY", uy_rut, {"es": "RUT|RUC"}, "rut")
T("UY_CI", "UY", uy_ci, {"es": "cédula de identidad|C.I."}, "ci cedula")
T("VE_RIF", "VE", ve_rif, {"es": "RIF"}, "rif")
T("DO_CEDULA", "DO", do_cedula, {"es": "cédula|cédula de identidad y electoral"}, "cedula")


# --- India, Middle East, Africa
def in_aadhaar(r):
    s = digits(r, 11, "23456789")
    s += verhoeff(s)
    return [group(s, (4, 4, 4)), s, group(s, (4, 4, 4), "-")]


def in_pan(r):
    return [fill(r, "@@@[PCHFAT]@%###@")]


def in_gstin(r):
    s = f"{r.choice([27, 29, 7, 33, 24, 9, 36]):02d}" + fill(r, "@@@[PCF]@%###@") + "1Z"
    return [s + luhn_base(s, ALNUM)]


def in_epic(r):
    s = digits(r, 6)
    return [pick(r, UPPER, 3) + s + luhn(s)]


def in_ifsc(r):
    return [r.choice(["SBIN", "HDFC", "ICIC", "UTIB", "PUNB", "KKBK"]) + "0" + fill(r, "00####")]


def in_upi(r):
    return [r.choice(["ravi", "priya", "anil.k", "shop", "meena"]) + fill(r, "##") + "@" + r.choice(["okaxis", "ybl", "paytm", "oksbi", "upi"])]


def in_passport(r):
    return [fill(r, "[KLMNPRSTUVZ][1-9]######".replace("[1-9]", "%"))]


def il_id(r):
    s = digits(r, 8, "023")
    return [s + luhn(s)]


def sa_id(r):
    s = digits(r, 9, "12")
    return [s + luhn(s)]


def ae_id(r):
    s = f"784{day(r).year}" + digits(r, 7)
    s += luhn(s)
    return [f"{s[:3]}-{s[3:7]}-{s[7:14]}-{s[14]}", s]


def za_id(r):
    s = f"{day(r):%y%m%d}" + digits(r, 4) + r.choice("01") + "8"
    return [s + luhn(s), f"{s[:6]} {s[6:10]} {s[10:]}{luhn(s)}"]


def ke_pin(r):
    return [fill(r, "A#########@")]


def eg_id(r):
    d = day(r)
    return [("2" if d.year < 2000 else "3") + f"{d:%y%m%d}" + r.choice(["01", "02", "21", "12", "14"]) + digits(r, 5)]


def ng_nin(r):
    s = digits(r, 10, "123456789")
    return [s + verhoeff(s)]


def ma_ice(r):
    s = "00" + digits(r, 7, "123") + "0000"
    return [s + mod97(s) if False else s + f"{97 - int(s) * 100 % 97:02d}"]


def tn_mf(r):
    s = digits(r, 7)
    letters = "ABCDEFGHJKLMNPQRSTVWXYZ"
    return [f"{s}{r.choice(letters)}/{r.choice('ABPDN')}/{r.choice('MPCN')}/000"]


T("IN_AADHAAR", "IN", in_aadhaar, {"hi": "आधार|आधार नंबर|आधार संख्या", "en": "Aadhaar number|Aadhaar|UIDAI no."}, "aadhaar aadhaar_number")
T("IN_PAN", "IN", in_pan, {"hi": "पैन|पैन नंबर", "en": "PAN card number|PAN|income tax PAN"}, "pan pan_number")
T("IN_GSTIN", "IN", in_gstin, {"hi": "जीएसटी नंबर", "en": "GSTIN|GST number"}, "gstin gst_no", "alone")
T("IN_EPIC", "IN", in_epic, {"hi": "मतदाता पहचान पत्र", "en": "EPIC number|voter ID"}, "epic voter_id")
T("IN_IFSC", "IN", in_ifsc, {"hi": "आईएफएससी कोड", "en": "IFSC|IFSC code"}, "ifsc ifsc_code", "ctx")
T("IN_UPI", "IN", in_upi, {"hi": "यूपीआई आईडी", "en": "UPI ID|UPI|VPA"}, "upi upi_id vpa", "ctx")
T("IN_PASSPORT", "IN", in_passport, {"hi": "पासपोर्ट नंबर", "en": "Indian passport number|passport no."}, "passport_no", "ctx")
T("IL_ID", "IL", il_id, {"he": "תעודת זהות|ת.ז.|מספר זהות", "en": "Israeli ID number|Teudat Zehut"}, "teudat_zehut israeli_id")
T("SA_ID", "SA", sa_id, {"ar": "رقم الهوية الوطنية|رقم الإقامة|رقم الهوية", "en": "Saudi national ID|Iqama number"}, "iqama national_id")
T("AE_EMIRATES_ID", "AE", ae_id, {"ar": "رقم الهوية الإماراتية|الهوية الإماراتية", "en": "Emirates ID"}, "emirates_id", "alone")
T("ZA_ID", "ZA", za_id, {"en": "South African ID number|SA ID|RSA ID number", "af": "ID-nommer"}, "id_number sa_id")
T("KE_PIN", "KE", ke_pin, {"en": "KRA PIN|Kenyan PIN"}, "kra_pin", "ctx")
T("EG_NATIONAL_ID", "EG", eg_id, {"ar": "الرقم القومي|رقم البطاقة", "en": "Egyptian national ID"}, "national_id")
T("NG_NIN", "NG", ng_nin, {"en": "NIN|National Identification Number"}, "nin")
T("MA_ICE", "MA", ma_ice, {"fr": "ICE|identifiant commun de l'entreprise", "ar": "التعريف الموحد للمقاولة"}, "ice")
T("TN_MF", "TN", tn_mf, {"fr": "matricule fiscal"}, "matricule_fiscal", "ctx")


# --- East and South-East Asia, Oceania
def cn_ric(r):
    s = r.choice(["110101", "310104", "440305", "330106", "510104", "320102", "420106", "610113"]) + f"{day(r):%Y%m%d}{r.randint(1, 899):03d}"
    return [s + mod11_2(s)] + ([s + "x"] if mod11_2(s) == "X" else [])


def cn_uscc(r):
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    s = r.choice(["91", "92", "52"]) + r.choice(["110108", "310115", "440300", "330100"])
    org = pick(r, DIGITS + "ABCDEFGHJKLMNPQRTUWXY", 8)
    w = (3, 7, 9, 10, 5, 8, 4, 2)
    c = 11 - sum(int(ch, 36) * x for ch, x in zip(org, w)) % 11
    s += org + {10: "X", 11: "0"}.get(c, str(c))
    total = sum(alphabet.index(ch) * 3 ** i % 31 for i, ch in enumerate(s))
    return [s + alphabet[-total % 31]]


def jp_my(r):
    s = digits(r, 11, "123456789")
    total = sum(int(s[10 - i]) * (i + 2 if i < 6 else i - 4) for i in range(11)) % 11
    c = 0 if total <= 1 else 11 - total
    s += str(c)
    return [s, group(s, (4, 4, 4)), group(s, (4, 4, 4), "-")]


def jp_cn(r):
    s = digits(r, 12)
    return [str(9 - weigh(s[::-1], (1, 2) * 6) % 9) + s]


def kr_rrn(r):
    d = day(r, 1950, 2008)
    s = f"{d:%y%m%d}{(1 if d.year < 2000 else 3) + r.randint(0, 1)}" + digits(r, 5)
    return [f"{s[:6]}-{s[6:]}{(11 - weigh(s, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10}"]


def kr_brn(r):
    s = f"{r.randint(101, 880)}{r.randint(1, 99):02d}" + digits(r, 4)
    total = weigh(s, (1, 3, 7, 1, 3, 7, 1, 3, 5)) + int(s[8]) * 5 // 10
    return [f"{s[:3]}-{s[3:5]}-{s[5:]}{-total % 10}"]


def tw_id(r):
    order = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
    k = r.choice(UPPER)
    n = order.index(k) + 10
    s = r.choice("12") + digits(r, 7)
    total = n // 10 + n % 10 * 9 + weigh(s, (8, 7, 6, 5, 4, 3, 2, 1))
    return [k + s + str(-total % 10)]


def tw_ubn(r):
    while True:
        s = digits(r, 8, "123456789")
        total = sum((lambda p: p // 10 + p % 10)(int(c) * w) for c, w in zip(s, (1, 2, 1, 2, 1, 2, 4, 1)))
        if s[6] != "7" and total % 10 == 0:
            return [s]


def hk_id(r):
    k, s = r.choice("ABCDEFGHKMPRVYZ"), digits(r, 6)
    total = 36 * 9 + (ord(k) - 55) * 8 + weigh(s, (7, 6, 5, 4, 3, 2))
    c = "0123456789A"[-total % 11]
    return [f"{k}{s}({c})", f"{k}{s}{c}"]


def sg_nric(r):
    k, s = r.choice("STFG"), digits(r, 7)
    total = weigh(s, (2, 7, 6, 5, 4, 3, 2)) + (4 if k in "TG" else 0)
    return [k + s + ("JZIHGFEDCBA" if k in "ST" else "XWUTRQPNMLK")[total % 11]]


def my_nric(r):
    return [f"{day(r):%y%m%d}-{r.randint(1, 16):02d}-{digits(r, 4)}"]


def id_nik(r):
    d = day(r)
    return [r.choice(["317106", "327301", "351503", "337402", "510304"]) + f"{d.day + 40 * r.randint(0, 1):02d}{d:%m%y}" + f"{r.randint(1, 99):04d}"]


def id_npwp(r):
    s = "0" + digits(r, 7, "123456789")
    s += luhn(s)
    return [f"{s[:2]}.{s[2:5]}.{s[5:8]}.{s[8]}-{digits(r, 3, '0123456')}.000"]


def th_pin(r):
    s = digits(r, 12, "1234578")
    c = (11 - weigh(s, range(13, 1, -1)) % 11) % 10
    return [group(s + str(c), (1, 4, 5, 2, 1), "-"), s + str(c), group(s + str(c), (1, 4, 5, 2, 1))]


def ph_tin(r):
    return [group(digits(r, 12, "123456789")[:9] + "000", (3, 3, 3, 3), "-")]


def vn_cccd(r):
    return [r.choice(["001", "079", "048", "031"]) + r.choice("0123") + f"{r.randint(50, 99)}" + digits(r, 6)]


def vn_mst(r):
    while True:
        s = r.choice(["01", "03", "31"]) + digits(r, 7)
        c = 10 - weigh(s, (31, 29, 23, 19, 17, 13, 7, 5, 3)) % 11
        if 0 <= c <= 9:
            return [s + str(c), s + str(c) + "-001"]


@until
def au_tfn(r):
    s = digits(r, 8, "123456789")
    for c in DIGITS:
        if weigh(s + c, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0:
            return [group(s + c, (3, 3, 3)), s + c]


def au_abn(r):
    s = digits(r, 9)
    c = 11 + (-weigh(s, (3, 5, 7, 9, 11, 13, 15, 17, 19)) - 1) % 89
    return [group(f"{c}{s}", (2, 3, 3, 3)), f"{c}{s}"]


def au_acn(r):
    s = "0" + digits(r, 7) if r.random() < .5 else "1" + digits(r, 7)
    return [group(s + str(-weigh(s, (8, 7, 6, 5, 4, 3, 2, 1)) % 10), (3, 3, 3))]


def au_medicare(r):
    s = digits(r, 8, "23456")
    c = weigh(s, (1, 3, 7, 9, 1, 3, 7, 9)) % 10
    return [f"{s[:4]} {s[4:]}{c} {r.randint(1, 5)}", f"{s}{c}{r.randint(1, 5)}"]


def au_ihi(r):
    s = "800360" + digits(r, 9)
    return [group(s + luhn(s), (4, 4, 4, 4)), s + luhn(s)]


def au_bsb(r):
    return [fill(r, "[06][1-9]#-### ".replace("[1-9]", "%")) + digits(r, 8, "123456789")]


@until
def nz_ird(r):
    s = digits(r, 8, "1")
    s = f"{r.randint(10000000, 14999999)}"
    c = -weigh(s, (3, 2, 7, 6, 5, 4, 3, 2)) % 11
    if c == 10:
        c = -weigh(s, (7, 4, 3, 2, 5, 2, 7, 6)) % 11
    return c < 10 and [group(s + str(c), (3, 3, 3), "-"), s + str(c)]


@until
def nz_nhi(r):
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    s = pick(r, alphabet, 3) + digits(r, 3)
    total = sum((alphabet.index(c) + 1 if c.isalpha() else int(c)) * w for c, w in zip(s, (7, 6, 5, 4, 3, 2)))
    c = total % 11
    return c and [s + str((11 - c) % 10)]


T("CN_RIC", "CN", cn_ric, {"zh": "身份证号|身份证号码|身份证", "en": "Chinese resident ID"}, "id_card_no shenfenzheng", "alone")
T("CN_USCC", "CN", cn_uscc, {"zh": "统一社会信用代码", "en": "unified social credit code"}, "uscc credit_code", "alone")
T("JP_MY_NUMBER", "JP", jp_my, {"ja": "マイナンバー|個人番号", "en": "My Number"}, "my_number kojin_bango")
T("JP_CORPORATE_NUMBER", "JP", jp_cn, {"ja": "法人番号", "en": "Japanese corporate number"}, "corporate_number houjin_bangou")
T("KR_RRN", "KR", kr_rrn, {"ko": "주민등록번호|주민번호", "en": "Korean resident registration number"}, "rrn jumin", "alone")
T("KR_BRN", "KR", kr_brn, {"ko": "사업자등록번호", "en": "Korean business registration number"}, "brn business_no", "alone")
T("TW_ID", "TW", tw_id, {"zh": "身分證字號|國民身分證統一編號", "en": "Taiwan ID number"}, "tw_id", "alone")
T("TW_UBN", "TW", tw_ubn, {"zh": "統一編號|統編", "en": "Taiwan UBN"}, "ubn")
T("HK_ID", "HK", hk_id, {"zh": "香港身份證|身份證號碼", "en": "HKID|Hong Kong ID"}, "hkid", "alone")
T("SG_NRIC", "SG", sg_nric, {"en": "NRIC|FIN|NRIC number", "zh": "身份证号"}, "nric", "alone")
T("MY_NRIC", "MY", my_nric, {"ms": "nombor kad pengenalan|no. MyKad", "en": "MyKad number|Malaysian IC"}, "mykad ic_number", "ctx")
T("ID_NIK", "ID", id_nik, {"id": "NIK|nomor KTP", "en": "Indonesian NIK"}, "nik no_ktp")
T("ID_NPWP", "ID", id_npwp, {"id": "NPWP|nomor NPWP", "en": "NPWP"}, "npwp", "alone")
T("TH_ID", "TH", th_pin, {"th": "เลขประจำตัวประชาชน|เลขบัตรประชาชน", "en": "Thai national ID"}, "citizen_id")
T("PH_TIN", "PH", ph_tin, {"en": "TIN|Philippine TIN"}, "tin", "ctx")
T("VN_CCCD", "VN", vn_cccd, {"vi": "CCCD|số căn cước công dân|số CCCD", "en": "Vietnamese citizen ID"}, "cccd", "ctx")
T("VN_MST", "VN", vn_mst, {"vi": "mã số thuế|MST", "en": "Vietnamese tax code"}, "mst ma_so_thue")
T("AU_TFN", "AU", au_tfn, {"en": "TFN|Tax File Number"}, "tfn tax_file_number")
T("AU_ABN", "AU", au_abn, {"en": "ABN|Australian Business Number"}, "abn")
T("AU_ACN", "AU", au_acn, {"en": "ACN|Australian Company Number"}, "acn")
T("AU_MEDICARE", "AU", au_medicare, {"en": "Medicare card number|Medicare number"}, "medicare_number medicare_card")
T("AU_IHI", "AU", au_ihi, {"en": "Individual Healthcare Identifier|IHI"}, "ihi", "alone")
T("AU_BANK_ACCOUNT", "AU", au_bsb, {"en": "BSB and account number|BSB/account"}, "bsb_account", "ctx")
T("NZ_IRD", "NZ", nz_ird, {"en": "IRD number|IRD"}, "ird ird_number")
T("NZ_NHI", "NZ", nz_nhi, {"en": "NHI number|NHI"}, "nhi")
