#!/usr/bin/env python3
"""Writes rarity_table.h: how much likelier a pair of characters is in words and identifiers than in random text.

    make_rarity.py > rarity_table.h

Counts come from this repository's own sources and documents and from the sentences below, so that anyone can repeat it.
Cells are tenths of a bit, log2(P(b|a) in words * 26), between -60 and 45."""
import math
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
# other languages whose words turn up in names and passwords, in plain letters
MORE = """
el perro come en la cocina y los chicos corren por la calle cada manana contrasena usuario clave numero direccion telefono
nombre apellido fecha ciudad pais cuenta empresa servicio archivo pagina sistema seguridad producto cliente pedido
der hund schlaft unter dem tisch wahrend die kinder draussen spielen passwort kennwort benutzer schlussel nummer adresse strasse
vorname nachname geburtstag stadt land konto firma dienst datei seite sicherheit kunde bestellung zwischen schnell jahreszeiten
le chien mange dans la cuisine et les enfants courent dehors motdepasse utilisateur numero adresse prenom nom ville pays compte
entreprise fichier securite produit client commande bonjour aujourdhui quelque chose lumiere montagne famille travail
il cane dorme sotto il tavolo mentre i bambini giocano fuori utente chiave numero indirizzo cognome citta paese conto azienda
servizio pagina sicurezza prodotto cliente ordine buongiorno bellissimo montagna famiglia lavoro finestra giardino
o cachorro dorme embaixo da mesa enquanto as criancas brincam senha usuario chave endereco nome cidade conta empresa servico
arquivo seguranca produto cliente pedido bomdia trabalho coracao saudade janela jardim montanha familia amizade
de hond slaapt onder de tafel terwijl de kinderen buiten spelen wachtwoord gebruiker sleutel nummer straat voornaam achternaam
pies spi pod stolem a dzieci bawia sie na dworze haslo uzytkownik klucz numer adres ulica imie nazwisko miasto kraj konto firma
hunden sover under bordet medan barnen leker losenord anvandare nyckel nummer gata fornamn efternamn stad land konto foretag
kopek masanin altinda uyuyor ve cocuklar disarida oynuyor sifre kullanici anahtar numara adres sokak isim soyisim sehir ulke
watashi wa nihongo wo benkyou shimasu sakura yamada tanaka suzuki kaisha denwa jusho namae toshi tokyo osaka kyoto arigatou
wo de mima shi zhongguo beijing shanghai nihao xiexie zhanghao yonghu gongsi dianhua dizhi mingzi chengshi guojia
privet parol klyuch polzovatel gorod strana kompaniya spasibo moskva rossiya novosti rabota vremya chelovek
"""


def words():
    for path in sorted(ROOT.glob("src/**/*.[ch]")) + sorted(ROOT.glob("**/*.md")) + sorted(ROOT.glob("policies/**/*.cedar")):
        if "build" in path.parts or path.name == "rarity_table.h":
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        text = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
        # a word used a thousand times says no more than one used thirty times
        yield from re.findall(r"[a-z]+", text.lower())
    yield from re.findall(r"[a-z]+", MORE.lower())


def main():
    often = {}
    for word in words():
        if 2 <= len(word) <= 20 and len(set(word)) > 1:
            often[word] = often.get(word, 0) + 1
    count = [[0.35] * 26 for _ in LETTERS]
    for word, n in often.items():
        for a, b in zip(word, word[1:]):
            count[ord(a) - 97][ord(b) - 97] += min(n, 30) ** 0.5
    print("/* Written by make_rarity.py; see there. Rows: first letter; columns: second letter; tenths of a bit by which\n"
          " * the pair is likelier in words than in random letters. */")
    print("/* clang-format off */")
    print("static const int8_t RARITY[26][26] = {")
    for row in count:
        total = sum(row)
        cells = [max(-60, min(45, round(10 * math.log2(c / total * 26)))) for c in row]
        print("    {" + ", ".join(f"{c}" for c in cells) + "},")
    print("};")
    print("/* hundredths of a bit: n * log2(n) for the counts of one byte */")
    print("static const uint32_t N_LOG2_N[257] = {")
    cells = [0 if n == 0 else round(100 * n * math.log2(n)) for n in range(257)]
    for i in range(0, 257, 16):
        print("    " + ", ".join(str(c) for c in cells[i:i + 16]) + ",")
    print("};")
    print("/* clang-format on */")


if __name__ == "__main__":
    main()
