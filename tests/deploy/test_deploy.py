"""The files to run the service by: what can be told of them without Docker or systemd running."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.metrics import HttpMetrics
from brain.metrics import Metrics
from brain.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "QDRANT_API_KEY")
GIVEN = dict.fromkeys(SECRETS, "s3cret") | {"MODEL_FILE": "m.gguf"}
_VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?::(?P<how>[-?])(?P<word>[^}]*))?\}")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def put_in(text: str, given: dict[str, str]) -> str:
    """Variables as Compose puts them in; LookupError where one is missing that must be there."""

    def value(found: re.Match[str]) -> str:
        if found["name"] in given:
            return given[found["name"]]
        if found["how"] != "-":
            raise LookupError(found["name"])
        return found["word"]

    return _VARIABLE.sub(value, text)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(put_in(read("compose.yaml"), GIVEN))["services"]
    return found


def loaded(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of these variables and no others: an unknown one is refused."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def brains(environment: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in environment.items() if name.startswith("BRAIN_")}


def of_the_image() -> dict[str, str]:
    return dict(re.findall(r"^\s+(?:ENV )?(BRAIN_\w+)=(\S+?)(?: \\)?$", read("Dockerfile"), re.MULTILINE))


def test_the_service_gets_settings_that_there_are(services: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(of_the_image() | brains(services["brain"]["environment"]), monkeypatch)

    assert settings.index.provider == "server" and settings.index.url == "http://qdrant:6333"
    assert settings.index.api_key.get_secret_value() == "s3cret"
    assert settings.state_url == "postgresql+psycopg://brain:s3cret@postgres:5432/brain"
    assert settings.limits.url == "redis://:s3cret@redis:6379/0"
    assert (settings.service.keys, settings.service.host, settings.service.log) == ("required", "0.0.0.0", "json")
    assert settings.answer.provider == "extractive"
    assert str(settings.home) == "/var/lib/brain"


def test_its_settings_go_together(services: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from brain.checks.fitting import fitting

    (found,) = fitting(loaded(of_the_image() | brains(services["brain"]["environment"]), monkeypatch))
    assert found.level == "well"


def test_what_the_example_says_of_a_model_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = re.findall(r"^# (BRAIN_\w+)=(.*)$", read(".env.example"), re.MULTILINE)

    settings = loaded(dict(offered), monkeypatch)
    assert (settings.answer.provider, settings.llm.url) == ("llm", "http://model:8080/v1")
    assert {name for name, _ in offered} <= set(_VARIABLE_NAMES)


_VARIABLE_NAMES = [found["name"] for found in _VARIABLE.finditer(read("compose.yaml"))]


@pytest.mark.parametrize("missing", SECRETS)
def test_no_secret_has_a_default(missing: str) -> None:
    with pytest.raises(LookupError, match=missing):
        put_in(read("compose.yaml"), {name: value for name, value in GIVEN.items() if name != missing})
    assert f"{missing}=\n" in read(".env.example")


def test_every_variable_is_explained_in_the_example() -> None:
    assert [name for name in set(_VARIABLE_NAMES) if name not in read(".env.example")] == []


def test_images_are_pinned_and_every_service_is_checked(services: dict[str, Any]) -> None:
    for name, service in services.items():
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d+\.\d+|b\d+", tag) and "latest" not in tag, name
        assert "healthcheck" in service or name == "brain"  # its image has one
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "ports" not in service or name == "brain"
        assert service["networks"] == ["inside"] or name == "brain"
    brain = services["brain"]
    assert brain["read_only"] and brain["cap_drop"] == ["ALL"]
    assert brain["ports"] == ["127.0.0.1:8000:8000"]
    waits = {name for name, how in brain["depends_on"].items() if how["condition"] == "service_healthy"}
    assert waits == set(services) - {"brain", "model"}


def test_the_image_is_not_root_and_has_all_it_copies() -> None:
    lines = read("Dockerfile").splitlines()
    froms = [line for line in lines if line.startswith("FROM")]
    last = lines[lines.index(froms[-1]) :]

    assert len(froms) == 2 and re.search(r"ARG PYTHON=python:3\.11\.\d+-slim$", read("Dockerfile"), re.MULTILINE)
    assert any(re.fullmatch(r"USER [1-9]\d+:[1-9]\d+", line) for line in last)
    assert any(line.startswith("HEALTHCHECK") for line in last)
    taken = [line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")]
    assert [name for name in taken if not (ROOT / name).exists()] == []
    assert set(taken) >= {
        "brain",
        "ingest",
        "eval",
        "prompts",
        "api",
        "pyproject.toml",
        "requirements.lock",
        "README.md",
    }


def test_the_unit_s_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = re.findall(r"^Environment=(.*)$", read("deploy/brain.service"), re.MULTILINE)
    given = dict(pair.split("=", 1) for pair in line.split())

    settings = loaded(brains(given), monkeypatch)
    assert (str(settings.home), str(settings.cache_dir)) == ("/var/lib/brain", "/var/cache/brain")


def test_systemd_takes_the_unit() -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(ROOT / "deploy/brain.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in found.stderr.splitlines() if "brain.service" in line]
    assert [line for line in said if "not executable" not in line] == []  # /opt/brain is not here


def test_alerts_ask_for_what_is_counted() -> None:
    registries = HttpMetrics().registry, Metrics().registry
    counted = {f"{family.name}{end}" for r in registries for family in r.collect() for end in ("", "_total", "_bucket")}
    counted |= {"brain_llm_paused", "brain_documents"}  # looked at while a Brain is open
    rules = [rule for group in yaml.safe_load(read("deploy/alerts.yml"))["groups"] for rule in group["rules"]]

    assert len(rules) >= 4
    asked = {name for rule in rules for name in re.findall(r"\bbrain_\w+", f"{rule['expr']} {rule['annotations']}")}
    assert asked - counted - {"brain_stage_seconds"} == set()
    (job,) = yaml.safe_load(read("deploy/prometheus.yml"))["scrape_configs"]
    assert job["job_name"] == "brain"


def test_every_number_is_in_the_documentation() -> None:
    registries = HttpMetrics().registry, Metrics().registry
    names = {family.name for r in registries for family in r.collect() if family.name.startswith("brain_")}

    assert [name for name in names if name not in read("docs/operations.md")] == []
