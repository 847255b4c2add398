import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from api.cli import serve
from brain.errors import EvaluationError, PromptError
from brain.serving_prompts import conversation_of, prompt_for
from brain.settings import LLMSettings, load_settings
from brain.types import Question, Turn
from eval.canary import Thumb, compare_feedback
from eval.cases import load_cases
from eval.judged_run import Run
from eval.prompts_cli import app
from eval.releasing import RELEASES, release, rollback
from eval.reporting.document import document_of
from eval.running.folder import RunFolder
from eval.testing import cases_of
from prompts import list_prompts
from prompts.releases import hashes, load_releases

StoredRun = Callable[..., RunFolder]


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """As it was when there was one release of the answer's prompt."""
    path = tmp_path / "releases.toml"
    text = RELEASES.read_text(encoding="utf-8").replace('["eval/sample/cases.jsonl"]', "[]")
    path.write_text("[[answer.releases]]".join(text.split("[[answer.releases]]")[:2]), encoding="utf-8")
    return path


@pytest.fixture
def verdict(tmp_path: Path, stored_run: StoredRun) -> Callable[..., str]:
    """Makes a run whose candidate was asked with the prompt answer 1; gives the verdict's id."""

    def make(worse: bool = False, hash_: str = "", **how: Any) -> str:
        folder = stored_run(tmp_path / "runs" / "run", lambda c, v, r: float(not worse or v == "now"), **how)
        used = [
            {"name": "answer", "language": f.split(".")[1], "version": "1", "hash": hash_ or h}
            for f, h in hashes("answer", 1).items()
        ]
        manifest = folder.manifest()
        manifest["variants"]["new"]["prompts"] = used
        (folder.path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        document = document_of(Run.load(folder.path))
        (folder.path / "verdict.json").write_text(json.dumps(document), encoding="utf-8")
        return str(document["id"])

    return make


def test_a_version_is_released_with_a_verdict_to_ship_it(
    releases: Path, verdict: Callable[..., str], tmp_path: Path
) -> None:
    id = verdict(cases=cases_of(400))
    release("answer", 1, verdict=id, runs=tmp_path / "runs", percent=10, path=releases)

    found = load_releases(releases)["answer"]
    assert found.canary and (found.canary.verdict, found.canary.percent, found.canary.reason) == (id, 10, "")
    assert len(found.canary.verdict_hash) == 64 and dict(found.canary.files) == hashes("answer", 1)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"worse": True}, "Don't ship"),
        ({"cases": cases_of(6)}, "Inconclusive"),
        ({"hash_": "0" * 64, "cases": cases_of(400)}, "not with these files"),
    ],
)
def test_a_verdict_that_does_not_hold_releases_nothing(
    releases: Path, verdict: Callable[..., str], tmp_path: Path, how: dict[str, Any], said: str
) -> None:
    id, before = verdict(**how), releases.read_text(encoding="utf-8")
    with pytest.raises(EvaluationError, match=said):
        release("answer", 1, verdict=id, runs=tmp_path / "runs", path=releases)
    assert releases.read_text(encoding="utf-8") == before

    made = release("answer", 1, verdict=id, runs=tmp_path / "runs", force="they insist", path=releases)
    assert made.reason.startswith("they insist (verdict ") and said in made.reason


def test_the_declared_datasets_must_have_been_asked(
    releases: Path, verdict: Callable[..., str], tmp_path: Path
) -> None:
    text = releases.read_text(encoding="utf-8").replace("datasets = []", 'datasets = ["eval/sample/cases.jsonl"]')
    releases.write_text(text, encoding="utf-8")
    id = verdict(cases=cases_of(400))
    with pytest.raises(EvaluationError, match=r"60 cases of eval/sample/cases\.jsonl were not asked"):
        release("answer", 1, verdict=id, runs=tmp_path / "runs", path=releases)

    sample = load_cases(RELEASES.parent.parent / "eval" / "sample" / "cases.jsonl")
    id = verdict(cases=(*cases_of(400), *sample))
    assert release("answer", 1, verdict=id, runs=tmp_path / "runs", path=releases).verdict == id


def test_a_doctored_verdict_is_reckoned_again(releases: Path, verdict: Callable[..., str], tmp_path: Path) -> None:
    verdict(worse=True)
    path = tmp_path / "runs" / "run" / "verdict.json"
    doctored = json.loads(path.read_text(encoding="utf-8")) | {"decision": "ship", "id": "good"}
    path.write_text(json.dumps(doctored), encoding="utf-8")
    with pytest.raises(EvaluationError, match="comes out otherwise now"):
        release("answer", 1, verdict="good", runs=tmp_path / "runs", path=releases)


def test_without_a_verdict_only_by_force(releases: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="has no verdict"):
        release("answer", 1, path=releases)
    with pytest.raises(EvaluationError, match="has verdict nowhere"):
        release("answer", 1, verdict="nowhere", runs=tmp_path, path=releases)
    with pytest.raises(PromptError, match="no prompt answer of version 99"):
        release("answer", 99, force="x", path=releases)


def test_rollback_ends_a_canary_or_goes_back(releases: Path) -> None:
    with pytest.raises(EvaluationError, match="no earlier release"):
        rollback("answer", releases)
    release("answer", 1, force="try", percent=20, path=releases)
    made = rollback("answer", releases)

    found = load_releases(releases)["answer"]
    assert (made.version, made.percent, found.canary) == (1, 100, None)
    assert len(found.releases) == 3 and made.reason == "rollback from canary of version 1"


def test_one_conversation_keeps_its_version_and_the_settings_win() -> None:
    first = Question("Bonjour ?")
    later = Question("Et après ?", turns=(Turn("user", "Bonjour ?"), Turn("assistant", "Oui.")))
    assert conversation_of(first) == conversation_of(later) != conversation_of(Question("Bonsoir ?"))
    served = load_releases()["answer"].served
    assert served and prompt_for(LLMSettings(), "fr", first).version == served.version
    with pytest.raises(PromptError, match=r"answer\.fr\.v99"):
        prompt_for(LLMSettings(prompt_version=99), "fr", first)


def test_the_service_refuses_an_unreleased_prompt_unless_dev(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BRAIN_ANSWER__PROVIDER", "llm")
    monkeypatch.setenv("BRAIN_LLM__URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("BRAIN_LLM__MODEL", "m")
    monkeypatch.setenv("BRAIN_LLM__PROMPT_VERSION", "7")
    began: list[int] = []
    monkeypatch.setattr("api.cli._listen", lambda service: None)
    monkeypatch.setattr("api.cli._run", lambda settings, listener, workers: began.append(settings.llm.prompt_version))

    with pytest.raises(PromptError, match="version 7, is not released"):
        serve(home=tmp_path)
    serve(home=tmp_path, dev=True)
    monkeypatch.delenv("BRAIN_LLM__PROMPT_VERSION")
    serve(home=tmp_path)
    assert began == [7, 0] and load_settings().llm.prompt_version == 0


def test_feedback_counts_each_conversation_once() -> None:
    thumbs = [Thumb(1, f"a{n % 40}", float(n % 40 < 20)) for n in range(400)]
    thumbs += [Thumb(2, f"b{n}", float(n < 36)) for n in range(40)]
    found = compare_feedback(thumbs, 1, 2)

    assert found and found.conversations == (40, 40) and found.difference == pytest.approx(0.4)
    assert 0.15 < found.low < 0.4 < found.high < 0.6
    assert compare_feedback(thumbs, 1, 3) is None


def test_the_list_can_be_read_at_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    told = StringIO()
    monkeypatch.setattr("eval.prompts_cli.out", Console(file=told, width=80))
    altered = [replace(prompt, content_hash="0" * 64) for prompt in list_prompts()]
    monkeypatch.setattr("prompts.list_prompts", lambda: altered)
    CliRunner().invoke(app, ["list"])

    lines = told.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    rows = {line.split()[0]: line for line in lines if ".md" in line}
    assert set(rows) == {prompt.filename for prompt in altered}  # no name is cut
    served = load_releases()["answer"].served
    assert served and "100 % ALTERED" in rows[f"answer.fr.v{served.version}.md"]


def test_the_commands(tmp_path: Path, verdict: Callable[..., str]) -> None:
    rows = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)["prompts"]
    served = load_releases()["answer"].served
    assert served and {row["file"]: row["served"] for row in rows}[f"answer.fr.v{served.version}.md"] == 100
    assert not any(row["altered"] for row in rows)

    verdict(worse=True)
    result = CliRunner().invoke(app, ["diff", "answer", "1", "1", "--runs", str(tmp_path / "runs")])
    assert result.exit_code == 0

    path = tmp_path / "thumbs.jsonl"
    path.write_text('{"version": 1, "conversation": "a", "up": 1}\n{"version": 2, "conversation": "b", "up": 0}\n')
    result = CliRunner().invoke(app, ["feedback", str(path), "--served", "1", "--canary", "2", "--json"])
    assert json.loads(result.stdout)["difference"] == -1.0
