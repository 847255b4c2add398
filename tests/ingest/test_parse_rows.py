"""CSV and JSON Lines lists of questions and answers."""

import hashlib
import json

import pytest

from brain.errors import DocumentError
from brain.types import Document
from ingest.parse import Defaults, Limits, parse


def read(text: str, name: str = "faq.csv", encoding: str = "utf-8") -> list[Document]:
    return parse(text.encode(encoding), name, Defaults(), Limits())


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_each_separator(separator: str) -> None:
    rows = [["id", "question", "answer"], ["7", "Quel délai ?", '"Deux mois, ou\ntrois ; selon\tle cas."']]
    [document] = read("\n".join(separator.join(row) for row in rows))
    assert (document.id, document.title) == ("7", "Quel délai ?")
    assert document.body == "# Quel délai ?\n\nDeux mois, ou\ntrois ; selon\tle cas."


def test_aliases_extra_fields_and_a_spreadsheet_in_cp1252() -> None:
    text = "sep=;\r\nQuestion;Réponse;Langue;Audience;Tags;URL;updated_at\r\nOù ?;À l'**accueil**;FR;public,agent;a, b;https://a.fr;01/02/2026\r\n;;;;;;\r\n"
    [document] = read(text, encoding="cp1252")
    assert document.body == "# Où ?\n\nÀ l'accueil"
    assert (document.language, document.audience, document.tags) == ("fr", ("public", "agent"), ("a", "b"))
    assert (document.url, str(document.updated_at)) == ("https://a.fr", "2026-02-01")


def test_without_an_id_the_question_gives_one() -> None:
    digest = hashlib.sha256("Où ?".encode()).hexdigest()[:10]
    assert read("q,a\nOù ?,Ici")[0].id == f"faq.csv#{digest}"
    assert read("title,content\nOù ?,Ici")[0].title == "Où ?"


def test_json_lines() -> None:
    rows = [
        {"q": "Un ?", "a": "1", "id": 5, "tags": ["x"], "url": None},
        {"question": "Deux ?", "title": "T", "answer": "2"},
    ]
    first, second = read("\n\n".join(json.dumps(row) for row in rows), "faq.jsonl")
    assert (first.id, first.title, first.tags, first.body) == ("5", "Un ?", ("x",), "# Un ?\n\n1")
    assert (second.title, second.body) == ("T", "# Deux ?\n\n2")


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("nom,prénom\na,b", "f.csv", "no columns"),
        ("question,answer\nx,", "f.csv", "line 2 has no answer"),
        ("question,answer\n,x", "f.csv", "line 2 has no question"),
        ("question,answer\nx,1\nx,2", "f.csv", "twice"),
        ("id,question,answer\n1,x,1\n1,y,2", "f.csv", "'1' occurs twice"),
        ("question,answer,updated_at\nx,y,hier", "f.csv", "updated_at"),
        ("question,answer\n", "f.csv", "no text is left"),
        ("question,answer\nx," + "y" * 200_000, "f.csv", "line 2.*CSV"),
        ('{"q": "x", "a": "y"}\n{"q": ', "f.jsonl", "line 2 is not valid JSON"),
        ('{"q": "x", "a": "y"}\n\n[1]', "f.jsonl", "line 3 is not a JSON object"),
        ("[" * 100_000, "f.jsonl", "line 1"),
        ('{"q": "x"}', "f.jsonl", "line 1 has no answer"),
        ('{"q": "x", "a": 3}', "f.jsonl", "line 1 has no answer"),
    ],
)
def test_refusals_name_the_line(text: str, name: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said) as caught:
        read(text, name)
    assert caught.value.hint
