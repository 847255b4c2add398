"""What only some commands need is not imported by all: torch alone takes a second, sentence-transformers five."""

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "openvino",
    "llama_index",
    "sentence_transformers",
    "qdrant_client",
    "qdrant_edge",
    "transformers",
    "sqlalchemy",
)
SCRIPT = "import sys, importlib\nfor name in {modules!r}: importlib.import_module(name)\nprint(*sorted(sys.modules))"


def loaded_by(*modules: str) -> set[str]:
    command = [sys.executable, "-c", SCRIPT.format(modules=modules)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_the_packages_themselves_load_nothing_heavy() -> None:
    loaded = loaded_by("brain", "ingest", "eval", "prompts", "api")

    assert {"brain", "ingest", "eval", "prompts", "api"} <= loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        (("brain.settings", "brain.types", "brain.errors"), HEAVY),
        (
            ("brain.session", "ingest.run"),
            ("torch", "openvino", "llama_index", "sentence_transformers", "qdrant_client", "transformers"),
        ),
        (("ingest.engine", "ingest.parse"), HEAVY),
        (("brain.testing",), HEAVY),
        (("brain.rerank", "brain.rerank.endpoint"), HEAVY),
        (("eval.cli",), HEAVY),
        (("brain.client",), (*HEAVY, "numpy", "fastapi", "brain.settings", "brain.types")),
    ],
)
def test_modules_load_their_libraries_when_they_need_them(modules: tuple[str, ...], heavy: tuple[str, ...]) -> None:
    assert not loaded_by(*modules) & set(heavy)


def test_the_names_of_the_package_are_found_where_they_live() -> None:
    import brain

    for name in brain.__all__:
        assert getattr(brain, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = brain.Nothing
