"""What is the same everywhere: contact, network, payment, accounts, securities, coins, devices."""
import hashlib

from arith import (ALNUM, B58, DIGITS, UPPER, base58, base58check, bech32, digits, eip55, fill, group, keccak256, luhn,
                   mod97, pick)
from ids_europe import until

TYPES = []
# Languages of the labels below, one per column: see ROWS.
COLUMNS = "en es fr de it pt nl pl sv ru uk tr zh ja ko ar he hi".split()


def T(name, gen, labels, keys, cls="check"):
    """labels: `lang:a|b; lang:c`, or one text per language of COLUMNS separated by `;;`."""
    table = {}
    for part in labels.split(";"):
        lang, _, words = part.strip().partition(":")
        table[lang] = words.split("|")
    TYPES.append((name, "", gen, table, keys.split(), cls))


FIRST = {
    "en": "James Mary Robert Linda Grace Owen", "es": "Lucía Mateo Carmen Javier Pilar Álvaro", "fr": "Camille Julien Élodie Théo Manon Luc",
    "de": "Lukas Annika Jürgen Sabine Felix Heike", "it": "Giulia Marco Chiara Luca Sofia Paolo", "pt": "João Beatriz Tiago Inês Rafael Marta",
    "nl": "Daan Sanne Bram Femke Joris Lotte", "pl": "Katarzyna Piotr Agnieszka Tomasz Zofia Marek", "sv": "Astrid Erik Linnea Johan Maja Lars",
}
LAST = {
    "en": "Walker Hughes Bennett Carter Doyle Price", "es": "García Romero Iglesias Vega Ortiz Molina", "fr": "Moreau Lefèvre Girard Roux Fontaine Perrin",
    "de": "Schäfer Krüger Vogel Brandt Huber Lorenz", "it": "Bianchi Ferrari Conti Marini Greco Rinaldi", "pt": "Ferreira Sousa Carvalho Lopes Teixeira Moura",
    "nl": "Vermeulen Jansen Bakker Dekker Visser Mulder", "pl": "Nowak Wiśniewska Zając Lis Kamiński Dudek", "sv": "Lindqvist Berg Nyström Sandberg Ek Holm",
}
ASCII = str.maketrans("áàâäãåéèêëíìîïóòôöõúùûüñçłśźżćńąęø", "aaaaaaeeeeiiiiooooouuuuncllzzcnaeo"[:34])


def email(r):
    lang = r.choice(list(FIRST))
    f = r.choice(FIRST[lang].split()).lower().translate(ASCII)
    s = r.choice(LAST[lang].split()).lower().translate(ASCII)
    f, s = ("".join(c for c in x if c.isascii()) for x in (f, s))
    n = r.randint(1, 99)
    local = r.choice([f"{f}.{s}", f"{f[0]}{s}{n}", f"{f}_{s}", f"{s}-{f}", f"{f}+news", f"{f}{n}", f"{s}.{f[0]}.{n}"])
    host = r.choice(["gmail.com", "outlook.com", "web.de", "orange.fr", "libero.it", "mail.ru", "qq.com", "naver.com", "uol.com.br",
                     "tele2.se", f"{s}-consulting.eu", f"mail.{s}.co.uk", "kpnmail.nl", "o2.pl", "yahoo.co.jp", "hotmail.es", "proton.me"])
    return [f"{local}@{host}", f"{local}@{host}", f"{local}@{host}".upper(), f"{f.capitalize()}.{s.capitalize()}@{host}"]


PHONES = {  # national plans: international, then national forms
    "US": ["+1 ^##-^##-####", "(^1^) ^##-####", "^0^-^##-####", "+1^0^^######", "1-^0^-^##-####", "+1 (^1^) ^##-####"],
    "GB": ["+44 20 7### ####", "020 7### ####", "07[4579]## ######", "+44 7[4579]## ######", "0161 4## ####", "+447[4579]########"],
    "DE": ["+49 30 [2-9]#######", "+49 15[127] ########", "030/[23456]#######", "0171 #######", "+49 (0)89 [234]######", "0049 221 #######"],
    "FR": ["+33 6 ## ## ## ##", "06 ## ## ## ##", "01.4#.##.##.##", "+33 (0)1 4# ## ## ##", "07########", "0033 6########"],
    "ES": ["+34 6## ### ###", "6## ## ## ##", "91 ### ## ##", "+346########"],
    "IT": ["+39 33# #######", "34# ### ####", "02 4#######", "+39 06 [4-8]#######"],
    "PT": ["+351 91# ### ###", "21# ### ###", "93#######"],
    "NL": ["+31 6 ########", "06-########", "020-### ####", "+31 (0)20 ### ####"],
    "BE": ["+32 47# ## ## ##", "02 5## ## ##", "0497 ## ## ##"],
    "PL": ["+48 60# ### ###", "50# ### ###", "22 6## ## ##", "+48 50#######"],
    "SE": ["+46 70 ### ## ##", "070-### ## ##", "08-### ### ##"],
    "CH": ["+41 79 ### ## ##", "044 ### ## ##", "+41 (0)22 ### ## ##"],
    "AT": ["+43 660 #######", "0664 #######", "+43 1 5######"],
    "RU": ["+7 916 ###-##-##", "8 (495) ^##-##-##", "8 903 ### ## ##", "+7 (921) ###-##-##"],
    "UA": ["+380 67 ### ## ##", "067 ### ## ##", "+38 (050) ### ## ##"],
    "TR": ["+90 532 ### ## ##", "0532 ### ## ##", "(0212) ^## ## ##"],
    "CN": ["+86 138 #### ####", "139########", "010-6#######", "+86 186########"],
    "JP": ["+81 90-####-####", "090-####-####", "03-3###-####", "06-6###-####"],
    "KR": ["+82 10-####-####", "010-####-####", "02-5##-####"],
    "TW": ["+886 912 ### ###", "0912-###-###", "02-2###-####"],
    "IN": ["+91 98### #####", "09[1-9]########", "+91-80-4#######", "98########"],
    "BR": ["+55 11 9####-####", "(11) 9[5-9]##-####", "(21) 3###-####", "+55 (31) 9####-####"],
    "MX": ["+52 55 #### ####", "55 ^### ####", "+52 33 ^### ####"],
    "AR": ["+54 9 11 ####-####", "011 4###-####", "(0351) 4##-####"],
    "AU": ["+61 4## ### ###", "04## ### ###", "(02) 9### ####", "+61 3 9### ####"],
    "IL": ["+972 5[0234]-###-####", "05[024]-#######", "03-6######"],
    "AE": ["+971 50 ### ####", "050 ### ####"],
    "SA": ["+966 5# ### ####", "05########"],
    "EG": ["+20 10 #### ####", "010 #### ####"],
    "ZA": ["+27 82 ### ####", "082 ### ####", "011 4## ####"],
    "CZ": ["+420 60# ### ###", "77# ### ###"],
    "HU": ["+36 30 ### ####", "06 20 ### ####"],
    "RO": ["+40 72# ### ###", "072# ### ###"],
    "GR": ["+30 69# ### ####", "210 ### ####"],
    "VN": ["+84 9# ### ## ##", "09# ### ####"],
    "ID": ["+62 812-####-####", "0812-####-####"],
    "TH": ["+66 8# ### ####", "08#-###-####"],
    "DK": ["+45 2# ## ## ##", "2# ## ## ##"],
    "NO": ["+47 9## ## ###", "4## ## ###"],
    "FI": ["+358 40 ### ####", "040 ### ####"],
}
PHONE_OF = {"en": "US GB AU", "es": "ES MX AR", "fr": "FR BE", "de": "DE AT CH", "it": "IT", "pt": "PT BR", "nl": "NL", "pl": "PL", "sv": "SE",
            "ru": "RU", "uk": "UA", "tr": "TR", "zh": "CN TW", "ja": "JP", "ko": "KR", "ar": "AE SA EG", "he": "IL", "hi": "IN", "cs": "CZ",
            "hu": "HU", "ro": "RO", "el": "GR", "vi": "VN", "id": "ID", "th": "TH", "da": "DK", "no": "NO", "fi": "FI"}


def expand(pattern):
    return pattern.replace("[1-9]", "%").replace("[2-9]", "^").replace("[5-9]", "[56789]").replace("[4-8]", "[45678]")


def phone(r, lang=None):
    area = r.choice(PHONE_OF.get(lang or r.choice(list(PHONE_OF)), "US").split())
    return [fill(r, expand(p)) for p in PHONES[area]]


def ipv4(r):
    while True:
        a = [r.randint(1, 223), r.randint(0, 255), r.randint(0, 255), r.randint(1, 254)]
        if a[0] not in (10, 127, 0, 100, 169, 172, 192, 198, 203, 169):
            return [".".join(map(str, a))]


def ipv6(r):
    h = [f"{r.randint(1, 65535):x}" for _ in range(8)]
    h[0] = r.choice(["2a02", "2001", "2600", "2a01", "2607"])
    h[1] = r.choice(["26f0", "41d0", "4860", "8388", "1f18"])
    return [":".join(h), ":".join(h[:4]) + "::" + h[7], ":".join(h).upper()]


def mac(r):
    s = [f"{r.randint(0, 255):02x}" for _ in range(6)]
    s[0] = r.choice(["00", "3c", "a4", "f0", "d8"])
    return [":".join(s), "-".join(s).upper(), ":".join(s).upper()]


def imei(r):
    s = r.choice(["35", "86", "01"]) + digits(r, 12)
    s += luhn(s)
    return [s, f"{s[:2]}-{s[2:8]}-{s[8:14]}-{s[14]}"]


def iccid(r):
    s = r.choice(["8949", "8944", "8933", "8901"]) + digits(r, 14)
    return [s + luhn(s)]


def imsi(r):
    return [r.choice(["26201", "31026", "23415", "20801", "40445"]) + digits(r, 10)]


CARD_PLANS = [("4", 16), ("4", 16), ("4", 16), ("4", 13), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15),
              ("6011", 16), ("65", 16), ("3528", 16), ("3589", 16), ("36", 14), ("305", 14), ("62", 16), ("62", 19), ("5018", 16), ("6304", 18),
              ("5893", 12), ("6521", 16), ("2200", 16), ("9792", 16), ("506099", 19), ("5019", 16)]


def card(r):
    prefix, n = r.choice(CARD_PLANS)
    s = prefix + digits(r, n - len(prefix) - 1)
    s += luhn(s)
    sizes = {15: (4, 6, 5), 14: (4, 6, 4), 16: (4, 4, 4, 4), 19: (4, 4, 4, 4, 3), 12: (4, 4, 4), 18: (4, 4, 4, 4, 2), 13: (4, 4, 5)}[n]
    return [s, group(s, sizes), group(s, sizes, "-")]


def track2(r):
    s = r.choice(["4", "52"]) + digits(r, 13)
    s = s[:15]
    s += luhn(s)
    return [f";{s}=2{r.randint(6, 9)}{r.randint(1, 12):02d}101{digits(r, 10)}?"]


BBAN = {"DE": "#" * 18, "GB": "@@@@" + "#" * 14, "NL": "@@@@" + "#" * 10, "AT": "#" * 16, "CH": "#" * 5 + "?" * 12, "PT": "#" * 21, "PL": "#" * 24,
        "SE": "#" * 20, "DK": "#" * 14, "LU": "###" + "?" * 13, "IE": "@@@@" + "#" * 14, "GR": "#######" + "?" * 16, "RO": "@@@@" + "?" * 16,
        "BG": "@@@@######" + "?" * 8, "LT": "#" * 16, "LV": "@@@@" + "?" * 13, "CY": "########" + "?" * 16, "MT": "@@@@#####" + "?" * 18,
        "TR": "#####0" + "?" * 16, "SA": "##" + "?" * 18, "AE": "#" * 19, "IL": "#" * 19, "UA": "######" + "?" * 19, "KZ": "###" + "?" * 13,
        "LI": "#####" + "?" * 12, "HR": "#" * 17, "GE": "@@" + "#" * 16, "PK": "@@@@" + "?" * 16, "QA": "@@@@" + "?" * 21, "DO": "????" + "#" * 20}


def rib_ok(r, area):
    """BBANs that carry check digits of their own."""
    if area == "FR":
        b, g, c = digits(r, 5, "123"), digits(r, 5), digits(r, 11)
        return b + g + c + f"{97 - (89 * int(b) + 15 * int(g) + 3 * int(c)) % 97:02d}"
    if area == "BE":
        s = digits(r, 10, "0123567")
        return s + f"{int(s) % 97 or 97:02d}"
    if area == "ES":
        from ids_europe import es_ccc
        return es_ccc(r)[0]
    if area == "NO":
        from ids_europe import no_konto
        return no_konto(r)[2]
    if area == "IT":
        odd = dict(zip(DIGITS, (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)))
        s = digits(r, 10) + digits(r, 12)
        return UPPER[sum(odd[c] if i % 2 == 0 else int(c) for i, c in enumerate(s)) % 26] + s
    if area == "FI":
        s = digits(r, 13, "1234568")
        return s + luhn(s)
    return fill(r, BBAN[area])


BANKS = ["INGB", "RABO", "ABNA", "BUKB", "NWBK", "BARC", "AIBK", "BOFI", "BTRL", "UNCR", "STSA", "HABA", "VALL"]


def iban(r):
    area = r.choice([*BBAN, "FR", "FR", "BE", "ES", "ES", "IT", "IT", "DE", "DE", "GB", "NL", "NO", "FI"])
    b = rib_ok(r, area)
    if area in ("GB", "NL", "IE", "RO", "BG", "LV", "MT"):
        b = r.choice(BANKS) + b[4:]
    s = area + mod97(b + area) + b
    return [s, group(s, (4,) * 9), s.lower()]


def bic(r):
    return [r.choice(["DEUTDEFF", "BNPAFRPP", "INGBNL2A", "BARCGB22", "CHASUS33", "UNCRITMM", "BSCHESMM", "NDEASESS", "SBININBB"]) + r.choice(["", "X" * 3, "500"])]


def cusip(r):
    s = digits(r, 5) + pick(r, ALNUM, 3)
    total = 0
    for i, c in enumerate(s):
        v = int(c, 36) * (2 if i % 2 else 1)
        total += v // 10 + v % 10
    return [s + str(-total % 10)]


def isin(r):
    s = r.choice(["US", "DE", "GB", "FR", "CH", "JP"]) + digits(r, 9)
    return [s + luhn("".join(str(int(c, 36)) for c in s))]


def sedol(r):
    s = "B" + pick(r, "0123456789BCDFGHJKLMNPQRSTVWXYZ", 5)
    return [s + str(-sum(int(c, 36) * w for c, w in zip(s, (1, 3, 1, 7, 3, 9))) % 10)]


def lei(r):
    s = r.choice(["5299", "5493", "2138", "9695", "W22L"]) + "00" + pick(r, ALNUM, 12)
    return [s + mod97(s)]


def creditor(r):
    s = r.choice(["98ZZZ", "54ZZZ"])
    a, rest = ("DE", "0" + digits(r, 10)) if r.random() < .5 else ("NL", digits(r, 12))
    return [a + mod97(rest + a) + s[2:] + rest]


def btc(r):
    h = r.randbytes(20)
    return [r.choice([base58check(b"\0" + h), base58check(b"\x05" + h), bech32("bc", 0, h), bech32("bc", 0, r.randbytes(32)), bech32("bc", 1, r.randbytes(32))])]


def eth(r):
    return [eip55(r.randbytes(20))]


def tron(r):
    return [base58check(b"\x41" + r.randbytes(20))]


def ltc(r):
    return [r.choice([base58check(b"\x30" + r.randbytes(20)), bech32("ltc", 0, r.randbytes(20))])]


def doge(r):
    return [base58check(b"\x1e" + r.randbytes(20))]


def xrp(r):
    ripple = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
    return [base58check(b"\0" + r.randbytes(20)).translate(str.maketrans(B58, ripple))]


def sol(r):
    return [base58(r.randbytes(32))]


def xmr(r):
    raw = b"\x12" + r.randbytes(64)
    raw += keccak256(raw)[:4]
    out = ""
    for i in range(0, len(raw), 8):
        block = raw[i:i + 8]
        width = {8: 11, 5: 7}[len(block)]
        out += base58(block).lstrip("1").rjust(width, "1")
    return [out]


def vin(r):
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    values = dict(zip(letters, (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9)))
    s = r.choice(["1HG", "1FT", "JTD", "5YJ", "2T1", "KMH"]) + pick(r, letters + DIGITS, 5) + "0" + r.choice("GHJKLMNPR") + r.choice("ABCFG") + digits(r, 6)
    n = sum((values.get(c) or int(c)) * w for c, w in zip(s, (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2))) % 11
    return [s[:8] + ("X" if n == 10 else str(n)) + s[9:]]


def uuid(r):
    h = r.randbytes(16).hex()
    return [f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}", f"{h[:8]}-{h[8:12]}-4{h[13:16]}-b{h[17:20]}-{h[20:]}".upper()]


def gps(r):
    return [f"{r.uniform(-60, 65):.6f}, {r.uniform(-170, 170):.6f}"]


def url_cred(r):
    return [r.choice(["https", "ftp", "postgres", "mongodb"]) + f"://{r.choice(['admin', 'svc_app', 'deploy'])}:" + pick(r, B58, 12) + "@" +
            r.choice(["db.intra.example.net", "files.acme-corp.com", "10.20.3.4:5432"]) + "/main"]


def cvv(r):
    return [digits(r, 3), digits(r, 3)]


def expiry(r):
    return [f"{r.randint(1, 12):02d}/{r.randint(27, 34)}", f"{r.randint(1, 12):02d}/20{r.randint(27, 34)}"]


def birth(r):
    from arith import day
    d = day(r)
    return [f"{d:%Y-%m-%d}", f"{d:%d.%m.%Y}", f"{d:%d/%m/%Y}"]


def mrn(r):
    return [digits(r, 7, "123456789"), digits(r, 8, "123456789"), "MRN-" + digits(r, 7)]


def plate(r):
    return [r.choice(["B-MK ####", "M-AX ###"]).replace("####", digits(r, 4, "123456789")).replace("###", digits(r, 3, "123456789"))]


T("EMAIL", email, "en:email|e-mail address|contact mail; es:correo electrónico|correo|email; fr:adresse e-mail|courriel|mail; de:E-Mail|E-Mail-Adresse; it:indirizzo email|posta elettronica; pt:e-mail|correio eletrônico; nl:e-mailadres|mail; pl:adres e-mail|e-mail; sv:e-postadress|e-post; ru:электронная почта|эл. почта; uk:електронна пошта|пошта; tr:e-posta|e-posta adresi; zh:邮箱|电子邮件; ja:メールアドレス|メール; ko:이메일|이메일 주소; ar:البريد الإلكتروني|الإيميل; he:דואר אלקטרוני|אימייל; hi:ईमेल|ईमेल पता; cs:e-mail; hu:e-mail cím; ro:adresa de e-mail; el:ηλεκτρονικό ταχυδρομείο|email; vi:địa chỉ email; id:alamat email; th:อีเมล; da:e-mail; no:e-post; fi:sähköposti", "email user_email contactEmail mail", "alone")
T("PHONE", phone, "en:phone|phone number|mobile|cell|telephone; es:teléfono|móvil|celular; fr:téléphone|portable|tél.; de:Telefon|Handynummer|Tel.; it:telefono|cellulare; pt:telefone|celular|telemóvel; nl:telefoonnummer|mobiel; pl:telefon|numer telefonu|tel.; sv:telefon|mobilnummer; ru:телефон|номер телефона|моб.; uk:телефон|номер телефону; tr:telefon|cep telefonu; zh:电话|手机号|手机; ja:電話番号|携帯電話; ko:전화번호|휴대폰; ar:رقم الهاتف|الجوال; he:טלפון|נייד; hi:फ़ोन नंबर|मोबाइल नंबर; cs:telefon|mobil; hu:telefonszám; ro:telefon|număr de telefon; el:τηλέφωνο|κινητό; vi:số điện thoại|SĐT; id:nomor telepon|no. HP; th:เบอร์โทรศัพท์|โทร; da:telefon|mobilnummer; no:telefon|mobil; fi:puhelin|puhelinnumero", "phone phone_number mobile telephone", "check")
T("IPV4", ipv4, "en:IP address|client IP; es:dirección IP; fr:adresse IP; de:IP-Adresse; it:indirizzo IP; pt:endereço IP; nl:IP-adres; pl:adres IP; sv:IP-adress; ru:IP-адрес; uk:IP-адреса; tr:IP adresi; zh:IP地址; ja:IPアドレス; ko:IP 주소; ar:عنوان IP; he:כתובת IP; hi:आईपी पता", "ip client_ip remote_addr ip_address", "alone")
T("IPV6", ipv6, "en:IPv6 address|IP; de:IPv6-Adresse; fr:adresse IPv6; es:dirección IPv6; ru:IPv6-адрес; ja:IPv6アドレス; zh:IPv6地址", "ipv6 client_ip remote_addr", "alone")
T("MAC", mac, "en:MAC address; de:MAC-Adresse; fr:adresse MAC; es:dirección MAC; it:indirizzo MAC; ru:MAC-адрес; pl:adres MAC; ja:MACアドレス", "mac mac_address hwaddr", "alone")
T("CREDIT_CARD", card, "en:card number|credit card|debit card|card; es:número de tarjeta|tarjeta de crédito|tarjeta; fr:numéro de carte|carte bancaire|CB; de:Kartennummer|Kreditkarte; it:numero di carta|carta di credito; pt:número do cartão|cartão de crédito; nl:kaartnummer|creditcard; pl:numer karty|karta kredytowa; sv:kortnummer|kreditkort; ru:номер карты|банковская карта; uk:номер картки|картка; tr:kart numarası|kredi kartı; zh:卡号|信用卡号|银行卡号; ja:カード番号|クレジットカード; ko:카드번호|신용카드; ar:رقم البطاقة|بطاقة الائتمان; he:מספר כרטיס|כרטיס אשראי; hi:कार्ड नंबर|क्रेडिट कार्ड; cs:číslo karty; hu:kártyaszám; ro:număr card; el:αριθμός κάρτας; vi:số thẻ; id:nomor kartu; th:หมายเลขบัตร; da:kortnummer; no:kortnummer; fi:kortin numero", "card_number pan cardNumber credit_card", "alone")
T("IBAN", iban, "en:IBAN|bank account; es:IBAN|cuenta; fr:IBAN|compte bancaire; de:IBAN|Bankverbindung; it:IBAN|conto corrente; pt:IBAN|conta bancária; nl:IBAN|rekeningnummer; pl:IBAN|numer konta; sv:IBAN|bankkonto; ru:IBAN|счёт; uk:IBAN|рахунок; tr:IBAN|hesap; zh:IBAN; ja:IBAN; ko:IBAN; ar:آيبان|IBAN; he:IBAN; hi:IBAN; cs:IBAN; hu:IBAN; ro:IBAN; el:IBAN; da:IBAN; no:IBAN; fi:IBAN|tilinumero", "iban bank_account", "alone")
T("BIC", bic, "en:BIC|SWIFT code|SWIFT/BIC; de:BIC; fr:code BIC|BIC; es:BIC|código SWIFT; it:codice BIC|SWIFT; nl:BIC; pl:kod SWIFT; pt:código SWIFT; ru:SWIFT-код", "bic swift swift_code")
T("IMEI", imei, "en:IMEI|device IMEI; es:IMEI; fr:IMEI|numéro IMEI; de:IMEI; it:codice IMEI; pt:IMEI; ru:IMEI; tr:IMEI; zh:IMEI号; ja:IMEI", "imei device_imei")
T("ICCID", iccid, "en:ICCID|SIM card number; de:ICCID|SIM-Kartennummer; es:ICCID; fr:ICCID", "iccid sim_iccid", "alone")
T("IMSI", imsi, "en:IMSI; de:IMSI; fr:IMSI; es:IMSI", "imsi", "ctx")
T("VIN", vin, "en:VIN|vehicle identification number; de:FIN|Fahrgestellnummer; fr:numéro de châssis|VIN; es:número de bastidor|VIN; it:numero di telaio; pl:numer VIN; ru:VIN|VIN-код", "vin vehicle_vin")
T("CARD_TRACK", track2, "en:track 2|magstripe data", "track2 track_data", "alone")
T("CVV", cvv, "en:CVV|CVC|security code; es:CVV|código de seguridad; fr:CVV|cryptogramme; de:CVV|Prüfziffer der Karte; it:CVV|codice di sicurezza; pt:CVV|código de segurança; nl:CVC; pl:CVV; ru:CVV|код CVC; tr:CVV|güvenlik kodu; ja:セキュリティコード; zh:安全码", "cvv cvc card_cvv", "ctx")
T("CARD_EXPIRY", expiry, "en:expiry|expiration date|exp; es:caducidad|vencimiento; fr:date d'expiration; de:gültig bis|Ablaufdatum; it:scadenza; pt:validade; nl:vervaldatum", "exp_date card_expiry expiry", "ctx")
T("CUSIP", cusip, "en:CUSIP", "cusip")
T("ISIN", isin, "en:ISIN; de:ISIN; fr:code ISIN|ISIN; es:ISIN; it:codice ISIN", "isin")
T("SEDOL", sedol, "en:SEDOL", "sedol")
T("LEI", lei, "en:LEI|Legal Entity Identifier; de:LEI; fr:code LEI; es:LEI", "lei lei_code", "alone")
T("SEPA_CREDITOR_ID", creditor, "en:creditor identifier; de:Gläubiger-ID|Gläubiger-Identifikationsnummer; nl:incassant-ID", "creditor_id")
T("BTC_ADDRESS", btc, "en:bitcoin address|BTC wallet; es:dirección bitcoin; fr:adresse bitcoin; de:Bitcoin-Adresse; it:indirizzo bitcoin; pt:endereço bitcoin; ru:биткоин-адрес; tr:bitcoin adresi; zh:比特币地址; ja:ビットコインアドレス; ko:비트코인 주소", "btc_address wallet", "alone")
T("ETH_ADDRESS", eth, "en:ethereum address|ETH wallet; es:dirección ethereum; fr:adresse ethereum; de:Ethereum-Adresse; ru:адрес эфира; zh:以太坊地址; ja:イーサリアムアドレス", "eth_address wallet_address", "alone")
T("TRON_ADDRESS", tron, "en:TRON address|TRX wallet; zh:波场地址", "trx_address", "alone")
T("LTC_ADDRESS", ltc, "en:litecoin address|LTC wallet; de:Litecoin-Adresse", "ltc_address", "alone")
T("DOGE_ADDRESS", doge, "en:dogecoin address", "doge_address", "alone")
T("XRP_ADDRESS", xrp, "en:XRP address|ripple wallet", "xrp_address", "alone")
T("SOL_ADDRESS", sol, "en:solana address|SOL wallet", "solana_wallet", "ctx")
T("XMR_ADDRESS", xmr, "en:monero address|XMR wallet; de:Monero-Adresse", "xmr_address", "alone")
T("UUID", uuid, "en:advertising ID|IDFA|device advertising id", "idfa advertising_id gaid", "ctx")
T("GPS", gps, "en:GPS coordinates|location coordinates; es:coordenadas GPS; fr:coordonnées GPS; de:GPS-Koordinaten; it:coordinate GPS; ru:координаты", "gps coordinates home_location", "ctx")
T("DATE_OF_BIRTH", birth, "en:date of birth|DOB|born on; es:fecha de nacimiento|nacido el; fr:date de naissance|né le; de:Geburtsdatum|geboren am; it:data di nascita|nato il; pt:data de nascimento; nl:geboortedatum; pl:data urodzenia; sv:födelsedatum; ru:дата рождения; uk:дата народження; tr:doğum tarihi; zh:出生日期; ja:生年月日; ko:생년월일; ar:تاريخ الميلاد; he:תאריך לידה; hi:जन्म तिथि", "date_of_birth dob birth_date", "ctx")
T("MEDICAL_RECORD_NUMBER", mrn, "en:MRN|medical record number|patient ID; es:número de historia clínica; fr:numéro de dossier médical; de:Patientennummer|Patienten-ID; it:numero di cartella clinica; pt:número do prontuário", "mrn medical_record_number patient_id", "ctx")
T("LICENSE_PLATE", plate, "de:Kennzeichen|amtliches Kennzeichen; en:license plate", "kennzeichen license_plate", "ctx")
