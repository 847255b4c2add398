"""What pages and models write can't take a terminal over."""

import io
import json

import pytest
from rich.table import Table
from rich.text import Text

from brain.console import SafeConsole, print_json

HOSTILE = "a\x1b[2Jb\x1b]0;title\x07c\x9b31md\u202ee\x7f"


def test_no_control_character_reaches_the_terminal() -> None:
    console = SafeConsole(file=io.StringIO(), width=120, force_terminal=True, color_system="standard")
    table = Table(HOSTILE)
    table.add_row(HOSTILE)
    for renderable in (Text(HOSTILE, style="bold"), HOSTILE, table):
        console.print(renderable, markup=False)

    printed = console.file.getvalue()
    assert not set(printed) & set("\x07\x9b\u202e\x7f")
    assert "\x1b[2J" not in printed
    assert "\x1b]0" not in printed
    assert "\x1b[1m" in printed  # its own colours stay


def test_json_is_the_same_value_without_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"text": HOSTILE, "é": ["ligne\nsuivante"]})

    printed = capsys.readouterr().out
    assert not set(printed) & set(HOSTILE) & set("\x1b\x07\x9b\u202e\x7f")
    assert "é" in printed
    assert json.loads(printed) == {"text": HOSTILE, "é": ["ligne\nsuivante"]}
