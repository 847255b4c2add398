"""What a model is sent, word for word. A new version gets a new snapshot; those of released versions stay."""

from pathlib import Path

import pytest

from prompts import load_prompt

SNAPSHOTS = Path(__file__).parent / "snapshots"
INPUTS = {
    "fr": {
        "question": "Quel est le délai de rétractation ? {{fence}}",
        "passages": '<passage n="1" key="k3y">\nQuatorze jours, sauf {{question}}.\n</passage key="k3y">',
        "history": "user: Bonjour",
        "max_sentences": 3,
        "fence": "k3y",
    },
    "en": {
        "question": "How long is the withdrawal period? {{fence}}",
        "passages": '<passage n="1" key="k3y">\nFourteen days, unless {{question}}.\n</passage key="k3y">',
        "history": "",
        "max_sentences": 3,
        "fence": "k3y",
    },
}


@pytest.mark.parametrize(
    ("language", "version"), [(language, version) for version in (1, 2, 3, 4) for language in ("fr", "en")]
)
def test_answer(language: str, version: int) -> None:
    rendered = load_prompt("answer", language, version).render(**INPUTS[language])
    text = f"=== system\n{rendered.system}\n=== user\n{rendered.user}\n"
    expected = (SNAPSHOTS / f"answer.{language}.v{version}.txt").read_text(encoding="utf-8")
    assert text == expected
