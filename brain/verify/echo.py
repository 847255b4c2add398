"""A claim that says nothing but what was asked: a bare yes or no, or the question's own words as a statement.

Its words are the asker's, so that they stand in the claim proves nothing: each must be in the passages (but for verbs, which are often
said otherwise), and the sentence that is closest to the question must say it the same way round. Where the question names a figure
("on the 22nd") and that sentence another ("until the 20th"), words can't tell.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from brain.text.analyzer import BEGINNING
from brain.text.asking import asks_whether
from brain.verify.binding import ABOVE, beginnings, competes
from brain.verify.matching import alike, held_by, is_article
from brain.verify.polarity import negations
from brain.verify.reading import Evidence, Text
from brain.verify.values import Value
from brain.verify.words import Word

ONLY_ASKED = "only the question speaks of “{}”"
UNTOLD = "the passage says neither yes nor no to this"
CONTRARY = "the passage seems to say the contrary"
NEW = 1 / 3
"""Share of a claim's words that may be new while it still only answers yes or no."""
ASKED = 0.5
"""What a word counts that only the question says."""
_STANCE = re.compile(r"\A\W*(?:(oui|yes)\b|(non|no)(?=\s*(?:[,.:;!–—]|\Z)))[\s,.:;!–—-]*", re.IGNORECASE)
_CLAUSE = re.compile(r"[;:()](?=\s|\Z)|\s(?:et|mais|puis|tandis que|and|but|then|while)\s", re.IGNORECASE)
"""Not at a comma or "or": a negation holds for all of "don't alter pipes, remove doors or connect gas"."""
_IF = re.compile(r"\A\W*(?:s['’]|si\b|if\b)[^,]*,", re.IGNORECASE)
_REFUSES = {
    "fr": re.compile(r"exclu|refuse|interdi|impossib|rejete|inutil|irrecevab|facultati|indisponib|inapplicab"),
    "en": re.compile(
        r"exclu|refuse|forbid|prohibit|impossib|rejected|unavailab|ineligib|optional|declined|unnecessar|void"
    ),
}
_PHRASING = frozenset(
    "possible possibilite droit permis autorise autorisee besoin necessaire obligatoire oblige moment temps cas "
    "allowed permitted able need necessary required mandatory right time".split()
)
"""Words that only ask whether something may or must be."""
_WITHOUT = ("sans", "without")
"""Denies what follows, not what is said of it."""
_BEFORE_VERB = frozenset(
    "je tu il elle on nous vous ils elles ne n y en se s me m te t pas peux peut pouvez peuvent pouvons dois doit devez doivent "
    "devons faut faudra est es etes sont suis sera seront ete "
    "i you he she it we they not can could may might must should shall will would do does is are was were be been".split()
)
_BETWEEN = frozenset("encore toujours aussi bien egalement deja donc still also always already then".split())
_WANTS_TO = frozenset("possible have has need needs able want allowed required".split())


@dataclass(frozen=True)
class Reply:
    """A claim without its yes or no. `yes` is None where it says neither."""

    yes: bool | None
    rest: Text


def reply_of(claim: Text) -> Reply:
    match = _STANCE.match(claim.text)
    if not match:
        return Reply(None, claim)
    return Reply(bool(match[1]), Text(claim.text[match.end() :], claim.language))


def doubts(reply: Reply, asked: Text, evidence: Evidence) -> list[str]:
    """What speaks against a claim that adds nothing to a question of yes or no; nothing of any other claim."""
    rest = reply.rest
    said, question = beginnings(rest), beginnings(asked)
    if (reply.yes is None and not asks_whether(asked.text)) or len(said - question) > NEW * len(said):
        return []
    if not question or any(not is_article(value) and not _same(value, asked.values) for value in rest.values):
        return []
    stated = asked if not said else rest
    missing = _missing(stated, question, evidence)
    if missing:
        return [ONLY_ASKED.format(missing[0])]
    closest = _closest(said, question, evidence)
    if closest is None:
        return [UNTOLD]
    sentence = evidence.sentences[closest]
    if _another_figure(asked.values, rest.values, sentence.values, evidence.values):
        return [UNTOLD]
    theirs = _denied(sentence, beginnings(stated)) != _above_denies(evidence, closest)
    ours = _denied(stated, beginnings(stated)) != (not said and reply.yes is False)
    return [CONTRARY] if theirs != ours else []


def _same(value: Value, values: Sequence[Value]) -> bool:
    """Whether the question has this figure, and of the same: "two months" is not "twice"."""
    return any(held_by(value, [other]) and alike(value, other) for other in values)


def _missing(text: Text, question: frozenset[str], evidence: Evidence) -> list[str]:
    """Words that only the question holds. Verbs are often said in other words, what they are about seldom is."""
    held = beginnings(evidence.context).union(*(beginnings(part) for part in (*evidence.sentences, *evidence.above)))
    return [
        word.text
        for at, word in enumerate(text.words)
        if len(word.term) > 2 and word.term[:BEGINNING] in question - held
        if word.plain not in _PHRASING and not _verb(text.words, at, text.language)
    ]


def _verb(found: Sequence[Word], at: int, language: str) -> bool:
    while at > 1 and found[at - 1].plain in _BETWEEN:
        at -= 1
    before = found[at - 1].plain if at else ""
    if before in ("de", "d", "a"):
        return language == "fr" and found[at].plain.endswith(("er", "ir", "re"))
    if before == "to":
        return at > 1 and found[at - 2].plain in _WANTS_TO
    return before in _BEFORE_VERB


def _closest(said: frozenset[str], question: frozenset[str], evidence: Evidence) -> int | None:
    """The sentence that speaks most of what is said, then of what was asked, rare words counting more. A question says nothing."""
    told = [at for at, text in enumerate(evidence.sentences) if not text.text.endswith("?")] if evidence.above else []
    held = {at: (beginnings(evidence.sentences[at]), beginnings(evidence.above[at])) for at in told}
    counts = Counter(word for sentence, _ in held.values() for word in sentence)

    def speaks(at: int) -> float:
        sentence, above = held[at]
        return sum(
            (1.0 if word in said else ASKED) * (1.0 if word in sentence else ABOVE) / max(counts[word], 1)
            for word in (said | question) & (sentence | above)
        )

    return max(held, key=speaks, default=None)


def _another_figure(
    asked: Sequence[Value], said: Sequence[Value], sentence: Sequence[Value], everything: Sequence[Value]
) -> bool:
    """Whether the answer turns on how a figure of the question compares with one of the passage, which the claim does not name."""
    open_ = [
        value for value in asked if value.kind == "number" and not is_article(value) and not held_by(value, everything)
    ]
    limits = [
        value for value in sentence if value.kind == "number" and not is_article(value) and not held_by(value, said)
    ]
    return any(competes(ours, theirs) or not (ours.unit or theirs.unit) for ours in open_ for theirs in limits)


def _denied(text: Text, wanted: frozenset[str]) -> bool:
    """Whether a text denies what it says of `wanted`, by a negation or by a word that refuses.

    The clause that says all of it decides; where it is spread over several ("Cards of kind A and of kind B are refused."),
    any of them.
    """
    clauses = [Text(part, text.language) for part in _CLAUSE.split(_IF.sub("", text.text)) if part.strip()]
    shared = [len(beginnings(clause) & wanted) for clause in clauses]
    most = max(shared, default=0)
    if most > 1 and most == len(beginnings(text) & wanted):
        return _turned(clauses[shared.index(most)])
    return any(_turned(clause) for clause, words in zip(clauses, shared, strict=True) if words or most < 2)


def _turned(clause: Text) -> bool:
    refuses = _REFUSES.get(clause.language)
    refusing = sum(bool(refuses.match(word.plain)) for word in clause.words) if refuses else 0
    denying = sum(
        clause.words[negation.at].plain not in _WITHOUT for negation in negations(clause.words, clause.language)
    )
    return (denying + refusing) % 2 == 1


def _above_denies(evidence: Evidence, at: int) -> bool:
    """ "We do not take back:", over a list, or as a heading."""
    above = evidence.above[at]
    return any(_turned(Text(line, above.language)) for line in above.text.split("\n")[1:])
