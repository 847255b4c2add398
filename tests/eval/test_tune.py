"""Learned fusion: what is fitted, what is held out, what is refused; and the command over a real index."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from brain.cli import app
from brain.errors import CaseError
from brain.fuse import QUESTION, Features
from brain.index import open_index
from brain.rankings import learned
from brain.settings import load_settings
from brain.testing import HashEncoder
from eval.cases import Case
from eval.cli import register
from eval.tune import Example, examples_from_cases, examples_from_titles, fit, tune
from ingest.parse import Defaults
from ingest.run import ingest_folder

DENSE, SPARSE = (Features._fields.index(name) for name in ("dense", "sparse"))


def question(number: int, telling: int, *, kind: str = "cases", pages: int = 12) -> Example:
    """Of `pages` candidates one is right: it is far ahead by the feature `telling`, in the others all are noise."""
    noise = np.random.default_rng(number)
    values = np.zeros((pages, len(Features._fields)))
    values[:, [DENSE, SPARSE]] = noise.random((pages, 2))
    right = np.zeros(pages, dtype=bool)
    right[number % pages] = True
    values[right, telling] = 1.0
    values[~right, telling] *= 0.6
    return Example(kind, f"c{number}", values, right)


def test_the_ranking_that_tells_right_pages_counts_more() -> None:
    by_words = fit([question(n, SPARSE) for n in range(60)], QUESTION)
    by_meaning = fit([question(n, DENSE) for n in range(60)], QUESTION)

    assert by_words.sparse > QUESTION.sparse
    assert by_words.dense < QUESTION.dense
    assert by_meaning.dense > QUESTION.dense
    assert by_meaning.sparse < QUESTION.sparse
    assert min(by_words[:5] + by_meaning[:5]) >= 0


def test_what_was_never_seen_keeps_its_weight() -> None:
    fitted = fit([question(n, DENSE) for n in range(40)], QUESTION)

    assert (fitted.title, fitted.named, fitted.huge) == pytest.approx((QUESTION.title, QUESTION.named, QUESTION.huge))


def test_weights_that_help_on_held_out_questions_are_better() -> None:
    found = tune([question(n, DENSE) for n in range(60)])

    assert found.better
    assert found.held_out["cases"]["MRR@10"].n == 60
    assert found.held_out["cases"]["MRR@10"].difference > 0.1


def test_a_kind_of_question_that_gets_worse_is_not_outweighed_by_another() -> None:
    titles = [question(n, SPARSE, kind="titles") for n in range(30)]
    cases = [question(100 + n, DENSE) for n in range(300)]

    found = tune([*titles, *cases], Features(0, 0, 5, 0))

    assert found.held_out["cases"]["MRR@10"].difference > 0
    assert found.held_out["titles"]["MRR@10"].difference < 0
    assert not found.better


def test_what_chance_could_have_done_changes_nothing() -> None:
    """One question of forty gains: too little to tell from luck."""
    told = [question(n, DENSE) for n in range(40)]
    one = told[0].pages.copy()
    one[told[0].right] *= 0.5
    told[0] = Example("cases", "c0", one, told[0].right)

    found = tune(told, Features(10, 0, 0, 0))

    assert found.held_out["cases"]["MRR@10"].p > 0.1
    assert not found.better


def test_a_page_that_is_not_among_the_candidates_counts_as_not_found() -> None:
    told = question(1, DENSE)
    lost = [Example("cases", f"lost{n}", told.pages, np.zeros_like(told.right)) for n in range(40)]

    found = tune([*(question(n, DENSE) for n in range(60)), *lost])

    assert found.held_out["cases"]["hit@5"].n == 100
    assert found.held_out["cases"]["hit@5"].candidate <= 0.6


def test_few_questions_say_nothing() -> None:
    with pytest.raises(CaseError, match="29 questions"):
        tune([question(n, DENSE) for n in range(29)])

    hopeless = question(1, DENSE)
    lost = Example("cases", "lost", hopeless.pages, np.zeros_like(hopeless.right))
    with pytest.raises(CaseError, match="29 questions"):
        tune([*(question(n, DENSE) for n in range(29)), *[lost] * 30])


# Over an index

WORDS = "colis retour carte cadeau facture compte livraison magasin commande remboursement garantie échange".split()


@pytest.fixture
def home(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eighty pages; the title of each says two words of its body that no other page has together."""
    monkeypatch.setattr("ingest.run.make_encoder", lambda settings, say: HashEncoder())
    monkeypatch.setattr("brain.encoder.make_encoder", lambda settings, say: HashEncoder())
    kb = quick_path / "kb"
    kb.mkdir()
    drawn = random.Random(1)
    for number in range(80):
        one, other = WORDS[number % 12], f"{WORDS[(number // 12 + number) % 12]}{number}"
        text = f"Votre {one} et la {other} sont liés. " + " ".join(drawn.choices(WORDS, k=30))
        (kb / f"{number}.md").write_text(
            f"---\ntitle: Le {one} du {other}\nlanguage: fr\n---\n\n{text}\n", encoding="utf-8"
        )
    home = quick_path / "home"
    assert ingest_folder(kb, load_settings(home=home, ingest={"workers": 1}), defaults=Defaults("kb")).added == 80
    return home


def test_titles_are_asked_of_pages_without_them(home: Path) -> None:
    settings = load_settings(home=home)
    index = open_index(load_settings(home=home))
    encoded: list[int] = []

    examples = examples_from_titles(index, HashEncoder(), settings, pages=60, progress=encoded.append)
    again = examples_from_titles(index, HashEncoder(), settings, pages=60)

    index.close()
    assert len(examples) == 30
    assert sum(encoded) == 60
    assert all(example.right.sum() <= 1 for example in examples)
    assert sum(int(example.right.sum()) for example in examples) >= 25
    assert not any(example.pages[:, Features._fields.index("title")].any() for example in examples)
    assert [e.cluster for e in examples] == [e.cluster for e in again]


def test_cases_are_asked_of_the_index_but_for_conversations(home: Path) -> None:
    index = open_index(load_settings(home=home))
    cases = [
        Case.model_validate({"id": "a", "question": "colis livraison13", "expect": {"documents": ["1.md", "13.md"]}}),
        Case.model_validate({"id": "b", "question": "colis", "expect": {"status": "refused"}}),
        Case.model_validate({"id": "c", "turns": [{"role": "user", "text": "x"}], "expect": {"documents": ["1.md"]}}),
    ]

    examples = examples_from_cases(index, HashEncoder(), load_settings(home=home), cases)

    index.close()
    assert [(e.cluster, int(e.right.sum())) for e in examples] == [("a", 2)]


def test_cases_are_ranked_as_search_ranks_them(home: Path) -> None:
    """A case that names no language is stemmed as its own, and what its reader may not see is no candidate."""
    settings = load_settings(home=home)
    plain = {"id": "a", "question": "Où sont mes remboursements et mes livraisons ?", "expect": {"documents": ["0.md"]}}
    past = plain | {"id": "p", "filters": {"audience": "public"}}
    index = open_index(settings)

    unsaid, said, public = examples_from_cases(
        index, HashEncoder(), settings, [Case.model_validate(c) for c in (plain, plain | {"language": "fr"}, past)]
    )

    index.close()
    assert unsaid.pages.tolist() == said.pages.tolist()
    assert unsaid.pages[:, SPARSE].any(), "« remboursements » is found as « remboursement »"
    assert not len(public.pages), "these pages are internal"


@pytest.fixture
def run(home: Path) -> Callable[..., tuple[int, str]]:
    if "tune" not in [command.callback.__name__ for command in app.registered_commands if command.callback]:
        register(app)

    def command(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["tune", *arguments, "--home", str(home)])
        return result.exit_code, result.stdout

    return command


def stored(home: Path) -> Features:
    index = open_index(load_settings(home=home))
    index.close()
    return learned(index.manifest)


def test_the_command_stores_what_is_better_and_resets(
    run: Callable[..., tuple[int, str]], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.tune.PULL", 0.001)
    index = open_index(load_settings(home=home))
    index.annotate("fusion", Features(0.0, 0.0, 0.5, 0.3, 0.0, 0.0)._replace(dense=9.0)._asdict())
    index.close()
    before = stored(home)

    code, printed = run("--pages", "100", "--json")

    found = json.loads(printed)
    assert (code, found["better"]) == (0, True)
    assert stored(home) == Features(**found["fitted"]) != before
    code, printed = run("--reset")
    assert (code, stored(home)) == (0, QUESTION)
    assert "come with Brain" in printed


def test_the_command_refuses_and_changes_nothing(
    run: Callable[..., tuple[int, str]], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.tune.fit", lambda examples, start: Features(0, 0, 0, 0))

    code, printed = run("--pages", "100")

    assert (code, stored(home)) == (1, QUESTION)
    assert "nothing was changed" in printed
