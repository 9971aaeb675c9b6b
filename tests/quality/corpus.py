"""The labelled texts of personal data: every type × languages × carriers × forms, from one seed."""
import random

import ids_europe
import ids_global
import ids_world
from arith import DIGITS, UPPER
from carriers import STRUCTURED, Builder
from texts import BARE, HARMLESS, LABELLED

TYPES = ids_global.TYPES + ids_europe.TYPES + ids_world.TYPES
CLS = {t[0]: t[5] for t in TYPES}
FULLWIDTH = str.maketrans(DIGITS, "０１２３４５６７８９")
ARABIC = str.maketrans(DIGITS, "٠١٢٣٤٥٦٧٨٩")


def sentence(template, label, value, kind):
    head, _, tail = template.partition("{V}")
    return Builder().add(head.replace("{L}", label)).value(value, kind).add(tail.replace("{L}", label)).done()


def make(r, t, lang=None):
    return t[2](r, lang) if t[0] == "PHONE" else t[2](r)


def sample(out, text, gold, **about):
    out.append({"id": f"p{len(out)}", "text": text, "gold": gold, **about})


def halves(templates, held):
    return [(i, x) for i, x in enumerate(templates) if i % 2 == held]


def fields_for(r, t, value):
    key = r.choice(t[4])
    label = r.choice(t[3].get("en") or next(iter(t[3].values())))
    filler = [("status", "Status", r.choice(["active", "closed", "pending"]), None), ("plan", "Plan", r.choice(["basic", "pro", "team"]), None),
              ("language", "Language", r.choice(["en", "de", "fr"]), None), ("attempts", "Attempts", str(r.randint(1, 9)), None)]
    fields = r.sample(filler, 2) + [(key, label, value, t[0])]
    r.shuffle(fields)
    return fields


def labelled(seed=1, per=2):
    """→ samples with split dev or held."""
    out = []
    r = random.Random(seed)
    for t in TYPES:
        name, _, _, labels, _, cls = t
        for lang, words in labels.items():
            for split, held in (("dev", 0), ("held", 1)):
                for i in range(per):
                    n, template = r.choice(halves(LABELLED[lang], held))
                    forms = make(r, t, lang)
                    k = (i + held) % len(forms) if r.random() < .5 else r.randrange(len(forms))
                    text, gold = sentence(template, r.choice(words), forms[k], name)
                    sample(out, text, gold, type=name, lang=lang, carrier="prose", form=f"form{k}", split=split, cls=cls)
            if cls == "alone" and lang in BARE:
                for split, held in (("dev", 0), ("held", 1)):
                    n, template = r.choice(halves(BARE[lang], held))
                    # Digits alone, without separators or a word, are a number like any other: only cards keep their place.
                    forms = [f for f in make(r, t, lang) if name == "CREDIT_CARD" or not f.isdigit()]
                    if not forms:
                        continue
                    k = r.randrange(len(forms))
                    text, gold = sentence(template, "", forms[k], name)
                    sample(out, text, gold, type=name, lang=lang, carrier="bare", form=f"form{k}", split=split, cls=cls)
        for n, (carrier, render) in enumerate(STRUCTURED.items()):
            for i in range(2 if cls != "ctx" else 1):
                forms = make(r, t)
                k = r.randrange(len(forms))
                text, gold = render(r, fields_for(r, t, forms[k]))
                sample(out, text, gold, type=name, lang="en", carrier=carrier, form=f"form{k}", split="held" if (n + i) % 2 else "dev", cls=cls)
        spaced = [v for v in make(r, t) if " " in v]
        if spaced and cls != "ctx":
            lang = r.choice(sorted(labels))
            text, gold = sentence(LABELLED[lang][1], labels[lang][0], spaced[0].replace(" ", r.choice("\u00a0\u202f\u2009")), name)
            sample(out, text, gold, type=name, lang=lang, carrier="prose", form="other-spaces", split="held", cls=cls)
        for lang, table in (("ja", FULLWIDTH), ("zh", FULLWIDTH), ("ko", FULLWIDTH), ("ar", ARABIC)):
            if lang in labels and name not in ("EMAIL", "IPV6", "MAC"):
                for i in range(2):
                    value = r.choice(make(r, t, lang)).translate(table)
                    template = LABELLED[lang][i]
                    text, gold = sentence(template, labels[lang][0], value, name)
                    sample(out, text, gold, type=name, lang=lang, carrier="prose", form="other-digits", split="held", cls=cls)
    return out


def tables(seed=6, rows=12):
    """Many values under one header: the only word that speaks for them stands once, far above."""
    out = []
    r = random.Random(seed)
    for n, t in enumerate(TYPES):
        if t[5] == "ctx":
            continue
        key, labels = r.choice(t[4]), t[3]
        header = r.choice([key, key.upper(), key.replace("_", " ").title(), r.choice(labels.get("en") or next(iter(labels.values())))])
        form = r.randrange(len(make(r, t)))
        b = Builder()
        for kind in ("csv", "markdown", "tsv"):
            if n % 3 != ("csv", "markdown", "tsv").index(kind):
                continue
            sep, edge = {"csv": (";", ""), "markdown": (" | ", "| "), "tsv": ("\t", "")}[kind]
            b.add(edge + sep.join(["row", header, "quantity", "state"]) + edge[::-1] + "\n")
            if kind == "markdown":
                b.add("|---|---|---|---|\n")
            for i in range(rows):
                values = make(r, t)
                b.add(edge + str(i + 1) + sep).value(values[min(form, len(values) - 1)], t[0]).add(sep + str(r.randint(1, 900)) + sep + r.choice(["open", "done"]) + edge[::-1] + "\n")
            text, gold = b.done()
            sample(out, text, gold, type=t[0], lang="en", carrier=kind + " table", form=f"form{form}", split="held" if n % 2 else "dev", cls=t[5])
    return out


def spoil(r, value):
    """The same shape with one wrong character at the end: fails every check that sees single mistakes."""
    i = max(i for i, c in enumerate(value) if c.isalnum() and c.isascii())
    c = value[i]
    alphabet = DIGITS if c.isdigit() else UPPER if c.isupper() else UPPER.lower()
    return value[:i] + r.choice([x for x in alphabet if x != c]) + value[i + 1:]


# What ends these is no check: another last character is as good.
OPEN_END = set("EMAIL PHONE IPV4 IPV6 MAC NL_VAT US_MBI CA_BN CA_OHIP US_EIN US_SSN US_ITIN IN_PAN ID_NIK ID_NPWP EG_NATIONAL_ID DE_LANR AU_MEDICARE CZ_BANK_ACCOUNT BIC CARD_TRACK "
               "UK_DRIVING_LICENCE UK_NINO VN_MST HU_VAT ES_CUPS IS_KENNITALA AT_SVNR SEPA_CREDITOR_ID".split())


def near_misses(seed=2, per=6):
    """Wrong check digit, in a sentence about something else: nothing is to be found."""
    out = []
    r = random.Random(seed)
    for t in TYPES:
        if t[5] == "ctx" or t[0] in OPEN_END:
            continue
        for _ in range(per):
            value = spoil(r, r.choice(make(r, t)))
            text, _ = sentence(r.choice(HARMLESS), "", value, None)
            sample(out, text, [], type=t[0], lang="-", carrier="near-miss", form="-", split="held", cls=t[5])
    return out


LETTERS = [  # longer texts of several things, as they come in real traffic
    ("en", "Subject: Invoice 2026-118\n\nHello,\n\nplease change the payout details of {p1}. New IBAN {IBAN}, BIC {BIC}. If anything is unclear call {PHONE} or write to {EMAIL}.\nThe order number stays 4500{n}.\n\nBest\n{p2}"),
    ("de", "Betreff: Vertrag {n}\n\nSehr geehrte Damen und Herren,\n\nbitte ändern Sie die Bankverbindung auf {IBAN}. Telefonisch bin ich unter {PHONE} erreichbar, per Mail unter {EMAIL}. Meine Steuer-ID lautet {DE_TAX_ID}.\n\nMit freundlichen Grüßen\n{p1}"),
    ("fr", "Objet : dossier {n}\n\nBonjour,\n\nmon numéro de sécurité sociale est {FR_NIR} et mon IBAN {IBAN}. Vous pouvez me joindre au {PHONE} ou à {EMAIL}.\n\nCordialement,\n{p1}"),
    ("es", "Asunto: expediente {n}\n\nBuenos días,\n\nmi DNI es {ES_DNI}; el ingreso debe hacerse en la cuenta {IBAN}. Teléfono de contacto {PHONE}, correo {EMAIL}.\n\nUn saludo,\n{p1}"),
    ("it", "Oggetto: pratica {n}\n\nBuongiorno,\n\nil mio codice fiscale è {IT_FISCAL_CODE}, IBAN {IBAN}, cellulare {PHONE}, email {EMAIL}.\n\nCordiali saluti\n{p1}"),
    ("pt", "Assunto: processo {n}\n\nBom dia,\n\nmeu CPF é {BR_CPF}, o CNPJ da empresa é {BR_CNPJ}, telefone {PHONE} e e-mail {EMAIL}.\n\nAtenciosamente\n{p1}"),
    ("pl", "Temat: sprawa {n}\n\nDzień dobry,\n\nmój PESEL to {PL_PESEL}, NIP firmy {PL_NIP}, konto {IBAN}, tel. {PHONE}, e-mail {EMAIL}.\n\nPozdrawiam\n{p1}"),
    ("nl", "Onderwerp: dossier {n}\n\nGoedemorgen,\n\nmijn BSN is {NL_BSN}, rekening {IBAN}, telefoon {PHONE}, e-mail {EMAIL}.\n\nMet vriendelijke groet\n{p1}"),
    ("ru", "Тема: заявка {n}\n\nДобрый день!\n\nМой СНИЛС {RU_SNILS}, ИНН {RU_INN}, карта {CREDIT_CARD}, телефон {PHONE}, почта {EMAIL}.\n\nС уважением,\n{p1}"),
    ("zh", "主题：申请 {n}\n\n您好，\n\n我的身份证号是{CN_RIC}，手机{PHONE}，邮箱{EMAIL}，银行卡号{CREDIT_CARD}。\n\n此致\n{p1}"),
    ("ja", "件名：申込 {n}\n\nお世話になっております。\n\nマイナンバーは{JP_MY_NUMBER}、電話は{PHONE}、メールは{EMAIL}です。カード番号 {CREDIT_CARD}。\n\n{p1}"),
    ("ko", "제목: 신청 {n}\n\n안녕하세요.\n\n주민등록번호 {KR_RRN}, 휴대폰 {PHONE}, 이메일 {EMAIL}, 카드번호 {CREDIT_CARD} 입니다.\n\n{p1}"),
    ("tr", "Konu: başvuru {n}\n\nMerhaba,\n\nTC kimlik no {TR_TCKN}, IBAN {IBAN}, cep telefonu {PHONE}, e-posta {EMAIL}.\n\nSaygılarımla\n{p1}"),
    ("ar", "الموضوع: طلب {n}\n\nمرحبا،\n\nرقم الهوية الوطنية {SA_ID}، رقم الجوال {PHONE}، البريد الإلكتروني {EMAIL}، آيبان {IBAN}.\n\nمع التحية"),
    ("hi", "विषय: आवेदन {n}\n\nनमस्ते,\n\nमेरा आधार नंबर {IN_AADHAAR} है, पैन {IN_PAN}, मोबाइल नंबर {PHONE}, ईमेल {EMAIL}।\n\nधन्यवाद"),
    ("sv", "Ämne: ärende {n}\n\nHej,\n\nmitt personnummer är {SE_PERSONNUMMER}, telefon {PHONE}, e-post {EMAIL}, IBAN {IBAN}.\n\nVänliga hälsningar\n{p1}"),
    ("en", "Triage note\nPt reports chest pain since Tuesday. NHS number {UK_NHS}. NI {UK_NINO}. Next of kin on {PHONE}. Card on file {CREDIT_CARD}, exp 04/29. Discharge letter to {EMAIL}. Bed 14, BP 138/86, HR 72."),
    ("en", "[10:42] agent: can you confirm the last four?\n[10:43] customer: sure, the full card is {CREDIT_CARD}\n[10:43] customer: ssn {US_SSN}, routing {US_ABA}\n[10:44] agent: thanks, ref {n}\n[10:45] customer: mail me at {EMAIL}"),
]


def letters(seed=3, per=6):
    table = {t[0]: t for t in TYPES}
    out = []
    r = random.Random(seed)
    for place, (lang, template) in enumerate(LETTERS):
        for _ in range(per):
            b = Builder()
            rest = template.replace("{n}", str(r.randint(10000, 99999))).replace("{p1}", r.choice(["Alex", "Sam", "M. K."])).replace("{p2}", "Kim")
            while "{" in rest:
                head, _, rest = rest.partition("{")
                name, _, rest = rest.partition("}")
                b.add(head).value(r.choice(make(r, table[name], lang)), name)
            text, gold = b.add(rest).done()
            sample(out, text, gold, type="LETTER", lang=lang, carrier="letter", form="-", split="held" if place % 2 else "dev", cls="alone")
    return out
