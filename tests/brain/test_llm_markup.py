"""What a model writes reaches nobody as HTML, and no address of its own making."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.answerers.llm_markup import plain_reply
from brain.answerers.llm_reply import ReplyReader
from brain.types import Citation, Passage, Passages, Question, Scores, Sentence
from brain.verify import Gate, Verifier

TEXT = "Le remboursement prend 14 jours. Voir https://exemple.fr/remboursement pour le suivi."
PASSAGE = Passage(
    "p", "d", TEXT, (0, len(TEXT)), Scores(1.0), title="Remboursement", url="https://exemple.fr/aide/12", language="fr"
)


@pytest.mark.parametrize(
    ("reply", "plain"),
    [
        ("Le délai est de <b>14 jours</b> [1].", "Le délai est de 14 jours [1]."),
        ("Voir [la page](https://exemple.fr/a) [1].", "Voir la page (https://exemple.fr/a) [1]."),
        ("Voir [https://exemple.fr/a](https://exemple.fr/a).", "Voir https://exemple.fr/a."),
        ("Voir [ici](javascript:alert(1)) ou <a href='javascript:x'>là</a>.", "Voir ici ou là."),
        ('Voir <a class="x" href="https://mal.example/">la page</a>.', "Voir la page (https://mal.example/)."),
        ("![pixel](https://mal.example/?q=secret)14 jours [1].", "pixel14 jours [1]."),
        ('<img src=x onerror="alert(1)">14 jours [1].', "14 jours [1]."),
        ("14 jours<script>alert('x')</script> [1].", "14 jours [1]."),
        ("14 jours <scr<b>ipt>alert(1)</scr</b>ipt> [1].", "14 jours  [1]."),
        ("<!-- caché -->14 jours [1].", "14 jours [1]."),
        ("**14 jours** [1].", "14 jours [1]."),
        ("Voir <https://exemple.fr/a> [1].", "Voir https://exemple.fr/a [1]."),
        ("14 jours [1](https://exemple.fr/a).", "14 jours [1] (https://exemple.fr/a)."),
        ("14 jours [1](voir aussi la page 2).", "14 jours [1](voir aussi la page 2)."),
        ("Si x < 5 et y > 3, `<bucket-name>` [1].", "Si x < 5 et y > 3, `<bucket-name>` [1]."),
        ("14\u202e jours\x1b[31m [1].", "14 jours[31m [1]."),
    ],
)
def test_a_reply_becomes_plain(reply: str, plain: str) -> None:
    assert plain_reply(reply) == plain


class Tags(HTMLParser):
    """Keeps the tags that a browser would make of a text; brackets around a bare word are no tag of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        if attrs or re.fullmatch(r"script|img|a|b|svg|iframe|style", tag):
            self.found.append(tag)


PIECES = "<|>|</|script|img|a|b|svg| |src=|href=|'|\"|onerror=x|javascript:|x|/|!--|-->|!|[|](|)|1".split("|")


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_no_html_passes(reply: str) -> None:
    plain = plain_reply(reply)

    assert Tags(plain).found == []
    assert not re.search(r"\[[^\[\]]*\]\(\s*javascript:[^()]*\)", plain)
    assert plain_reply(plain) == plain


@given(st.integers(1, 7))
def test_markup_that_comes_in_pieces_is_taken_out_whole(size: int) -> None:
    reply = (
        'Le remboursement prend <b title="Oui. Non.">14 jours</b> [1]. '
        'Voir <!-- a. b. -->[la page](https://exemple.fr/remboursement "Une. Page.") pour le suivi [1].'
    )
    reader = ReplyReader([[PASSAGE]], "fr")
    drafts = [reader.feed(reply[at : at + size]) for at in range(0, len(reply), size)] + [reader.end()]

    assert [s.text for draft in drafts for s in draft.sentences] == [
        "Le remboursement prend 14 jours.",
        "Voir la page (https://exemple.fr/remboursement) pour le suivi.",
    ]


def checked(text: str) -> Sentence:
    sentence = Sentence(text, (Citation("p", "d", (0, 32), TEXT[:32]),))
    return Verifier().check(sentence, text, "fr", {"p": PASSAGE})


@pytest.mark.parametrize(
    "address",
    [
        "https://mal.example/suivi",
        "www.mal.example",
        "mal-remboursement.xyz",
        "https://exemple.fr.mal.example/remboursement",
        "javascript:alert(1)",
        "data:text/html;base64,PHA+",
        "ftp://exemple.fr/remboursement",
        "suivi@mal.example",
    ],
)
def test_an_address_that_no_cited_document_has_is_a_problem_and_is_never_shown(address: str) -> None:
    sentence = checked(f"Le remboursement prend 14 jours, suivi sur {address}.")
    gate = Gate(Question("Combien de jours pour un remboursement ?"), Passages((PASSAGE,), "fr"), "mark")
    for added in (checked("Le remboursement prend 14 jours."), checked("Le remboursement prend 15 jours."), sentence):
        gate.add(added)
    gate.end()

    assert sentence.support is not None
    assert not sentence.support.supported
    # The one with another figure is shown, to be marked; the one with an address isn't.
    assert [shown.text for shown in gate.shown] == [
        "Le remboursement prend 14 jours.",
        "Le remboursement prend 15 jours.",
    ]


@pytest.mark.parametrize("address", ["https://exemple.fr/remboursement", "exemple.fr/remboursement"])
def test_addresses_of_the_cited_passage_hold(address: str) -> None:
    sentence = checked(f"Le remboursement prend 14 jours, voir {address}.")

    assert sentence.support is not None
    assert sentence.support.problems == ()


def test_the_address_of_the_cited_document_holds() -> None:
    sentence = Sentence(
        "Remboursement sous 14 jours : https://exemple.fr/aide/12.", (Citation("p", "d", (0, 32), TEXT[:32]),)
    )
    passage = replace(PASSAGE, text=TEXT[:32])
    supported = Verifier().check(sentence, sentence.text, "fr", {"p": passage}).support

    assert supported is not None
    assert supported.problems == ()
    other = replace(passage, url="https://exemple.fr/aide/13")
    assert not Verifier().check(sentence, sentence.text, "fr", {"p": other}).support.supported  # type: ignore[union-attr]
