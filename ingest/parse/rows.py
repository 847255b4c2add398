"""Question-and-answer lists: one document a row of a CSV or a JSON Lines file."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping

from brain.errors import DocumentError
from ingest.parse.fields import NAMES
from ingest.parse.markdown import plain_markdown
from ingest.parse.options import Content, Limits
from ingest.parse.text import clean, decode, one_line

_QUESTION = ("question", "q", "titre", "title", "intitulé", "intitule")
_ANSWER = ("answer", "a", "réponse", "reponse", "r", "content", "contenu", "text", "texte", "body")
_OTHERS = {
    "identifiant": "id",
    "lien": "url",
    "lang": "language",
    "langue": "language",
    "étiquettes": "tags",
    "mots-clés": "tags",
    "mise à jour": "updated_at",
}
_NAME_COLUMNS = "Name the columns question and answer."


def parse_csv(raw: bytes, name: str, limits: Limits) -> list[Content]:
    """One Content a row; the separator is the one that gives a header with a question and an answer.

    Raises `DocumentError` where there is no such header, and for a row without a question or an answer.
    """
    text = decode(raw)
    for separator in ",;\t":
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            header = [_known(cell) for cell in next((row for row in rows if _is_header(row)), [])]
            if set(_QUESTION) & set(header) and set(_ANSWER) & set(header):
                return [_content(dict(zip(header, row, strict=False)), rows.line_num, name) for row in rows if any(row)]
        except csv.Error as error:
            raise DocumentError(f"its line {rows.line_num} is not valid CSV: {error}", "Quote that cell.") from error
    raise DocumentError("it has no columns for questions and answers", _NAME_COLUMNS)


def parse_jsonl(raw: bytes, name: str, limits: Limits) -> list[Content]:
    """One Content a line that is not blank. Raises `DocumentError` naming the first bad line."""
    lines = enumerate(decode(raw).replace("\r\n", "\n").split("\n"), start=1)
    return [_content(_object(line, number), number, name) for number, line in lines if line.strip()]


def _is_header(row: list[str]) -> bool:
    """Not blank, and not the line "sep=;" that spreadsheets put before the header."""
    return any(row) and not row[0].startswith("sep=")


def _object(line: str, number: int) -> Mapping[str, object]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:  # ValueError: also an integer of thousands of digits
        raise DocumentError(f"its line {number} is not valid JSON", "Write one JSON object a line.") from error
    if not isinstance(value, dict):
        raise DocumentError(f"its line {number} is not a JSON object", 'Write {"question": …, "answer": …}.')
    return {_known(key): item for key, item in value.items()}


def _known(column: str) -> str:
    column = one_line(column).lower()
    return _OTHERS.get(column, column)


def _content(row: Mapping[str, object], line: int, name: str) -> Content:
    question_field, question = _first(row, _QUESTION, line)
    _, answer = _first(row, _ANSWER, line)
    raw = f"{question}\n\n{answer}"
    question = one_line(question)
    digest = hashlib.sha256(question.encode()).hexdigest()[:10]
    stated = {field: row[field] for field in NAMES if field in row and field != question_field}
    fields = {"title": question, **dict(_given(stated)), "id": row.get("id") or f"{name}#{digest}"}
    return Content(f"# {question}\n\n{plain_markdown(clean(answer))}", fields, raw=raw)


def _given(fields: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    return ((field, value) for field, value in fields.items() if value not in (None, ""))


def _first(row: Mapping[str, object], names: tuple[str, ...], line: int) -> tuple[str, str]:
    """The first of the columns `names` that this row fills, and its text."""
    for column in names:
        value = row.get(column)
        if isinstance(value, str) and clean(value).strip():
            return column, value
    raise DocumentError(f"its line {line} has no {names[0]}", f"Give the {names[0]} as text, or remove that line.")
