"""Drafts, their review, labels, duplicates, leaks, hold-outs."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from brain.errors import EvaluationError
from brain.testing import HashEncoder
from eval.cases import Case, load_cases
from eval.cases_from.drafts import Draft, DraftFile
from eval.cases_from.knowledge import drafts_from_index
from eval.cases_from.model import drafts_by_model
from eval.cases_from.production import drafts_from
from eval.cli import app
from eval.experiment import Judge
from eval.holdout import seal, use
from eval.judged_run import Run
from eval.likeness import leaks, near_duplicates
from eval.running.folder import RunFolder
from eval.running.replies import Replies
from eval.running.transport import KeptReplies
from eval.testing import Chat, cases_of, completion, write_cases
from prompts.parse import parse

PAGES = {
    "retours.md": "# Retourner un article\n\nLe client dispose de 14 jours pour renvoyer un article, sauf les articles soldés.\n",
    "prix.md": "# Tarifs\n\n## Livraison en Corse\n\nLa livraison en Corse coûte 16,90 € pour un colis de 5 à 15 kg.\n",
    "faq.md": "# Comment suis-je remboursé ?\n\nLe remboursement se fait par le moyen de paiement employé lors de la commande.\n",
    "hours.md": "---\nlanguage: en\n---\n# Contacting us\n\nThe lines are open from nine to five on weekdays.\n",
}


def case(text: str, id: str = "c", **more: Any) -> Case:
    return Case.model_validate({"id": id, "question": text, "language": "fr", **more})


@pytest.fixture
def index(workspace: Any) -> Any:
    for name, text in PAGES.items():
        workspace.write(name, text)
    workspace.run()
    return workspace.index


def test_pages_give_questions_that_they_should_answer_and_some_that_none_does(index: Any) -> None:
    drafts = list(drafts_from_index(index, HashEncoder(), count=8, seed=1, unanswerable=0.5))
    asked = {draft.case.text: draft.case for draft in drafts}

    assert len(asked) == len(drafts) == 8
    right = [held for held in asked.values() if held.expect.status == "answered"]
    assert 3 <= len(right) <= 4 and all(
        held.expect.documents and held.cluster in held.expect.documents for held in right
    )
    assert {"Comment retourner un article ?", "Comment suis-je remboursé ?"} & set(asked)
    refused = [held for held in asked.values() if held.expect.status == "refused"]
    assert len(refused) >= 4 and any("near-miss" in held.tags for held in refused)
    assert [d.case for d in drafts_from_index(index, HashEncoder(), count=8, seed=1, unanswerable=0.5)] == list(
        asked.values()
    )


def test_a_model_words_questions_and_what_it_garbles_is_said(index: Any, chat: Chat, tmp_path: Path) -> None:
    def answers(body: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        corsica = "Corse" in body["messages"][1]["content"]
        return 200, {}, completion("QUESTION : Combien pour Ajaccio ?\nRÉPONSE : 16,90 €." if corsica else "Voilà !")

    chat.answers = answers
    replies = Replies(tmp_path / "replies.db")
    model = Judge(url=chat.url, model="m")
    index_ = index
    import eval.cases_from.model as module

    module_least, module.LEAST_CHARACTERS = module.LEAST_CHARACTERS, 20
    try:
        made, failed = asyncio.run(drafts_by_model(index_, model, 4, KeptReplies(replies)))
    finally:
        module.LEAST_CHARACTERS = module_least
        replies.close()

    (draft,) = made
    assert draft.case.text == "Combien pour Ajaccio ?" and draft.case.expect.reference == "16,90 €."
    assert len(failed) == 3 and all("not a question and an answer" in line for line in failed)


def test_what_went_wrong_becomes_a_draft_and_duplicates_merge(tmp_path: Path) -> None:
    log = tmp_path / "answers.jsonl"
    talk = {"text": "Et en Corse ?", "turns": [{"role": "user", "text": "Livrez-vous ?"}]}
    rows: list[dict[str, Any]] = [
        {"id": "1", "question": "Puis-je payer en quatre fois ? (06 12 34 56 78)", "status": "refused", "reason": "no_evidence"},
        {"id": "2", "question": "puis je payer en quatre fois 0612345678", "status": "refused"},
        {"id": "3", "question": talk, "feedback": "down", "comment": "faux", "corrected": "16,90 €"},
        {"id": "4", "question": "Merci", "status": "answered", "feedback": "up"},
    ]  # fmt: skip
    log.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    file = DraftFile(tmp_path / "drafts.jsonl")

    assert file.add(drafts_from(log)) == 2
    payment, corsica = file.waiting()
    assert payment.seen == 2 and "06" not in json.dumps(payment.case.model_dump(mode="json"))
    assert corsica.case.turns and corsica.case.expect.reference == "16,90 €" and "faux" in corsica.detail
    assert file.add(drafts_from(log)) == 0

    log.write_text('{"status": "refused"}\n', encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"answers\.jsonl:1"):
        list(drafts_from(log))


def test_a_person_accepts_edits_rejects_or_leaves_drafts(tmp_path: Path) -> None:
    drafts, into = tmp_path / "drafts.jsonl", tmp_path / "cases.jsonl"
    texts = [
        "Combien coûte la livraison ?",
        "Quel est le délai de retour ?",
        "Où est ma facture ?",
        "Comment résilier ?",
    ]
    DraftFile(drafts).add(Draft(case(text, f"d{n}"), "knowledge", "x") for n, text in enumerate(texts))
    expected = '{"status": "answered", "must_include": ["16,90 €"]}'
    answers = ["e", "Combien coûte la livraison en Corse ?", '{"status": "maybe"}', expected, "a", "r", "s", "q"]

    result = CliRunner().invoke(
        app, ["review", "--drafts", str(drafts), "--into", str(into), "--by", "ana"], input="\n".join(answers)
    )

    assert result.exit_code == 0, result.output
    (accepted,) = load_cases(into)
    assert accepted.text == "Combien coûte la livraison en Corse ?" and accepted.expect.must_include == ("16,90 €",)
    assert [draft.case.id for draft in DraftFile(drafts).waiting()] == ["d2", "d3"]
    assert '"by": "ana"' in drafts.read_text(encoding="utf-8")


def test_labels_are_given_blind_and_go_on_where_they_stopped(
    tmp_path: Path, stored_run: Callable[..., RunFolder]
) -> None:
    folder = stored_run(tmp_path / "run", lambda *_: 1.0, metric="judge", cases=cases_of(8))
    result = CliRunner().invoke(app, ["label", str(folder.path), "--count", "3", "--by", "ana"], input="a\nb\nc\nq\n")
    assert result.exit_code == 0 and sorted(folder.labels("judge").values()) == [0.0, 0.5, 1.0]
    assert "now" not in result.output.split("Next:")[0] and "new" not in result.output.split("Next:")[0]

    CliRunner().invoke(app, ["label", str(folder.path), "--count", "3"], input="a\na\na\na\n")
    labels = Run.load(folder.path).labels
    assert len(labels) == 6 and len({key.case for key in labels}) == 3


def test_parts_that_ask_the_same_and_cases_in_prompts_are_found(tmp_path: Path) -> None:
    dev = [case("Combien coûte la livraison en Corse pour un colis de 8 kg ?", "a"), case("Quel délai ?", "b")]
    kept = [case("combien coute la livraison en corse, un colis de 8 kg", "z")]
    (pair,) = near_duplicates({"dev": dev, "holdout": kept})
    assert (pair.one, pair.other) == ("dev:a", "holdout:z")

    front = "---\nname: greet\nversion: 1\nlanguage: fr\ndescription: x\ninputs: [question]\n---\n## system\n\n"
    prompt = parse(
        "greet.fr.v1.md",
        (front + "Exemple : Combien coûte la livraison en Corse pour un colis ?\n\n## user\n\n{{question}}\n").encode(),
    )
    (leak,) = leaks(dev, [prompt])
    assert (leak.case, leak.prompt) == ("a", "greet.fr.v1.md")

    paths = [
        str(write_cases(tmp_path / name, tuple(held))) for name, held in (("dev.jsonl", dev), ("holdout.jsonl", kept))
    ]
    result = CliRunner().invoke(app, ["check", *paths])
    assert result.exit_code == 1 and "the same is asked by" in result.output
    assert CliRunner().invoke(app, ["check", paths[0]]).exit_code == 0


def test_a_holdout_counts_its_uses_and_sees_changes(tmp_path: Path) -> None:
    path = write_cases(tmp_path / "holdout.jsonl", cases_of(3))
    with pytest.raises(EvaluationError, match="not sealed"):
        use(path, "run", "bar1")
    seal(path)
    with pytest.raises(EvaluationError, match="sealed already"):
        seal(path)
    assert [use(path, "run", bar) for bar in ("bar1", "bar1", "bar2")] == [1, 1, 2]

    write_cases(path, cases_of(4))
    with pytest.raises(EvaluationError, match="not as it was sealed"):
        use(path, "run", "bar3")
