"""Erases a person from files of one JSON object a line, such as the drafts of evaluation cases."""

import json
from collections.abc import Collection
from pathlib import Path

from brain.errors import SourceError
from brain.index.edge import replace_file
from brain.retention.matching import matcher


def lines_with(path: Path, texts: Collection[str]) -> tuple[list[str], int]:
    """The lines of the file in which none of the texts stands, and how many others there are. Raises SourceError."""
    stands = [matcher(text) for text in texts]
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        kept = [line for line in lines if not line.strip() or not any(one(json.loads(line)) for one in stands)]
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{path} can't be read as JSON lines: {error}", "Name a file such as drafts.jsonl."
        ) from error
    return kept, len(lines) - len(kept)


def erase_lines(path: Path, texts: Collection[str]) -> int:
    """How many lines were removed; the file is replaced whole or not at all."""
    kept, gone = lines_with(path, texts)
    if gone:
        replace_file(path, "\n".join(kept))
    return gone
