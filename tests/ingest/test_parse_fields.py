"""The fields of a document, defaults, limits, and files that no parser should choke on."""

import pickle
import subprocess
import sys
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brain.errors import DocumentError
from brain.types import Document
from ingest.parse import SUFFIXES, Defaults, Limits, parse


def read(front: str = "", defaults: Defaults = Defaults()) -> Document:  # noqa: B008 - frozen
    [document] = parse(f"---\n{front}\n---\nTexte.".encode(), "d/a.md", defaults, Limits())
    return document


def test_defaults_fill_what_is_absent_or_empty() -> None:
    defaults = Defaults("site", "acme", ("public",), "fr", ("rh",))
    for front in ("x: y", 'audience: ""\ntags: []\nlanguage:'):
        document = read(front, defaults)
        assert (document.source, document.tenant, document.id) == ("site", "acme", "d/a.md")
        assert (document.audience, document.language, document.tags) == (("public",), "fr", ("rh",))
    assert (read().audience, read().tenant, read().language) == (("agent",), "default", None)


def test_stated_fields_win() -> None:
    document = read(
        "audience: [public]\nlanguage: fr-CA\ntags: [a, 'b, c', a]", Defaults("", None, ("agent",), "en", ("z",))
    )
    assert (document.audience, document.language, document.tags) == (("public",), "fr", ("a", "b, c"))


def test_a_given_tenant_is_binding() -> None:
    assert read("tenant: acme").tenant == "acme"
    assert read("tenant: acme", Defaults(tenant="acme")).tenant == "acme"
    with pytest.raises(DocumentError, match=r"'acme'.*'globex'"):
        read("tenant: acme", Defaults(tenant="globex"))


@pytest.mark.parametrize(
    "written", ["2026-03-05", "2026-03-05T10:00:00Z", "2026-03-05 10:00:00", "5/03/2026", "'05/03/2026'"]
)
def test_dates(written: str) -> None:
    assert read(f"updated_at: {written}").updated_at == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("updated_at: 2026-02-30", "updated_at.*31/03/2026"),
        ("valid_until: demain", "valid_until"),
        ("valid_from: 31/02/2026", "valid_from"),
        ("valid_from: 2026-02-01\nvalid_until: 2026-01-01", "before"),
        ("url: javascript:alert(1)", "url.*https"),
        ("url: /interne", "url"),
        ("language: français", "language.*fr"),
        ("tags: {a: b}", "tags"),
        ("audience: [[a]]", "audience"),
        ("title: [a]", "title"),
        ("id: " + "x" * 501, "id"),
    ],
)
def test_bad_values_name_the_field(front: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said) as caught:
        read(front)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("raw", "name", "limits", "said"),
    [
        (b"x", "a.xyz", Limits(), "kind"),
        (b"x", "sans-suffixe", Limits(), "kind"),
        (b" \n", "a.md", Limits(), "empty"),
        (b"x" * 11, "a.md", Limits(max_bytes=10), "11 bytes"),
        (b"x" * 11, "a.txt", Limits(max_characters=10), "11 characters"),
        (b"---", "a.txt", Limits(), "no text is left"),
        (b"<body><nav>x</nav></body>", "a.html", Limits(), "no text is left"),
        (b"<!-- x -->", "a.html", Limits(), "no text is left"),
    ],
)
def test_files_that_cannot_be_used(raw: bytes, name: str, limits: Limits, said: str) -> None:
    with pytest.raises(DocumentError, match=said) as caught:
        parse(raw, name, Defaults(), limits)
    assert caught.value.hint


def test_suffixes_are_read_in_any_case_and_values_travel_to_workers() -> None:
    assert parse(b"x", "A.MD", Defaults(), Limits())[0].body == "x"
    assert pickle.loads(pickle.dumps((parse, Defaults(), Limits()))) == (parse, Defaults(), Limits())


def test_importing_loads_no_heavy_library() -> None:
    heavy = (
        "{'pdfplumber', 'pdfminer', 'mammoth', 'lxml', 'html_to_markdown', 'markdown_it', 'yaml', 'charset_normalizer'}"
    )
    code = f"import sys, ingest.parse; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


BITS = [
    "<p>",
    "</table><tr>",
    "**",
    "---\n",
    "a: ",
    "[",
    "](",
    "`",
    "\n\n",
    "é",
    "<!--",
    "&#0;",
    "|",
    "{",
    '"q":',
    ",",
    ";",
    "\ud7ff",
]
FILES = st.one_of(
    st.binary(max_size=300), st.lists(st.sampled_from(BITS), max_size=40).map(lambda b: "".join(b).encode())
)
OPENINGS = st.sampled_from([b"", b"%PDF-1.4\n", b"PK\x03\x04", b"question,answer\n", b'{"q": "', b"---\n"])


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(opening=OPENINGS, raw=FILES, closing=st.sampled_from([b"", b"\n%%EOF"]))
def test_nothing_but_document_error_escapes(suffix: str, opening: bytes, raw: bytes, closing: bytes) -> None:
    try:
        documents = parse(opening + raw + closing, f"a{suffix}", Defaults(), Limits())
    except DocumentError:
        return
    assert all(document.body and document.title and document.id for document in documents)
