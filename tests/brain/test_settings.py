"""Where settings come from, which wins, and what is said of a wrong one."""

from pathlib import Path
from typing import Any

import pytest

from brain.errors import SettingsError
from brain.settings import load_settings, redact_url

SECRET = "sk-very-secret"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own, whose brain.toml counts."""
    monkeypatch.delenv("BRAIN_CONFIG")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(**overrides: Any) -> SettingsError:
    with pytest.raises(SettingsError) as error:
        load_settings(**overrides)
    return error.value


def test_flags_win_over_the_environment_and_that_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().retrieval.candidates == 200

    (folder / "brain.toml").write_text("[retrieval]\nper_document = 1\n", encoding="utf-8")
    assert load_settings().retrieval.per_document == 1

    monkeypatch.setenv("BRAIN_RETRIEVAL__PER_DOCUMENT", "2")
    assert load_settings().retrieval.per_document == 2

    assert load_settings(retrieval={"per_document": 3}).retrieval.per_document == 3


def test_sources_are_merged_key_by_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "brain.toml").write_text("[retrieval]\ncandidates = 20\nper_document = 9\n", encoding="utf-8")
    monkeypatch.setenv("BRAIN_RETRIEVAL__CANDIDATES", "30")

    retrieval = load_settings(retrieval={"per_document": 2}).retrieval

    assert (retrieval.candidates, retrieval.per_document) == (30, 2)


def test_another_file_can_be_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "brain.toml").write_text('home = "here"\n', encoding="utf-8")
    (folder / "other.toml").write_text('home = "there"\n', encoding="utf-8")
    monkeypatch.setenv("BRAIN_CONFIG", str(folder / "other.toml"))

    assert load_settings().home == Path("there")


def test_a_named_file_that_is_missing_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAIN_CONFIG", str(folder / "absent.toml"))

    assert "absent.toml" in str(refused())


def test_a_file_that_is_not_toml_is_named(folder: Path) -> None:
    (folder / "brain.toml").write_text("home = \n", encoding="utf-8")

    assert "brain.toml is not valid TOML" in str(refused())


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"encoder": {"modell": "x"}}, ("encoder.modell", "Did you mean model?")),
        ({"hom": "x"}, ("Unknown setting hom", "Did you mean home?")),
        ({"encoder": {"qqqqqq": "x"}}, ("encoder.qqqqqq", "Known: provider")),
        ({"retrieval": {"per_document": 0}}, ("retrieval.per_document", "greater than or equal to 1", "0")),
        ({"encoder": {"provider": "openai"}}, ("encoder.provider", "'embedded'", "'openai'")),
        ({"encoder": {"provider": "endpoint"}}, ("encoder", "needs encoder.model")),
        ({"encoder": {"provider": "endpoint", "model": "m"}}, ("needs encoder.url",)),
        ({"index": {"provider": "server"}}, ("needs index.url",)),
        ({"rerank": {"provider": "cross-encoder"}}, ("needs rerank.model",)),
        ({"rerank": {"provider": "endpoint"}}, ("needs rerank.url",)),
        ({"rerank": {"candidates": 1}}, ("rerank.candidates", "greater than or equal to 2")),
        ({"answer": {"provider": "llm"}}, ("llm.url and llm.model",)),
        ({"service": {"audience": "martians"}}, ("martians", "public, agent")),
        ({"retrieval": {"per_document": 0}, "answer": {"passages": 99}}, ("retrieval.per_document", "answer.passages")),
    ],
)
def test_a_wrong_setting_is_named_with_what_would_be_right(overrides: dict[str, Any], words: tuple[str, ...]) -> None:
    message = str(refused(**overrides))

    assert all(word in message for word in words), message


def test_an_unknown_key_of_the_file_is_named(folder: Path) -> None:
    (folder / "brain.toml").write_text("[retrieval]\ncandidate = 20\n", encoding="utf-8")

    assert "retrieval.candidate. Did you mean candidates?" in str(refused())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("BRAIN_HOM", ("BRAIN_HOM.", "Did you mean BRAIN_HOME?")),
        ("BRAIN_ENCODR__MODEL", ("BRAIN_ENCODR__MODEL", "Did you mean BRAIN_ENCODER?")),
        ("BRAIN_ENCODER__MODELL", ("encoder.modell", "Did you mean model?")),
    ],
)
def test_an_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, words: tuple[str, ...]) -> None:
    monkeypatch.setenv(name, "x")

    message = str(refused())

    assert all(word in message for word in words), message


@pytest.mark.parametrize("name", ["BRAIN_TEST_ANYTHING", "BRAIN_DATA_ANYTHING"])
def test_variables_that_are_no_settings_are_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")

    load_settings()


@pytest.mark.parametrize("name", ["BRAIN_LLM", "BRAIN_ACCESS__READERS"])
def test_a_section_that_is_not_json_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, SECRET)

    error = refused()

    assert name.split("_")[1].lower() in str(error)
    assert SECRET not in str(error)
    assert error.__cause__ is None


def test_secrets_are_not_shown() -> None:
    settings = load_settings(
        state_url=f"postgresql+psycopg://brain:{SECRET}@db:5432/brain",
        encoder={"api_key": SECRET, "url": f"http://me:{SECRET}@host/v1"},
        index={"api_key": SECRET, "url": f"http://me:{SECRET}@host"},
        llm={"api_key": SECRET, "url": f"http://me:{SECRET}@host/v1"},
        rerank={"api_key": SECRET, "url": f"http://me:{SECRET}@host/v1"},
    )

    shown = settings.shown()

    assert SECRET not in str(shown)
    assert SECRET not in repr(settings.encoder.api_key) + repr(settings.llm.api_key) + repr(settings.index.api_key)
    assert shown["state_url"] == "postgresql+psycopg://brain:***@db:5432/brain"
    assert shown["llm"]["api_key"] == "**********"
    assert settings.llm.api_key.get_secret_value() == SECRET


def test_a_wrong_secret_is_not_repeated() -> None:
    assert SECRET not in str(refused(llm={"api_key": {"value": SECRET}}))


@pytest.mark.parametrize(
    ("url", "redacted"),
    [
        ("http://user:pass@host/path", "http://user:***@host/path"),
        ("http://user:p@ss@host", "http://user:***@host"),
        ("http://user@host", "http://user@host"),
        ("http://host:6333", "http://host:6333"),
        ("sqlite:////var/brain/state.db", "sqlite:////var/brain/state.db"),
        (":memory:", ":memory:"),
        ("", ""),
    ],
)
def test_a_password_in_a_url_is_hidden(url: str, redacted: str) -> None:
    assert redact_url(url) == redacted


def test_settings_cannot_be_changed_once_read() -> None:
    settings = load_settings()

    with pytest.raises(ValueError, match="frozen"):
        settings.retrieval.per_document = 3  # type: ignore[misc]
