"""HTML pages."""

import pytest

from brain.types import Document
from ingest.parse import Defaults, Limits, parse


def read(html: str, encoding: str = "utf-8") -> Document:
    [document] = parse(html.encode(encoding), "p/page.html", Defaults(), Limits())
    return document


PAGE = """<!doctype html><html lang="fr-FR"><head><title>Onglet</title><link rel="canonical" href="https://a.fr/x">
<style>p { color: red }</style>{metas}</head><body><header>Bandeau</header><nav>Menu</nav>{body}
<aside>Publicité</aside><footer>Mentions</footer><script>var x = 1;</script></body></html>"""


def page(body: str, metas: str = "") -> Document:
    return read(PAGE.replace("{body}", body).replace("{metas}", metas))


def test_only_the_main_content_is_kept() -> None:
    assert page("<p>Texte.</p><form>Recherche</form><button>Copier</button>").body == "Texte."
    assert page("<p>Hors</p><main><header><h1>Titre</h1></header><p>Texte.</p></main>").body == "# Titre\n\nTexte."
    assert page("<p>Hors</p><div role='main'>Texte.</div>").body == "Texte."
    assert page("<form><h1>Titre</h1><p>Page.</p></form>").body == "# Titre\n\nPage."
    assert page("<p>Un</p><article>Deux</article><article>Trois</article>").body.split() == ["Un", "Deux", "Trois"]


@pytest.mark.parametrize(
    "attribute", ["hidden", 'aria-hidden="true"', 'style="Display : none"', 'style="color:red;visibility:hidden"']
)
def test_hidden_elements_go_and_what_follows_them_stays(attribute: str) -> None:
    assert page(f"<p>Vu <span {attribute}>caché</span>, puis<div {attribute}>caché</div> la suite").body.split() == [
        "Vu", ",", "puis", "la", "suite",
    ]  # fmt: skip


def test_inline_elements_do_not_glue_words() -> None:
    item = "ne <span style='color:red'><strong>communiquez</strong></span> à&nbsp;<em>personne</em> ;"
    assert page(f"<ul>\n\t<li>{item}</li></ul>").body == "- ne communiquez à personne ;"
    assert page("<div>Un</div><div>Deux</div><p>Trois<br>Quatre</p>").body.split() == ["Un", "Deux", "Trois", "Quatre"]
    assert page("<p>l'<b>employ</b>eur, le 1<sup>er</sup> mai, 10<sup>3</sup> m</p>").body == (
        "l'employeur, le 1er mai, 10³ m"
    )


def test_the_heading_tree_and_lists_survive() -> None:
    html = "<h1>A</h1><h2><button>B</button></h2><ol><li>un<ul><li>deux</li></ul></li></ol><h3><b>C</b></h3><p>c</p>"
    lines = [line.rstrip() for line in page(html).body.split("\n") if line.strip()]
    assert lines == ["# A", "## B", "1. un", "   - deux", "### C", "c"]


def test_tables_are_pipe_tables_with_spanning_cells_repeated() -> None:
    html = (
        "<table><tr><th>Pays</th><th>Cas</th><th>Prix</th></tr><tr><td rowspan=2>France</td><td>a | b</td>"
        "<td>1&nbsp;200 €</td></tr><tr><td><p>c</p><p>d</p></td><td>9<br>8</td></tr></table>"
    )
    lines = page(html).body.split("\n")
    assert lines[0] == "| Pays | Cas | Prix |"
    assert lines[2:] == [r"| France | a \| b | 1 200 € |", "| France | c d | 9 8 |"]


def test_layout_tables_become_text() -> None:
    html = "<table><tr><td><h2>Titre</h2><p>Texte</p></td></tr></table>"
    assert page(html).body == "## Titre\n\nTexte"
    nested = "<table><tr><td>menu</td><td><table><tr><td>a</td><td>b</td></tr></table></td></tr></table>"
    assert "| a | b |" in page(nested).body


def test_hostile_spans_cost_nothing() -> None:
    html = "<table>" + "<tr><td rowspan=99999999 colspan=99999999>x</td><td>y</td></tr>" * 50 + "</table>"
    assert len(page(html).body) < 500_000


def test_links_and_images() -> None:
    links = '<a href="/interne">ici</a> <a href="https://a.fr/b">là</a> <a href="#x"></a>'
    assert page(f'<p>{links}<img src="data:x" alt="schéma">').body == "ici [là](https://a.fr/b) schéma"
    cut = '<a href="https://a.fr">appli</a><a href="https://a.fr">cables</a>'
    assert page(f"<p>{cut}</p>").body == "[applicables](https://a.fr)"


def test_fields_come_from_meta() -> None:
    metas = "".join(
        f'<meta name="{name}" content="{content}">'
        for name, content in {
            "id": "42", "URL": "https://b.fr", "audience": "public, agent", "tags": "Santé, Social", "tenant": "t",
            "updated_at": "31/12/2025", "valid_from": "2025-01-01", "viewport": "x",
        }.items()
    )  # fmt: skip
    document = page("<h1>T</h1>x", metas)
    assert (document.id, document.url, document.language, document.tenant) == ("42", "https://b.fr", "fr", "t")
    assert (document.audience, document.tags) == (("public", "agent"), ("Santé", "Social"))
    assert (str(document.updated_at), str(document.valid_from)) == ("2025-12-31", "2025-01-01")


def test_fallbacks_for_title_url_and_id() -> None:
    document = page("<p>x</p>")
    assert (document.title, document.url, document.id) == ("Onglet", "https://a.fr/x", "p/page.html")
    assert page("<h1>Un <i>titre</i></h1>").title == "Un titre"


def test_the_declared_charset_is_used() -> None:
    html = '<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1"><p>L’été à 15 €</p>'
    assert read(html, "cp1252").body == "L’été à 15 €"
    assert read('<meta charset="koi8-r"><p>Привет</p>', "koi8-r").body == "Привет"
    assert read('<?xml version="1.0" encoding="utf-8"?><p>é</p>').body == "é"


def test_text_that_looks_like_a_list_is_not_escaped() -> None:
    assert page("<p>1. premier</p><p>- tiret</p>").body == "1. premier\n\n- tiret"
