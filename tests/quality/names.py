"""Which names of the scanner's types mean which of ours. A name not listed here has to be equal, or equal without its
filler words; the same number under two names (a VAT number that is a company number) is right under either."""
import re

# Ours: expressions for theirs. Several of ours may be one of theirs (both kinds of coin address, the number of Slovaks and
# Czechs); a form that names no country is right where only the label tells the country.
SAME = {
    "CREDIT_CARD": ["CARD", "PAYMENT_CARD"], "CVV": ["CARD_CVV"], "IPV4": ["IP_ADDRESS"], "IPV6": ["IP_ADDRESS"], "GPS": ["COORDINATES"], "LICENSE_PLATE": ["LICENCE_PLATE"],
    "BTC_ADDRESS": ["BITCOIN_ADDRESS", "CRYPTO_ADDRESS"], "ETH_ADDRESS": ["ETHEREUM_ADDRESS"], "TRON_ADDRESS": ["CRYPTO_ADDRESS", "TRON_ADDRESS"],
    "LTC_ADDRESS": ["LITECOIN_ADDRESS", "BITCOIN_ADDRESS", "BTC_ADDRESS"], "DOGE_ADDRESS": ["DOGECOIN_ADDRESS", "BITCOIN_ADDRESS", "BTC_ADDRESS"], "XRP_ADDRESS": ["RIPPLE_ADDRESS", "XRP_ADDRESS"],
    "SOL_ADDRESS": ["SOLANA_ADDRESS"], "XMR_ADDRESS": ["MONERO_ADDRESS"], "FR_SPI": ["FR_NIF"], "FR_VAT": ["FR_TVA"], "DE_TAX_ID": ["DE_STEUER_ID"], "AT_VAT": ["AT_UID"],
    "BE_NATIONAL_NUMBER": ["BE_NN"], "NL_VAT": ["NL_BTW"], "LU_NATIONAL_ID": ["LU_MATRICULE"], "LU_VAT": ["LU_TVA"], "IT_FISCAL_CODE": ["IT_CODICE_FISCALE"], "IT_VAT": ["IT_PARTITA_IVA"],
    "FI_BUSINESS_ID": ["FI_YTUNNUS"], "EE_ISIKUKOOD": ["EE_IK", "LT_ASMENS_KODAS"], "LT_ASMENS_KODAS": ["EE_IK"], "CZ_BANK_ACCOUNT": ["CZ_ACCOUNT", "BANK_ACCOUNT"],
    "NO_BANK_ACCOUNT": ["NO_ACCOUNT"], "SK_RODNE_CISLO": ["SK_RODNE_CISLO", "CZ_RODNE_CISLO"], "HU_VAT": ["HU_TAX_NUMBER"], "SI_EMSO": ["YU_JMBG", "JMBG"], "RS_JMBG": ["YU_JMBG", "JMBG"], "SI_VAT": ["SI_TAX"],
    "UK_PASSPORT": ["PASSPORT_NUMBER", "GB_PASSPORT"], "US_PASSPORT": ["PASSPORT_NUMBER"], "CA_PASSPORT": ["PASSPORT_NUMBER"], "IN_PASSPORT": ["PASSPORT_NUMBER"],
    "RU_PASSPORT": ["PASSPORT_NUMBER"], "UK_NHS": ["GB_NHS_NUMBER", "UK_NHS_NUMBER"], "UK_CHI": ["GB_CHI_NUMBER", "UK_CHI_NUMBER", "GB_NHS_NUMBER"], "IE_PPS": ["IE_PPSN"], "RU_INN_ORG": ["RU_INN"],
    "UA_RNOKPP": ["UA_RNTRC"], "US_ATIN": ["US_ATIN", "US_ITIN"], "US_BANK_ACCOUNT": ["BANK_ACCOUNT"], "CA_BANK_ACCOUNT": ["BANK_ACCOUNT", "CA_TRANSIT"], "AU_BANK_ACCOUNT": ["AU_BSB", "BANK_ACCOUNT"],
    "BR_CNPJ_ALNUM": ["BR_CNPJ"], "BR_VOTER_ID": ["BR_TITULO"], "HK_ID": ["HK_HKID"], "TH_ID": ["TH_PIN"], "US_DRIVER_LICENSE": ["DRIVING_LICENCE"], "UK_DRIVING_LICENCE": ["DRIVING_LICENCE"],
    "IN_UPI": ["IN_UPI", "EMAIL"], "UY_RUT": ["UY_RUT"], "JP_CORPORATE_NUMBER": ["JP_CORPORATE"], "EC_CEDULA": ["EC_CEDULA"], "ES_DNI": ["ES_DNI", "ES_NIF"], "CZ_DIC": ["CZ_DIC", "CZ_VAT"],
    "AR_DNI": ["AR_DNI"], "ES_CCC": ["ES_CCC"], "US_MBI": ["US_MBI"], "IE_VAT": ["IE_VAT"], "EG_NATIONAL_ID": ["EG_ID"], "PH_TIN": ["PH_TIN"], "BR_PIS": ["BR_PIS"],
    "CA_BC_PHN": ["CA_PHN"], "FR_SIRET": ["FR_SIRET"], "DE_STEUERNUMMER": ["DE_TAX_NUMBER"]
}
FILLER = {"NUMBER", "NO", "ID", "CODE", "ADDRESS", "NATIONAL", "PERSONAL", "IDENTIFICATION", "CARD"}


def squeeze(name):
    words = name.replace("GB_", "UK_").split("_")
    return frozenset(w for w in words if w not in FILLER) or frozenset(words)


def match(mine, theirs):
    """→ own type → accepted names, of the names that the scanner has."""
    out = {}
    for m in mine:
        accepted = {m} & set(theirs) or {t for t in theirs if squeeze(t) == squeeze(m)}
        accepted |= {t for t in theirs if any(re.fullmatch(p, t) for p in SAME.get(m, ()))}
        out[m] = accepted or {m}
    return out
