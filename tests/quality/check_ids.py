#!/usr/bin/env python3
"""Compares the identifiers made here with python-stdnum, where Debian's package of it is installed; ends with 77 where it is not."""
import random
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import ids_europe
import ids_global
import ids_world

# Ours; its module. Others are not in it, or it checks less than we make (taproot addresses, new Finnish separators).
MODULES = """
FR_NIR fr.nir|FR_SPI fr.nif|FR_SIREN fr.siren|FR_SIRET fr.siret|FR_VAT fr.tva|DE_TAX_ID de.idnr|DE_VAT de.vat|AT_SVNR at.vnr|AT_TIN at.tin|AT_VAT at.uid|CH_AHV ch.ssn|CH_UID ch.uid
BE_NATIONAL_NUMBER be.nn|BE_VAT be.vat|NL_BSN nl.bsn|LU_VAT lu.tva|ES_DNI es.dni|ES_NIE es.nie|ES_CIF es.cif|ES_CUPS es.cups|ES_CCC es.ccc|PT_NIF pt.nif|PT_CC pt.cc
IT_FISCAL_CODE it.codicefiscale|IT_VAT it.iva|SE_PERSONNUMMER se.personnummer|SE_ORGNR se.orgnr|DK_CPR dk.cpr|DK_CVR dk.cvr|NO_FODSELSNUMMER no.fodselsnummer|NO_ORGNR no.orgnr
NO_BANK_ACCOUNT no.kontonr|FI_BUSINESS_ID fi.ytunnus|IS_KENNITALA is_.kennitala|EE_ISIKUKOOD ee.ik|LT_ASMENS_KODAS lt.asmens|LV_PERSONAS_KODS lv.pvn|PL_PESEL pl.pesel|PL_NIP pl.nip
PL_REGON pl.regon|CZ_RODNE_CISLO cz.rc|CZ_DIC cz.dic|CZ_BANK_ACCOUNT cz.bankaccount|SK_RODNE_CISLO sk.rc|RO_CNP ro.cnp|RO_CUI ro.cui|BG_EGN bg.egn|HR_OIB hr.oib|SI_EMSO si.emso|SI_VAT si.ddv
RS_PIB rs.pib|GR_AFM gr.vat|GR_AMKA gr.amka|UK_UTR gb.utr|UK_NHS gb.nhs|UK_VAT gb.vat|UK_UPN gb.upn|IE_PPS ie.pps|IE_VAT ie.vat|RU_INN ru.inn|RU_INN_ORG ru.inn|UA_RNOKPP ua.rntrc
BY_UNP by.unp|TR_TCKN tr.tckimlik|TR_VKN tr.vkn|US_SSN us.ssn|US_ATIN us.atin|US_EIN us.ein|US_PTIN us.ptin|US_ABA us.rtn|CA_SIN ca.sin|CA_BN ca.bn|BR_CPF br.cpf|BR_CNPJ br.cnpj
MX_CURP mx.curp|MX_RFC mx.rfc|AR_CUIT ar.cuit|AR_CBU ar.cbu|CL_RUT cl.rut|CO_NIT co.nit|PE_RUC pe.ruc|EC_CEDULA ec.ci|UY_RUT uy.rut|VE_RIF ve.rif|DO_CEDULA do.cedula|IN_AADHAAR in_.aadhaar
IN_PAN in_.pan|IN_GSTIN in_.gstin|IN_EPIC in_.epic|IL_ID il.idnr|ZA_ID za.idnr|KE_PIN ke.pin|MA_ICE ma.ice|TN_MF tn.mf|CN_RIC cn.ric|CN_USCC cn.uscc|JP_CORPORATE_NUMBER jp.cn|KR_BRN kr.brn
TW_UBN tw.ubn|ID_NPWP id.npwp|TH_ID th.pin|VN_MST vn.mst|AU_TFN au.tfn|AU_ABN au.abn|AU_ACN au.acn|NZ_IRD nz.ird|CREDIT_CARD luhn|CUSIP cusip|ISIN isin|LEI lei|IMEI imei|SEDOL gb.sedol
"""


def main():
    try:
        import_module("stdnum")
    except ImportError:
        return 77
    modules = dict(m.split() for m in MODULES.replace("\n", "|").split("|") if m)
    r = random.Random(11)
    failed = 0
    for name, _, make, *_ in ids_global.TYPES + ids_europe.TYPES + ids_world.TYPES:
        if name not in modules:
            continue
        check = import_module("stdnum." + modules.pop(name))
        for _ in range(60):
            value = make(r)[0]
            if not check.is_valid(value):
                print(f"{name}: {value} is not valid")
                failed += 1
    for name in modules:
        print(f"{name}: not made here")
        failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
