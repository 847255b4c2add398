"""Personal data is found by its check digits; what only looks like it stays."""

import itertools
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, luhn
from stdnum.fr import nir, siret

from brain.privacy import Pseudonyms, find, mask

BEFORE = st.sampled_from(["", "Bonjour, ", "mon numéro : ", "my number is ", "(", "voici\n"])
AFTER = st.sampled_from(["", ".", ", merci", " merci", ")", "\nCordialement", " ?"])


def digits(n: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=n, max_size=n)


def grouped(number: str, sizes: tuple[int, ...], gap: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return gap.join(part for part in (*parts, number[at:]) if part)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Écrivez à Jean.Dupont+colis@exemple.fr.", "Écrivez à [E-MAIL]."),
        ("marie [at] club-sport.org", "[E-MAIL]"),
        ("mailto:a@b.fr et tel:+33612345678", "mailto:[E-MAIL] et tel:[TEL]"),
        ("06 12 34 56 78 ou 01.23.45.67.89", "[TEL] ou [TEL]"),
        ("06-12-34-56-78\n0698765432", "[TEL]\n[TEL]"),
        ("06 12 34 56 78 06 98 76 54 32", "[TEL] [TEL]"),
        ("+33 (0)1 23 45 67 89 / 0033 6 12 34 56 78", "[TEL] / [TEL]"),
        ("06\u00a012\u00a034\u00a056\u00a078", "[TEL]"),
        ("call +44 20 7946 0958 or +1 425-882-8080", "call [TEL] or [TEL]"),
        ("FR76 3000 6000 0112 3456 7890 189 BIC AGRIFRPP", "[IBAN] BIC AGRIFRPP"),
        ("fr7630006000011234567890189", "[IBAN]"),
        ("GB82 WEST 1234 5698 7654 32", "[IBAN]"),
        ("2 95 10 99 126 111 93", "[NIR]"),
        ("1 85 05 78 006 084", "[NIR]"),
        ("1 85 05 2A 006 084 clé 80", "[NIR] clé 80"),
        ("4111 1111 1111 1111 exp 12/27", "[CARD] exp 12/27"),
        ("3782-822463-10005", "[CARD]"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Composez le 3939, le 15 ou le 0 800 12 34 56 (0,18 €/min : 0 892 70 00 00).",
        "SIRET 732 829 320 00074, 73282932000074, SIREN 732829320",
        "Article L1234-5 du code du travail, art. R. 421-1, idcc 0016 et 2120",
        "Commande n° 0612345678, dossier 4111111111111111, order #0612345678",
        "1 200,50 €, 12 345 678,90 euros, 0123456789 €, 1.200.000 $",
        "du 01/02/2026 au 03/04/2026, 2026-03-03T10:11:12, 20260303101112, 01 02 2026",
        "https://exemple.fr/article/0612345678 et https://exemple.fr/?n=4111111111111111",
        "Icon@2x.png, react@18.2.0, arn:aws:iam::123456789012:role/admin",
        "4111 1111 1111 1112, 5500000000000005000, 2 95 10 99 126 111 94",
        "FR76 3000 6000 0112 3456 7890 188, FR12 ABCD",
        "192.168.100.200:8080, 00:1A:2B:3C:4D:5E, ISBN 978-2-07-036822-8, EAN 3017620422003",
        "0.00   0.00   0.00  94.04 32.70 54.18  0.00, 0.004316598642617",
        "d8a2e0c1-4111-4111-8111-111111111111",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert mask(text) == text


@given(BEFORE, AFTER, digits(8), st.sampled_from(["06", "07", "+33 6", "0033 7", "+33(0)6"]), st.sampled_from(" .-"))
def test_every_french_mobile_number_is_masked(before: str, after: str, rest: str, prefix: str, gap: str) -> None:
    number = gap.join([prefix, *re.findall("..", rest)])
    assert mask(before + number + after) == f"{before}[TEL]{after}"


@given(BEFORE, AFTER, digits(5), digits(5), digits(11), digits(2), st.booleans())
def test_every_french_iban_is_masked(
    b: str, a: str, bank: str, desk: str, account: str, key: str, spaced: bool
) -> None:
    bban = bank + desk + account + key
    number = f"FR{iban.calc_check_digits('FR00' + bban)}{bban}"
    if iban.is_valid(number):
        assert mask(b + (grouped(number, (4,) * 6, " ") if spaced else number) + a) == f"{b}[IBAN]{a}"


@given(BEFORE, AFTER, st.sampled_from("12"), digits(2), st.integers(1, 12), digits(8), st.booleans())
def test_every_social_security_number_is_masked(
    b: str, a: str, sex: str, year: str, month: int, rest: str, spaced: bool
) -> None:
    number = f"{sex}{year}{month:02d}{rest}"
    number += nir.calc_check_digits(number)
    shown = grouped(number, (1, 2, 2, 2, 3, 3), " ") if spaced else number
    if nir.is_valid(number):
        assert mask(b + shown + a) == f"{b}[NIR]{a}"


@given(BEFORE, AFTER, st.sampled_from(["4", "51", "55"]), digits(14), st.sampled_from(["", " ", "-"]))
def test_every_card_number_is_masked(b: str, a: str, issuer: str, rest: str, gap: str) -> None:
    number = (issuer + rest)[:15]
    number += luhn.calc_check_digit(number)
    assert mask(b + grouped(number, (4, 4, 4), gap) + a) == f"{b}[CARD]{a}"


def as_siret(start: str) -> str:
    """A SIRET: 9 digits that hold, then 5 that make all 14 hold."""
    siren = start[:8] + luhn.calc_check_digit(start[:8])
    number = siren + "000" + start[8]
    number += luhn.calc_check_digit(number)
    assert siret.is_valid(number)
    return grouped(number, (3, 3, 3), " ")


@given(
    st.one_of(
        st.integers(0, 10**9).map(lambda n: f"{n:,}".replace(",", " ") + ",50 €"),
        st.dates(date(1950, 1, 1), date(2100, 1, 1)).map(lambda d: d.strftime("%d/%m/%Y")),
        st.dates().map(date.isoformat),
        st.tuples(st.sampled_from("LRD"), st.integers(1, 9999), st.integers(1, 99)).map(
            lambda t: f"{t[0]}{t[1]}-{t[2]}"
        ),
        digits(8).map(lambda d: f"CMD-{d}"),
        digits(10).map(lambda d: f"commande n° {d}"),
        digits(4).map(lambda d: f"idcc {d}"),
        digits(9).filter(lambda d: d[0] != "0").map(as_siret),
    )
)
def test_amounts_dates_articles_orders_and_companies_stay(text: str) -> None:
    sentence = f"Voir {text}, puis appelez."
    assert mask(sentence) == sentence


@given(st.text())
def test_masking_is_stable_and_spans_are_apart(text: str) -> None:
    found = find(text)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    assert mask(mask(text)) == mask(text)


@given(st.lists(st.sampled_from(["06 12 34 56 78", "a@b.fr", "c@d.com", "4111 1111 1111 1111", "le", "ou ", ", "])))
def test_pseudonyms_come_back(parts: list[str]) -> None:
    text, names = " ".join(parts), Pseudonyms()
    masked = names.mask(text)

    assert not find(masked)
    assert names.restore(masked) == text


def test_one_value_has_one_pseudonym_in_all_texts_of_a_request() -> None:
    names = Pseudonyms()

    assert names.mask("a@b.fr, 06 12 34 56 78") == "[E-MAIL_1], [TEL_1]"
    assert names.mask("06.12.34.56.78 ou 07 12 34 56 78") == "[TEL_1] ou [TEL_2]"
    assert (
        names.restore("Appelez TEL_2 ou [TEL_1], pas [TEL_3].")
        == "Appelez 07 12 34 56 78 ou 06 12 34 56 78, pas [TEL_3]."
    )
