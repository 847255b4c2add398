"""`brain eval retrieval`: what is printed where. Brain is replaced by a searcher that finds one document."""

import json
import sys
from pathlib import Path
from types import ModuleType, TracebackType

import pytest
from typer.testing import CliRunner

from brain.errors import BrainError, CaseError, StoreError
from brain.settings import Settings, load_settings
from brain.types import Passage, Passages, Question, Scores
from eval.cli import app

LINES: list[dict[str, object]] = [
    {"id": "right", "question": "Résilier ?", "language": "fr", "expect": {"documents": ["d1"]}},
    {"id": "[wrong]", "question": "[bold]Cancel?[/bold] " * 9, "language": "en", "expect": {"documents": ["d2"]}},
    {"id": "lost", "question": "fail", "expect": {"documents": ["d3"]}},
    {"id": "other", "question": "?"},
]


class TwelvePassages:
    def __init__(self) -> None:
        self.manifest = {"id": "i", "encoder": "one-document"}

    def count(self) -> int:
        return 12


class OneDocumentBrain:
    def __init__(self, finds: str = "d1") -> None:
        self.finds, self.index = finds, TwelvePassages()
        self.settings: Settings = load_settings()

    def __enter__(self) -> "OneDocumentBrain":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        pass

    async def search(self, question: Question, limit: int = 10, per_document: int | None = None) -> Passages:
        if question.text == "fail":
            raise StoreError("the index is gone")
        return Passages((Passage("#0", self.finds, "…", (0, 1), Scores(1.0)),))


@pytest.fixture
def homes(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """The folders that were opened."""
    opened: list[Path | None] = []

    def open_brain(home: Path | None) -> OneDocumentBrain:
        opened.append(home)
        return OneDocumentBrain()

    session = ModuleType("brain.session")
    monkeypatch.setattr(session, "open_brain", open_brain, raising=False)
    monkeypatch.setitem(sys.modules, "brain.session", session)
    monkeypatch.setenv("COLUMNS", "160")
    return opened


def write(folder: Path, lines: list[dict[str, object]]) -> str:
    path = folder / "cases.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return str(path)


def test_the_tables_say_what_was_found(homes: list[Path | None], tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["retrieval", write(tmp_path, LINES)])

    assert result.exit_code == 0
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines()]
    assert ["hit@1", "0.500", "0.095 – 0.905", "██████████░░░░░░░░░░", "2", "2"] in lines
    assert "2 of 3 cases scored, 1 name no document" in result.stdout
    assert "lost: StoreError: the index is gone" in result.stdout
    (worst,) = (line for line in lines if line and line[0] == "[wrong]")
    assert worst[1].startswith("[bold]Cancel?[/bold]")
    assert worst[2:] == ["d2", "d1", "> 10"]
    assert homes == [None]


def test_json_is_all_of_stdout_and_also_goes_to_a_file(homes: list[Path | None], tmp_path: Path) -> None:
    out = tmp_path / "new" / "report.json"
    arguments = ["retrieval", write(tmp_path, LINES), "--json", "--out", str(out), "--home", str(tmp_path)]

    result = CliRunner().invoke(app, arguments)

    report = json.loads(result.stdout)
    assert report["coverage"] == {"scored": 2, "asked": 3, "not_asked": 1}
    assert json.loads(out.read_text(encoding="utf-8")) == report
    assert homes == [tmp_path]


def test_wrong_cases_stop_before_brain_is_opened(homes: list[Path | None], tmp_path: Path) -> None:
    malformed: list[dict[str, object]] = [{"id": "a"}]
    for lines, message in [(malformed, "exactly one needed"), (LINES[3:], "names documents")]:
        with pytest.raises(CaseError, match=message):
            CliRunner().invoke(app, ["retrieval", write(tmp_path, lines)], catch_exceptions=False)
    assert homes == []


def test_a_run_in_which_every_search_failed_is_an_error(homes: list[Path | None], tmp_path: Path) -> None:
    with pytest.raises(BrainError, match="Every search failed; the first: StoreError: the index is gone"):
        CliRunner().invoke(app, ["retrieval", write(tmp_path, LINES[2:])], catch_exceptions=False)


# Compared with an earlier run


@pytest.fixture
def earlier(homes: list[Path | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The report of a run that found d1; from now on d2 is found, with another setting."""
    path = str(tmp_path / "before.json")
    CliRunner().invoke(app, ["retrieval", write(tmp_path, LINES), "--out", path], catch_exceptions=False)
    monkeypatch.setattr(sys.modules["brain.session"], "open_brain", lambda home: OneDocumentBrain("d2"))
    monkeypatch.setenv("BRAIN_RETRIEVAL__PER_DOCUMENT", "7")
    return path


def test_a_comparison_is_shown_below_the_report(earlier: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["retrieval", write(tmp_path, LINES), "--compare", earlier], catch_exceptions=False
    )

    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines()]
    assert ["settings.retrieval.per_document", "3", "7"] in lines
    (hit,) = (line for line in lines if line[:1] == ["hit@1"] and len(line) == 7 and "/" in line[6])
    assert hit[1:4] == ["0.500", "0.500", "+0.000"]
    assert hit[5:] == ["1.000", "1/1/0"]
    assert "2 cases paired, 0 scored only before, 0 only now" in result.stdout
    assert ["right", "Résilier ?", "1", "> 10"] in lines
    (better,) = (line for line in lines if line[:1] == ["[wrong]"] and line[2:] == ["> 10", "1"])
    assert better[1].startswith("[bold]Cancel?[/bold]")


def test_a_comparison_is_part_of_the_json(earlier: str, tmp_path: Path) -> None:
    arguments = ["retrieval", write(tmp_path, LINES), "--compare", earlier, "--json"]

    report = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)

    assert report["configuration"]["manifest"]["encoder"] == "one-document"
    assert report["comparison"]["changed"] == {"settings.retrieval.per_document": [3, 7]}
    assert [moved["id"] for moved in report["comparison"]["worse"]] == ["right"]


def test_other_cases_stop_before_brain_is_opened(earlier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = write(tmp_path, LINES[:1])
    arguments = ["retrieval", fewer, "--compare", earlier]
    found = CliRunner().invoke(app, [*arguments, "--intersection"], catch_exceptions=False)
    assert "1 cases paired, 1 scored only before, 0 only now" in found.stdout

    monkeypatch.setattr(sys.modules["brain.session"], "open_brain", lambda home: pytest.fail("opened"))
    with pytest.raises(CaseError, match="1 of its 2 scored cases are unchanged"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    with pytest.raises(CaseError, match="no --compare"):
        CliRunner().invoke(app, ["retrieval", fewer, "--intersection"], catch_exceptions=False)


def test_a_report_may_be_compared_and_replaced_in_one_run(earlier: str, tmp_path: Path) -> None:
    arguments = ["retrieval", write(tmp_path, LINES), "--compare", earlier, "--out", earlier, "--json"]

    for changed in ({"settings.retrieval.per_document": [3, 7]}, {}):
        report = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)
        assert report["comparison"]["changed"] == changed
