"""Values are read one way, whatever the notation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.verify.matching import exchanged, unmatched
from brain.verify.values import values_in


def read(text: str, language: str = "fr") -> list[tuple[str, str | None]]:
    return [("|".join(sorted(v.readings)), v.unit) for v in values_in(text, language)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1 200,50 €", [("1200.5", "eur")]),
        ("1\u202f200,50 EUR", [("1200.5", "eur")]),
        ("1200.50 euros", [("1200.5", "eur")]),
        ("1.200.000 et 12,00", [("1200000", None), ("12", None)]),
        ("0,5 % ou dix pour cent", [("0.5", "%"), ("10", "%")]),
        ("1,5 million d'euros, 2 M€", [("1500000", "eur"), ("2000000", "eur")]),
        ("quatorze jours, soit deux semaines", [("14", "day"), ("14", "day")]),
        ("un an, douze mois, 2 trimestres", [("12", "month"), ("12", "month"), ("6", "month")]),
        ("14 jours ouvrés, 3 jours ouvrables", [("14", "working day"), ("3", "ouvrable day")]),
        ("de 5 à 10 kg", [("5", "kg"), ("10", "kg")]),
        ("10h30, 12 h et 14:05", [("630", "minute"), ("720", "minute"), ("845", "minute")]),
        ("3 mars 2026", [("2026-03-03", None)]),
        ("2026-03-03 ou 03/03/2026 ou 3.3.26", [("2026-03-03", None)] * 3),
        ("1er janvier, en avril 2020", [("*-01-01", None), ("2020-04-*", None)]),
        ("du 3 au 15 mars 2026", [("2026-03-03", None), ("2026-03-15", None)]),
        ("01 23 45 67 89, +33 1 23 45 67 89", [("0123456789", None)] * 2),
        ("https://www.exemple.fr/aide/ ou exemple.fr/aide", [("exemple.fr/aide", None)] * 2),
        ("Aide@Exemple.fr", [("aide@exemple.fr", None)]),
        ("art. L. 1234-5, formulaire 2042-C", [("l12345", None), ("2042c", None)]),
        ("aucun", []),
    ],
)
def test_french_notations(text: str, values: list[tuple[str, str | None]]) -> None:
    assert read(text) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("$1,200.50", [("1200.5", "usd")]),
        ("1,200 users", [("1.2|1200", None)]),
        ("March 3, 2026 and the 3rd of May", [("2026-03-03", None), ("*-05-03", None)]),
        ("03/04/2026", [("2026-03-04|2026-04-03", None)]),
        ("2:30 pm", [("870", "minute")]),
        ("five business days", [("5", "working day")]),
        ("the 2018–19 season", [("2018", None), ("2019", None)]),
        ("twenty-one and a hundred", [("21", None), ("100", None)]),
    ],
)
def test_english_notations(text: str, values: list[tuple[str, str | None]]) -> None:
    assert read(text, "en") == values


def missing(claim: str, evidence: str, language: str = "fr") -> list[str]:
    return [value.shown for value in unmatched(values_in(claim, language), values_in(evidence, language))]


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("1200,50 euros", "1 200,50 €"),
        ("deux semaines", "14 jours"),
        ("le 3 mars", "le 3 mars 2026"),
        ("en 2026", "le 3 mars 2026"),
        ("le 3 mars 2026", "le 3 mars. Tarifs 2026"),
        ("18 ans", "| âge | 18 |"),
        ("le 3939", "appelez le 39 39"),
        ("un colis", "des colis"),
        ("1 enfant", "un enfant"),
        ("un mois", "1 mois"),
    ],
)
def test_a_value_is_found_in_another_notation(claim: str, evidence: str) -> None:
    assert missing(claim, evidence) == []


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("14 mois", "14 jours"),
        ("14 jours", "14 jours ouvrés"),
        ("le 3 mars 2025", "le 3 mars 2026"),
        ("le 4 mars", "le 3 mars 2026"),
        ("1 enfant", "un délai de 2 ans pour 3 enfants"),
        ("un mois", "deux mois"),
        ("01 23 45 67 88", "01 23 45 67 89"),
        ("exemple.fr/aide", "exemple.fr/contact"),
        ("10 €", "10 %"),
    ],
)
def test_another_value_is_not_found(claim: str, evidence: str) -> None:
    assert len(missing(claim, evidence)) == 1


def test_a_value_in_place_of_another_is_noticed() -> None:
    sentence = values_in("14 jours pour un colis, 30 jours pour une lettre", "fr")
    assert exchanged(values_in("30 jours pour un colis, 30 jours pour une lettre", "fr"), sentence)
    assert not exchanged(values_in("14 jours pour un colis", "fr"), sentence)
    assert exchanged(values_in("60 jours pour un colis", "fr"), sentence)


@given(st.text(max_size=60), st.sampled_from(["fr", "en", "de", "ja"]))
def test_any_text_can_be_read_and_states_its_own_values(text: str, language: str) -> None:
    values = values_in(text, language)
    assert unmatched(values, values) == []


@given(st.integers(0, 10**7), st.integers(0, 99))
def test_an_amount_is_the_same_however_it_is_written(whole: int, cents: int) -> None:
    spaced = f"{whole:,}".replace(",", " ")
    forms = [
        f"{spaced},{cents:02d} €",
        f"{spaced.replace(' ', chr(0x202F))},{cents:02d} EUR",
        f"{whole}.{cents:02d} euros",
    ]
    assert len({frozenset(values_in(form, "fr")[0].readings) for form in forms}) == 1
