"""The page: what is in it, that nothing in it comes from elsewhere or is run, and that a browser shows and filters it."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from eval.cases import Case
from eval.judged_run import Run
from eval.reporting.diffs import excerpt, word_diff
from eval.reporting.document import document_of
from eval.reporting.page import page
from eval.reporting.plots import Row, interval_plot
from eval.reporting.terminal import show
from eval.running.folder import RunFolder
from eval.testing import cases_of

StoredRun = Callable[..., RunFolder]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def worse_every_third(case: Case, variant: str, repeat: int) -> float:
    return float(variant == "now" or int(case.id[1:]) % 3 > 0)


@pytest.fixture
def made(tmp_path: Path, stored_run: StoredRun) -> Callable[[str], str]:
    nasty = cases_of(1)[0].model_copy(update={"id": "nasty", "question": "<script>alert(1)</script> «œuf» & co ?"})
    folder = stored_run(
        tmp_path / "run",
        lambda c, v, r: 1.0 if c.id == "nasty" else worse_every_third(c, v, r),
        cases=(*cases_of(30), nasty),
    )
    run = Run.load(folder.path)
    return lambda language: page(document_of(run), run, language)


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize(("language", "verdict"), [("en", "Don&#39;t ship"), ("fr", "À ne pas livrer")])
def test_the_page_stands_alone_and_says_the_verdict_first(
    made: Callable[[str], str], language: str, verdict: str
) -> None:
    text = made(language)
    elements = Elements(text).found

    assert f"<h1>{verdict}</h1>" in text and text.index("<h1>") < text.index("<svg") < text.index('class="case"')
    assert not [attrs for _, attrs in elements if {"src", "href", "srcset", "onclick", "onload"} & set(attrs)]
    assert not re.search(r"url\(|@import|https?://", text)
    assert len([tag for tag, _ in elements if tag == "script"]) == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    cases = [attrs for tag, attrs in elements if tag == "details"]
    assert len(cases) == 31 and cases[0]["data-outcome"] == "worse"
    assert "<ins>" not in text.split("<del>")[0] and "<mark>Le client dispose de 14 jours" in text


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")
def test_a_browser_shows_and_filters_it(made: Callable[[str], str], tmp_path: Path) -> None:
    probe = """<script>
      const shown = () => [...document.querySelectorAll("details.case")].filter(c => c.offsetParent !== null).length;
      const all = shown();
      document.querySelector("button[data-outcome=worse]").click(); const worse = shown();
      const part = document.getElementById("part"); part.value = "language: fr"; part.dispatchEvent(new Event("change"));
      const worseFrench = shown();
      const search = document.getElementById("search"); search.value = "question 3 "; search.dispatchEvent(new Event("input"));
      const one = shown();
      search.value = "nowhere"; search.dispatchEvent(new Event("input"));
      const none = !document.getElementById("nothing").hidden;
      const wide = document.documentElement.scrollWidth <= innerWidth;
      document.title = JSON.stringify({all, worse, worseFrench, one, none, wide});
    </script>"""
    path = tmp_path / "report.html"
    path.write_text(made("fr").replace("</body>", f"{probe}</body>"), encoding="utf-8")
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=400,900",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    done = subprocess.run(
        [*command, "--dump-dom", path.as_uri()], capture_output=True, text=True, check=True, timeout=60
    )

    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title and json.loads(title[1]) == {
        "all": 31, "worse": 10, "worseFrench": 5, "one": 1, "none": True, "wide": True,
    }  # fmt: skip


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_diff_loses_nothing_of_either_text(one: str, other: str) -> None:
    left, right = word_diff(one, other)
    kept = [["".join(p.text for p in side if p.kind == "same")] for side in (left, right)]
    assert kept[0] == kept[1]
    tokens = re.compile(r"\s+|\w+|[^\w\s]")
    assert ["".join(p.text for p in side) for side in (left, right)] == [
        "".join(tokens.findall(t)) for t in (one, other)
    ]


@given(
    st.text(min_size=1, max_size=1500),
    st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 90)), min_size=1, max_size=4),
)
def test_an_excerpt_marks_exactly_what_is_cited(text: str, marks: list[tuple[int, int]]) -> None:
    spans = [(start % len(text), min(len(text), start % len(text) + length)) for start, length in marks]
    covered = {place for start, end in spans for place in range(start, end)}
    marked = [piece.text for piece in excerpt(text, spans) if piece.kind == "quote"]
    assert sum(map(len, marked)) == len(covered)
    assert all(quote in text for quote in marked)


def test_a_plot_keeps_all_rows_within_its_frame() -> None:
    svg = interval_plot([Row("a <b> & c", -3, -60, 80), Row("é" * 90, 0, 0, 0)], 5, "d")
    places = [float(x) for x in re.findall(r' (?:x1|x2|cx)="([-\d.]+)"', svg)]
    assert min(places) >= 220 and max(places) <= 760
    assert "&lt;b&gt; &amp; c" in svg and svg.count("<circle") == 2


def test_a_mean_whose_interval_has_no_bounds_is_shown_without(tmp_path: Path, stored_run: StoredRun) -> None:
    """Words, counted in a single cluster, say nothing of their spread."""
    run = Run.load(stored_run(tmp_path / "run", worse_every_third).path)
    document = document_of(run)
    document["metrics"]["passed"]["now"]["interval"] |= {"mean": 21.0, "low": "-inf", "high": "inf"}
    console = Console(record=True, width=150)
    show(document, console)

    assert "21.000 " in console.export_text() and "inf" not in console.export_text()
    assert "21.000" in page(document, run)
