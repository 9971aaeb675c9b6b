"""Which check is compared with which module of python-stdnum, on what shapes (see compare.value). `fix`: so
many last digits are tried in full. `theirs`: how they want it written. `apart`: where the two are meant to
differ: the comment says why."""
import re


def starts(*prefixes):
    return lambda text: text.startswith(prefixes)


def length(*lengths):
    """They pad, or take more forms than a compact one."""
    return lambda text: len(text) not in lengths


def cif_kind(text):
    return text[:1] in "ABEH" and not text[-1:].isdigit() or text[:1] in "PQRSNW" and text[-1:].isdigit()


def rc_month(text):
    """They reduce any month by fifty and by twenty."""
    month = text[2:4]
    return month.isdigit() and (int(month) % 50 <= 12 or 21 <= int(month) % 50 <= 32)


def pairs(text):
    return ":".join(text[i:i + 2] for i in range(0, len(text), 2))


def cut(*places):
    """With a hyphen after so many places each."""
    def write(text):
        out, at = [], 0
        for n in places:
            out.append(text[at:at + n])
            at += n
        return "-".join([*out, text[at:]])
    return write


US_ABA = {*range(0, 13), *range(21, 33), *range(61, 73), 80}

TABLE = [
    # everywhere
    ("luhn", "luhn", "99999999 999999999999 9999999999999999"),
    ("verhoeff", "verhoeff", "99999999 999999999999"),
    ("mod11_10_any", "iso7064.mod_11_10", "99999999 999999999999"),
    ("imei_any", "imei", "999999999999999", {"apart": length(15)}),
    ("iccid", "luhn", "8999999999999999999 89999999999999999999", {"apart": lambda t: not re.fullmatch("89[0-9]{16,18}", t)}),
    ("meid", "meid", "<A|B|C|D|E|F>HHHHHHHHHHHHHH", {"apart": lambda t: len(t) != 15 or t[0] not in "ABCDEF"}),
    ("mac", "mac", "HHHHHHHHHHHH", {"options": {"validate_manufacturer": False}, "theirs": pairs, "apart": length(12)}),
    ("isin", "isin", "<US|DE|FR|GB|XS|JP|QQ>XXXXXXXXX9 <US|CA>9999999999", {"apart": starts("CS", "AN", "SU", "YU", "DD")}),
    ("cusip", "cusip", "999999999 99999X9X9 XXXXXXXX9"),
    ("gb_sedol", "gb.sedol", "9999999 <B|C|D|F|X>XXXXX9"),
    ("figi", "figi", "bbg<B|C|D|9>XXXXXXX9 AAgXXXXXXXX9"),
    ("lei", "lei", "999900XXXXXXXXXXXX99", {"fix": 2, "apart": lambda t: len(t) != 20 or not t[18:].isdigit()}),  # they ask for neither
    ("eu_creditor", "eu.at_02", "<DE|FR|ES|AT>99<ZZZ|X1Y>XXXXXXXX9999",
     {"apart": lambda t: t[:2] not in ("DE", "FR", "ES", "AT") or not t[2:4].isdigit()}),  # they know no countries
    ("rf_reference", "iso11649", "rf<01|10|33|45|71|18|90>XXXXXXXX99", {"fix": 2}),
    ("imo", "imo", "9999999"),
    ("cas", "casrn", "99999999 9999999999", {"theirs": lambda t: f"{t[:-3]}-{t[-3:-1]}-{t[-1:]}", "apart": lambda t: len(t) < 5}),
    ("container", "iso6346", "AAA<U|J|Z>9999999", {"apart": lambda t: t[3:4] == "R"}),
    ("gtin", "ean", "99999999 999999999999 9999999999999"),
    ("orcid", "iso7064.mod_11_2", "00000001999999X9 000000029999999X 0000000199999999", {"apart": lambda t: not re.fullmatch("000[0-9]{12}[0-9X]", t)}),
    # money
    ("bic", "bic", "AAAA<DE|FR|US|GB|JP>XX AAAA<DE|FR|XK>XXXXX", {"apart": lambda t: t[4:6] not in ("DE", "FR", "US", "GB", "JP", "XK")}),
    ("iban", "iban:validate", "de999999999999999999999<9> es9999999999999999999999 fr999999999999XXXXXXXXXXX99 gb99AAAA99999999999999 nl99AAAA9999999999 "
     "ch9999999XXXXXXXXXXXX pl99999999999999999999999999 mt99AAAA99999XXXXXXXXXXXXXXXXXX tr99999990XXXXXXXXXXXXXXXX no9999999999999 "
     "be99999999999999 sa9999XXXXXXXXXXXXXXXXXX br99999999999999999999999999AX",
     {"options": {"check_country": False}}),
    ("us_aba", "us.rtn", "<01|12|21|61|80|32>9999999", {"apart": lambda t: int(t[:2]) not in US_ABA}),  # they know no districts
    ("es_ccc", "es.ccc", "99999999999999999999", {"few": 2}),
    ("cz_bankaccount", "cz.bankaccount", "<000000|000019>99999999990<100|300|800>",
     {"theirs": lambda t: f"{t[:6]}-{t[6:16]}/{t[16:]}", "apart": lambda t: len(t) != 20 or t[16:] not in ("0100", "0300", "0800")}),
    ("no_kontonr", "no.kontonr", "99999999999", {"apart": lambda t: len(t) == 7 or t.startswith("000000")}),
    ("ar_cbu", "ar.cbu", "9999999999999999999999"),
    ("nz_bankaccount", "nz.bankaccount", "<010001|030104|389000>0999999000", {"components": True, "apart": lambda t: t[:2] not in ("01", "03", "38")}),
    ("ch_esr", "ch.esr", "999999999999999999999999999", {"apart": lambda t: not 16 <= len(t) <= 27}),
    # the Americas
    ("us_ssn", "us.ssn", "999999999"),
    ("us_itin", "us.itin", "<9>99<70|75|80|88|90|92|94|99|89|93>9999", {"apart": lambda t: 50 <= int(t[3:5] or 0) <= 65}),  # groups added since
    ("us_atin", "us.atin", "<9>99<93>9999", {"theirs": cut(3, 2), "apart": lambda t: t[0] != "9" or t[3:5] != "93"}),
    ("us_ptin", "us.ptin", "p99999999"),
    ("us_ein", "us.ein", "999999999"),
    ("ca_sin", "ca.sin", "999999999", {"apart": starts("0", "8")}),  # not given out
    ("ca_bn", "ca.bn", "999999999 999999999<RC|RM|RP|RT>0001", {"apart": lambda t: t[9:11] in ("RZ", "RE", "RN", "RD", "RG", "RI", "RR")}),
    ("br_cpf", "br.cpf", "99999999999", {"fix": 2}),
    ("br_cnpj", "br.cnpj", "99999999999999", {"fix": 2, "apart": lambda t: not t.isdigit()}),  # letters are newer
    ("mx_curp", "mx.curp", "<GOLC|MARL|LOLC><ymd6><H|M><AS|DF|NL|CL>BCD99 <GOLC|MARL|LOLC><ymd6><H|M><AS|DF|NL|CL>BCDA9", {"apart": lambda t: t[10:11] == "X"}),
    ("mx_rfc", "mx.rfc", "GOLC<ymd6>XX9 GOL<ymd6>XX9", {"apart": lambda t: not t.startswith("GOL") or t[-1] not in "0123456789A"}),
    ("mx_nss", "luhn", "99999999999", {"apart": length(11)}),
    ("ar_cuit", "ar.cuit", "<20|23|27|30|33|34|24|50>999999999", {"apart": starts("25", "26")}),
    ("ar_dni", "ar.dni", "99999999 9999999", {"apart": starts("0")}),
    ("cl_rut", "cl.rut", "999999999 99999999X 99999999k"),
    ("co_nit", "co.nit", "9999999999 99999999"),
    ("pe_ruc", "pe.ruc", "<10|15|17|20|30>999999999", {"apart": starts("16")}),
    ("pe_cui", "pe.cui", "999999999 99999999X"),
    ("ec_ci", "ec.ci", "<17|09|01|24|25|30>99999999"),
    ("ec_ruc", "ec.ruc", "<17|09|24>9999999<9|0>001 <17|01>6999999<9>0001 <17|09><9>999999<9>9001"),
    ("uy_rut", "uy.rut", "<21|02|01|23>999999<001>9", {"apart": starts("22")}),
    ("py_ruc", "py.ruc", "99999999 999999999 9999999"),
    ("ve_rif", "ve.rif", "<V|J|E|G|P|K>999999999", {"apart": starts("C")}),
    ("do_cedula", "do.cedula", "99999999999"),
    ("do_rnc", "do.rnc", "999999999"),
    ("gt_nit", "gt.nit", "99999999 9999999k"),
    ("sv_nit", "sv.nit", "<0|1|9>999999999<0|1>999 0614999999<1>999"),
    ("cr_cpf", "cr.cpf", "0999999999 0<0|1>99999999", {"apart": length(10)}),
    ("cu_ni", "cu.ni", "<ymd6>99999"),
    # western Europe
    ("gb_nhs", "gb.nhs", "9999999999"),
    ("gb_utr", "gb.utr", "9999999999"),
    ("gb_vat", "gb.vat", "999999999 999999999001 gb999999999 gd999 ha999",
     {"apart": lambda t: re.fullmatch("(GB)?[0-9]{9,12}", t) and sum(int(c) * w for c, w in zip(re.sub("^GB", "", t), (8, 7, 6, 5, 4, 3, 2, 10, 1))) % 97 == 55}),  # no such scheme
    ("gb_upn", "gb.upn", "A<801|202|909>999999999 A<801|202>99999999A"),
    ("ie_pps", "ie.pps", "9999999A 9999999A<A|H|W|T|X>", {"apart": lambda t: len(t) == 9 and t[8] not in "AHWTX"}),
    ("ie_vat", "ie.vat", "9999999A 9A99999A 9999999A<A|B|H>"),
    ("fr_nir", "fr.nir", "<1|2>99<01|05|12>9999999999 <1|2>99<01|05|12>2<A|B>999999<00>", {"fix": 2}),
    ("fr_siren", "fr.siren", "999999999"),
    ("fr_siret", "fr.siret", "99999999999999", {"apart": starts("356000000")}),  # La Poste
    ("fr_tva", "fr.tva", "99999999999 fr99999999999 XX999999999"),
    ("mc_tva", "mc.tva", "99000999999"),
    ("de_idnr", "de.idnr", "99999999999"),
    ("de_vat", "de.vat", "999999999 de999999999"),
    ("at_vnr", "at.vnr", "9999<dmy6>"),
    ("at_tin", "at.tin", "999999999", {"components": True}),
    ("at_uid", "at.uid", "u99999999 atu99999999"),
    ("ch_ahv", "ch.ssn", "7569999999999"),
    ("ch_uid", "ch.uid", "che999999999"),
    ("be_nn", "be.nn", "<ymd6>99999", {"fix": 2, "apart": lambda t: 23 <= int(t[:2]) <= 40 or t[2:4] == "14" or t[4:6] > "31"}),  # births to come
    ("be_vat", "be.vat", "0999999999 1999999999", {"fix": 2}),
    ("nl_bsn", "nl.bsn", "999999999", {"apart": length(9)}),
    ("nl_onderwijsnummer", "nl.onderwijsnummer", "109999999", {"apart": length(9)}),
    ("nl_btw", "nl.btw", "999999999b01 nl999999999b99", {"apart": length(12, 14)}),
    ("lu_tva", "lu.tva", "99999999 lu99999999", {"fix": 2}),
    # southern Europe
    ("es_dni", "es.dni", "99999999A"),
    ("es_nie", "es.nie", "<X|Y|Z>9999999A"),
    ("es_cif", "es.cif", "<A|B|C|D|E|F|G|H|J|N|P|Q|R|S|U|V|W>9999999X <P|Q|S|A|C>9999999A", {"apart": cif_kind}),  # they take a letter or a digit for any kind
    ("es_nif", "es.nif", "<K|L|M>9999999A 99999999A es<A|B|P>99999999", {"apart": lambda t: cif_kind(re.sub("^ES", "", t))}),
    ("es_cups", "es.cups", "es9999999999999999AA es9999999999999999AA1p", {"hard": True}),
    ("es_cadastral", "es.referenciacatastral", "9999999AA9999A9999AA", {"hard": True}),
    ("pt_nif", "pt.nif", "999999999 pt999999999"),
    ("pt_cc", "pt.cc", "999999999AA9 9999999999A9", {"apart": length(12)}),
    ("ad_nrt", "ad.nrt", "A999999A <F|A|L>7<0|1|9>9999A"),
    ("it_codicefiscale", "it.codicefiscale", "AAAAAA99<A|B|C|D|E|H|L|M|P|R|S|T><0|1|2|4|5|6>9A999A AAAAAA9<L|M|N><A|B|T>1<0|1|V>A9<U|R>9A"),
    ("it_iva", "it.iva", "9999999<001|015|100|120|101|888>9 it99999990015"),
    ("sm_coe", "sm.coe", "99999 9999 <1|2>99", {"apart": starts("0")}),
    ("gr_afm", "gr.vat", "999999999 el999999999", {"apart": lambda t: len(re.sub("^EL", "", t)) != 9}),
    ("gr_amka", "gr.amka", "<dmy6>99999"),
    ("cy_vat", "cy.vat", "99999999A cy99999999A"),
    ("mt_vat", "mt.vat", "99999999 mt99999999", {"fix": 2}),
    # northern Europe
    ("se_personnummer", "se.personnummer", "<ymd6>9999 <ymd6>-9999 <ymd6>+9999 <ymd8>9999",
     {"apart": lambda t: "-" not in t or t[-7:-5] > "60" or not re.fullmatch("([0-9]{2})?[0-9]{6}[-+][0-9]{4}", t)}),  # they guess a sign
    ("se_orgnr", "se.orgnr", "9999999999", {"apart": starts("0")}),
    ("se_vat", "se.vat", "999999999901 se999999999901", {"apart": lambda t: re.sub("^SE", "", t).startswith("0")}),
    ("dk_cpr", "dk.cpr", "<dmy6>9999", {"apart": lambda t: t[4:6] >= "26" and t[6:7] in "456789"}),  # births to come
    ("dk_cvr", "dk.cvr", "99999999 dk99999999"),
    ("fo_vn", "fo.vn", "999999 fo999999"),
    ("no_fodselsnummer", "no.fodselsnummer", "<dmy6>99999 <4|5|6|7>9<01|05|12|45|52>999999<0>", {"fix": 2, "apart": lambda t: t[0] in "89" or "23" < t[4:6] < "40"}),  # FH-numbers
    ("no_orgnr", "no.orgnr", "<8|9>99999999", {"apart": lambda t: t[0] not in "89"}),
    ("no_mva", "no.mva", "<8|9>99999999mva no<8|9>99999999mva", {"apart": lambda t: re.sub("^NO", "", t)[0] not in "89"}),
    ("fi_hetu", "fi.hetu", "<dmy6><-|A|+>999X", {"options": {"allow_temporary": True}, "apart": lambda t: not re.match("[0-9]{6}[-+A]", t)}),  # the new signs; '900' are temporary
    ("fi_ytunnus", "fi.ytunnus", "99999999", {"apart": length(8)}),
    ("fi_alv", "fi.alv", "99999999 fi99999999"),
    ("fi_veronumero", "fi.veronumero", "999999999999"),
    ("is_kennitala", "is_.kennitala", "<dmy6>999<0|9> <4|5|6|7>9<01|05|12>99999<0|9>", {"apart": lambda t: t[-1] == "8"}),
    ("is_vsk", "is_.vsk", "99999 999999 is99999"),
    ("ee_ik", "ee.ik", "<3|4|5|6><ymd6>9999"),
    ("ee_kmkr", "ee.kmkr", "999999999 ee999999999"),
    ("ee_registrikood", "ee.registrikood", "<1|7|8|9>9999999"),
    ("lt_asmens", "lt.asmens", "<3|4|5|6><ymd6>9999 <9>9999999999"),
    ("lt_pvm", "lt.pvm", "999999919 lt9999999999<1>9"),
    ("lv_pvn", "lv.pvn", "<4|5|9>9999999999 <dmy6><0|1|2>9999", {"apart": lambda t: (lambda n: n[:2] >= "32" and n[0] == "3" or n[0] < "4" and n[6:7] > "2")(re.sub("^LV", "", t))}),  # the new series
    # central and eastern Europe
    ("pl_pesel", "pl.pesel", "<ymd6>99999 99<21|30|85|91>9999999"),
    ("pl_nip", "pl.nip", "9999999999 pl9999999999"),
    ("pl_regon", "pl.regon", "999999999 99999999999999"),
    ("cz_rc", "cz.rc", "<ymd6>9999 99<51|60|62|71|83>999999 <ymd6>999", {"apart": lambda t: len(t) == 10 and "24" <= t[:2] <= "53" or not rc_month(t)}),
    ("cz_dic", "cz.dic", "99999999 699999999 <ymd6>9999 cz99999999", {"apart": lambda t: len(t) >= 9 and (len(t) > 9 and "24" <= t[-10:-8] <= "53" or not rc_month(re.sub("^CZ", "", t)))}),
    ("sk_dph", "sk.dph", "99<2|3|4|7|8|9>9999999 sk9999999999", {"apart": lambda t: re.sub("^SK", "", t).startswith("0")}),
    ("hu_anum", "hu.anum", "99999999 hu99999999", {"apart": lambda t: len(re.sub("^HU", "", t)) == 11}),
    ("ro_cnp", "ro.cnp", "<1|2|5|6|7><ymd6><01|12|40|51|46>9999", {"apart": lambda t: t[7:9] not in ("01", "12", "40", "51", "46")}),
    ("ro_cui", "ro.cui", "99999999 9999999 ro999999999"),
    ("bg_egn", "bg.egn", "<ymd6>9999 99<21|32|41|52>999999"),
    ("bg_pnf", "bg.pnf", "9999999999"),
    ("bg_vat", "bg.vat", "999999999 9999999999 bg999999999"),
    ("si_emso", "si.emso", "<01|15|28><01|12|07><9|0>99<50|01|71>9999"),
    ("si_ddv", "si.ddv", "99999999 si99999999"),
    ("hr_oib", "hr.oib", "99999999999 hr99999999999"),
    ("rs_pib", "rs.pib", "999999999"),
    ("mk_edb", "mk.edb", "9999999999999 mk9999999999999"),
    ("me_pib", "me.pib", "99999999"),
    ("md_idno", "md.idno", "9999999999999"),
    ("ru_inn", "ru.inn", "9999999999 999999999999", {"fix": 2}),
    ("ua_rntrc", "ua.rntrc", "9999999999"),
    ("ua_edrpou", "ua.edrpou", "99999999", {"apart": lambda t: t.endswith("0")}),
    ("by_unp", "by.unp", "<1|2|3|7>99999999 <A|B|C|E|H|K|M><A|B|C|E|H|K|M|O|P|T>9999999"),
    # Asia
    ("tr_tckimlik", "tr.tckimlik", "<1|2|3|5>9999999999", {"fix": 2}),
    ("tr_vkn", "tr.vkn", "9999999999"),
    ("il_idnr", "il.idnr", "999999999", {"apart": length(9)}),
    ("il_hp", "il.hp", "599999999"),
    ("in_aadhaar", "in_.aadhaar", "<2|3|7|9>99999999999"),
    ("in_pan", "in_.pan", "AAA<P|C|H|F>A9999A AAAAA9999A"),
    ("in_gstin", "in_.gstin", "<07|27|29>AAA<P|C>A9999A<1|2>zX"),
    ("in_epic", "in_.epic", "AAA9999999"),
    ("pk_cnic", "pk.cnic", "9999999999999", {"apart": starts("8", "9", "0")}),
    ("cn_ric", "cn.ric", "<110101|310104|440106><ymd8>999X <110101|310104|440106><ymd8>9999",
     {"apart": lambda t: not t.startswith(("110101", "310104", "440106"))}),  # no list of divisions
    ("cn_uscc", "cn.uscc", "9<1|2>999999XXXXXXXXXX 91110000<M>A<0>999999X<1>"),
    ("jp_corporate", "jp.cn", "9999999999999"),
    ("tw_ubn", "tw.ubn", "99999999", {"looser": True}),
    ("sg_uen", "sg.uen", "99999999A <19|20>9999999A <T|S|R>99<LP|LL|PF|RF|FC>9999A",
     {"apart": lambda t: t[:1] in "RST" and t[3:5] not in ("LP", "LL", "PF", "RF", "FC") or t[:1] in "12RST" and re.sub("^([RST]|19|20)", "", t)[:2] >= "24" and t[:2] != "19"}),  # no list of kinds
    ("my_nric", "my.nric", "<ymd6><01|14|10|21|82>9999", {"apart": lambda t: t[6:8] not in ("01", "14", "10", "21", "82")}),
    ("id_npwp", "id.npwp", "999999999999999", {"apart": length(15)}),
    ("th_pin", "th.pin", "<1|2|3|5|8>999999999999"),
    ("th_moa", "th.moa", "0999999999999"),
    ("vn_mst", "vn.mst", "9999999999 9999999999001"),
    # Africa, Oceania
    ("za_idnr", "za.idnr", "<ymd6>9999<0|1>89"),
    ("za_tin", "za.tin", "<0|1|2|3|9>999999999"),
    ("ke_pin", "ke.pin", "<A|P>999999999A"),
    ("gh_tin", "gh.tin", "<P|C|G>00999999<9>X p009999999<9|X>"),
    ("ma_ice", "ma.ice", "999999999999999", {"fix": 2}),
    ("tn_mf", "tn.mf", "9999999A 9999999A<A|B|P|D|N><M|P|C|N|E>000", {"apart": lambda t: len(t) not in (8, 13)}),
    ("mu_nid", "mu.nid", "A<dmy6>999999X"),
    ("dz_nif", "dz.nif", "999999999999999 99999999999999999999"),
    ("au_tfn", "au.tfn", "999999999", {"apart": length(9)}),
    ("au_abn", "au.abn", "99999999999", {"fix": 2, "apart": starts("0")}),
    ("au_acn", "au.acn", "999999999"),
    ("nz_ird", "nz.ird", "<1|0|4|9>9999999 <1|0>99999999", {"apart": lambda t: int(t) >= 150000000}),
]
