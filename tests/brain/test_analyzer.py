"""A question and a passage that say the same share their terms."""

import threading

import pytest

from brain.text.analyzer import fold, stop_words, terms


def same(a: str, b: str, language: str = "fr") -> bool:
    return terms(a, language) == terms(b, language) != []


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("l'adresse", "adresse"),
        ("d'adresse", "adresse"),
        ("L’ADRESSE", "adresse"),
        ("qu'annulation", "annulation"),
        ("jusqu’annulation", "annulation"),
        ("lorsqu'annulation", "annulation"),
        ("s'abonner", "abonner"),
        ("lʼadresse", "adresse"),
    ],
)
def test_elisions_are_cut(text: str, bare: str) -> None:
    assert same(text, bare)


def test_an_apostrophe_within_a_word_is_no_elision() -> None:
    assert terms("aujourd'hui", "fr") != terms("hui", "fr")


def test_elisions_are_of_french_and_italian_only() -> None:
    assert terms("l'adresse", "en") != terms("adresse", "en")


@pytest.mark.parametrize(
    ("accented", "plain"),
    [
        ("délai", "delai"),
        ("réclamation", "reclamation"),
        ("été reçu", "ete recu"),
        ("œuvre", "oeuvre"),
        ("e\u0301cran", "écran"),
        ("GARANTIE", "garantie"),
        ("ﬁche", "fiche"),
    ],
)
def test_accents_case_and_ligatures_make_no_difference(accented: str, plain: str) -> None:
    assert terms(accented, "fr") == terms(plain, "fr")


@pytest.mark.parametrize("amount", ["1 200 €", "1\u00a0200 €", "1\u202f200\u00a0€", "1200€", "1200 €", "1200 euro"])
def test_an_amount_is_one_number_however_it_is_written(amount: str) -> None:
    assert terms(amount, "fr") == terms("1200 €", "fr")
    assert terms(amount, "fr")[0] == "1200"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("12 345 678", ["12345678"]),
        ("3 200", ["3200"]),
        ("de 5 à 15", ["5", "15"]),
        ("06 12 34 56 78", ["06", "12", "34", "56", "78"]),
        ("10 1000", ["10", "1000"]),
    ],
)
def test_only_thousands_are_joined(text: str, numbers: list[str]) -> None:
    assert [term for term in terms(text, "fr") if term.isdigit()] == numbers


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("remboursement", "remboursements"),
        ("article", "articles"),
        ("colis abîmé", "colis abîmés"),
        ("journal", "journaux"),
        ("carte cadeau", "cartes cadeaux"),
        ("livraison gratuite", "livraisons gratuites"),
    ],
)
def test_french_singular_and_plural_share_a_term(one: str, many: str) -> None:
    assert same(one, many)


@pytest.mark.parametrize(
    ("one", "other"), [("refund", "refunds"), ("returning", "returned"), ("delivery", "deliveries")]
)
def test_english_forms_share_a_term(one: str, other: str) -> None:
    assert same(one, other, "en")


def test_stop_words_are_dropped_with_and_without_accents() -> None:
    assert terms("où à été même le la les", "fr") == terms("ou a ete meme le la les", "fr") == []
    assert terms("What is the parcel of my", "en") == terms("parcel", "en")
    assert {"ou", "meme", "ete"} <= stop_words("fr")


def test_what_carries_the_meaning_is_no_stop_word() -> None:
    for word in ("remboursement", "délai", "gratuit", "combien", "annuler"):
        assert terms(word, "fr"), word


def test_terms_are_in_order_and_repeated() -> None:
    assert terms("colis, carte, colis", "fr") == [*terms("colis", "fr"), *terms("carte", "fr"), *terms("colis", "fr")]


def test_scripts_without_spaces_are_indexed_by_pairs() -> None:
    assert terms("日本語", "ja") == ["日本", "本語"]
    assert terms("本", "ja") == ["本"]
    assert terms("iPhone用ケース", "ja") == ["iphone", "用ケ", "ケー", "ース"]


@pytest.mark.parametrize("language", ["", "und", "xx", "sv"])
def test_an_unknown_language_gets_the_neutral_rest(language: str) -> None:
    assert terms("Le Délai, 1 200 €", language) == ["le", "delai", "1200", "euro"]


def test_nothing_gives_no_terms() -> None:
    assert terms("", "fr") == terms(" ?! … ", "fr") == []


def test_fold_drops_accents_alone() -> None:
    assert fold("été œuvre Ça ñ") == "ete oeuvre Ca n"


def test_threads_do_not_share_a_stemmer() -> None:
    """PyStemmer's are not thread-safe; words differ so that no cache answers."""
    wrong: list[str] = []

    def work(name: int) -> None:
        for n in range(300):
            word = f"remboursement{name}x{n}s"
            if terms(word, "fr") != [word.removesuffix("s")]:
                wrong.append(word)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
