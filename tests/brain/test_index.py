"""What every index does, whichever store is behind it; and what only an embedded one has to."""

import math
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from brain.errors import IndexLockedError, IndexMissingError, StoreError
from brain.facets import Family, title_key
from brain.index import create_index, open_index
from brain.index.base import DENSE, SPARSE, TITLE, Hit, Index, Point, Scope, Search, passage_of, payload_of, point_id
from brain.index.edge import EdgeIndex
from brain.index.server import ServerIndex
from brain.settings import IndexSettings, Settings, SparseSettings, load_settings
from brain.testing import HashEncoder
from brain.text.bm25 import SparseVector, passage_vector, question_vector, title_vector
from brain.types import Chunk, Document, Passage, Scores

MANIFEST = {"id": "one", "encoder": "hash-64", "dimensions": 64, "fingerprint": {"schema": 1, "prefixes": ["", ""]}}
EVERYONE = Scope("default", ("public",))
ENCODER = HashEncoder()


@pytest.fixture(params=["edge", "memory", "server"])
def index(request: pytest.FixtureRequest, quick_path: Path, new_index: Callable[[Path], Path]) -> Iterator[Index]:
    if request.param == "edge":
        edge = EdgeIndex.open(new_index(quick_path))
        yield edge
        edge.close()
        return
    settings = server_settings(request.param)
    server = ServerIndex.create(settings, MANIFEST)
    yield server
    if request.param == "server":
        ServerIndex.drop(settings)
    server.close()


def server_settings(kind: str) -> IndexSettings:
    if kind == "memory":
        return IndexSettings(provider="server", url=":memory:")
    url = os.environ.get("BRAIN_TEST_QDRANT_URL", "")
    if not url:
        pytest.skip("BRAIN_TEST_QDRANT_URL is not set: no Qdrant server to test with")
    return IndexSettings(provider="server", url=url, prefer_grpc=False, collection=f"test-{uuid4().hex}")


def point(text: str, document: str = "d", position: int = 0, **fields: Any) -> Point:
    made = Document(**{"id": document, "title": "Titre", "body": text, "audience": ("public",)} | fields)
    id = point_id(made.tenant, document, text)
    payload = payload_of(made, Chunk(id, document, text, (0, len(text)), ("Titre", "Partie"), 0, position))
    dense = ENCODER.encode_passages([text])[0].tolist()
    return Point(id, dense, passage_vector(text, "fr", SparseSettings()), payload)


def nearest(index: Index, question: str, scope: Scope = EVERYONE, limit: int = 100) -> tuple[list[Hit], list[Hit]]:
    vectors = ((DENSE, ENCODER.encode_questions([question])[0].tolist()), (SPARSE, question_vector(question, "fr")))
    dense, sparse = index.search([Search(by, vector, limit) for by, vector in vectors], scope)
    return dense, sparse


def search(index: Index, question: str, scope: Scope = EVERYONE) -> list[Passage]:
    """The passages as they are stored, closest first; whatever is in scope has some cosine."""
    dense, sparse = nearest(index, question, scope)
    bm25_of = {hit.id: hit.score for hit in sparse}
    payloads = index.payloads([hit.id for hit in dense])
    return [passage_of(hit.id, payloads[hit.id], Scores(0, hit.score, bm25_of.get(hit.id))) for hit in dense]


def ids(points: Sequence[Point]) -> set[str]:
    return {p.id for p in points}


# What is stored


def test_vectors_come_back_for_the_points_that_are_there(index: Index) -> None:
    points = [point("Le retour est gratuit.", "retours"), point("La livraison est payante.", "livraison")]
    index.upsert(points)

    found = index.vectors([points[1].id, points[0].id, str(UUID(int=7))])

    assert found.keys() == ids(points)
    assert all(found[p.id] == pytest.approx(p.dense, abs=1e-6) for p in points)


def test_a_passage_comes_back_as_it_was_stored(index: Index) -> None:
    stored = point(
        "Le retour est gratuit.",
        "retours",
        url="https://example.com/retours",
        language="fr",
        audience=("public", "agent"),
        tags=("retours", "colis"),
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        updated_at=date(2026, 5, 12),
    )
    index.upsert([stored])

    (passage,) = search(index, "retour gratuit")

    assert passage == Passage(
        id=stored.id,
        document_id="retours",
        text="Le retour est gratuit.",
        span=(0, 22),
        scores=passage.scores,
        title="Titre",
        heading_path=("Titre", "Partie"),
        url="https://example.com/retours",
        language="fr",
        audience=("public", "agent"),
        tags=("retours", "colis"),
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        updated_at=date(2026, 5, 12),
    )


def test_a_document_without_dates_comes_back_without_them(index: Index) -> None:
    index.upsert([point("Le retour est gratuit.")])

    (passage,) = search(index, "retour")

    assert (passage.valid_from, passage.valid_until, passage.updated_at, passage.url) == (None, None, None, None)


def test_upsert_replaces_a_point_of_the_same_id(index: Index) -> None:
    first, second = point("un colis"), point("une carte")
    index.upsert([first])
    index.upsert([Point(first.id, second.dense, second.sparse, second.payload)])

    (passage,) = search(index, "une carte")

    assert index.count() == 1
    assert (passage.id, passage.text) == (first.id, "une carte")
    assert passage.scores.dense == pytest.approx(1, abs=1e-3)


def test_existing_tells_which_ids_are_stored(index: Index) -> None:
    stored, absent = point("un colis"), point("une carte")
    index.upsert([stored])

    assert index.existing([stored.id, absent.id]) == {stored.id}
    assert index.existing([]) == set()


def test_overwriting_payloads_replaces_them_and_leaves_the_vectors(index: Index) -> None:
    changed, other = point("un colis", "a", tags=("vieux",), url="https://example.com"), point("une carte", "b")
    index.upsert([changed, other])
    payload = point("un colis", "a", tags=("neuf",)).payload
    del payload["url"]

    index.overwrite_payloads([(changed.id, payload)])

    assert dict(index.points()) == {changed.id: payload, other.id: other.payload}
    (passage,) = search(index, "un colis", Scope("default", ("public",), tags=("neuf",)))
    assert passage.id == changed.id
    assert passage.scores.dense == pytest.approx(1, abs=1e-3)
    assert passage.scores.sparse


def test_deleting_a_document_spares_what_is_to_be_kept_and_every_other_document(index: Index) -> None:
    old, kept = point("ancien", "a"), point("gardé", "a")
    others = [point("ancien", "b"), point("ancien", "a", tenant="acme")]
    index.upsert([old, kept, *others])

    index.delete_document("default", "a", keep=[kept.id])
    assert {id for id, _ in index.points()} == ids([kept, *others])

    index.delete_document("default", "a")
    assert {id for id, _ in index.points()} == ids(others)


def test_points_gives_every_point_once_however_many_there_are(index: Index) -> None:
    stored = [point(f"passage {n}", f"d{n}") for n in range(1103)]
    index.upsert(stored)

    found = list(index.points())

    assert len(found) == 1103
    assert dict(found) == {p.id: p.payload for p in stored}


def test_an_empty_index_finds_nothing(index: Index) -> None:
    assert search(index, "un colis") == []
    assert (index.count(), list(index.points())) == (0, [])


# Who may see what


def test_search_and_count_never_leave_the_tenant(index: Index) -> None:
    index.upsert([point("le colis", f"d{n}", tenant=tenant) for tenant in ("default", "acme") for n in range(30)])

    found = search(index, "le colis", Scope("acme", ("public",)))

    assert len(found) == 30
    assert {passage.tenant for passage in found} == {"acme"}
    assert index.count(Scope("acme", ("public",))) == 30
    assert index.count() == 60
    assert search(index, "le colis", Scope("nobody", ("public",))) == []


DOCUMENTS = {
    "public": {"audience": ("public",)},
    "agents": {"audience": ("agent",)},
    "both": {"audience": ("agent", "public"), "language": "fr", "tags": ("retours",)},
    "tagged": {"tags": ("retours", "colis"), "language": "en"},
    "past": {"valid_until": date(2026, 3, 31)},
    "future": {"valid_from": date(2026, 4, 1)},
}
ALL_PUBLIC = {"public", "both", "tagged", "past", "future"}


SCOPES = [
    (EVERYONE, ALL_PUBLIC),
    (Scope("default", ("agent",)), {"agents", "both"}),
    (Scope("default", ("agent", "public")), ALL_PUBLIC | {"agents"}),
    (Scope("default", ()), set()),
    (Scope("default", ("public",), tags=("retours",)), {"both", "tagged"}),
    (Scope("default", ("public",), tags=("retours", "colis")), {"tagged"}),
    (Scope("default", ("public",), languages=("fr",)), {"both"}),
    (Scope("default", ("public",), languages=("fr", "en")), {"both", "tagged"}),
    (Scope("default", ("public",), valid_on=date(2026, 3, 31)), ALL_PUBLIC - {"future"}),
    (Scope("default", ("public",), valid_on=date(2026, 4, 1)), ALL_PUBLIC - {"past"}),
    (Scope("default", ("public",), gone=("both", "past", "agents")), ALL_PUBLIC - {"both", "past"}),
]


def test_a_scope_is_a_hard_filter_of_search_and_count(index: Index) -> None:
    index.upsert([point("le colis", name, **fields) for name, fields in DOCUMENTS.items()])

    for scope, expected in SCOPES:
        assert {passage.document_id for passage in search(index, "le colis", scope)} == expected, scope
        assert index.count(scope) == len(expected), scope


VARIANTS = {
    "16": {"tags": ("idcc:0016",)},
    "29": {"tags": ("idcc:0029", "vip")},
    "both": {"tags": ("idcc:0016", "idcc:0029")},
    "generic": {},
    "plain": {"tags": ("idcc",)},
    "other key": {"tags": ("year:2026",)},
}
WITHOUT_KEY = {"generic", "plain", "other key"}
PUBLIC_ON = ("default", ("public",))
FACET_SCOPES = [
    (Scope(*PUBLIC_ON, tags=("idcc:0016",)), {"16", "both"} | WITHOUT_KEY),
    (Scope(*PUBLIC_ON, tags=("idcc:0016", "idcc:0029")), {"16", "29", "both"} | WITHOUT_KEY),
    (Scope(*PUBLIC_ON, tags=("idcc:9999",)), WITHOUT_KEY),
    (Scope(*PUBLIC_ON, tags=("idcc:0029", "vip")), {"29"}),
    (Scope(*PUBLIC_ON, tags=("idcc:0016", "year:2025")), {"16", "both", "generic", "plain"}),
    (Scope(*PUBLIC_ON, without=(Family(title_key("Titre"), "idcc"),)), WITHOUT_KEY),
    (Scope(*PUBLIC_ON, without=(Family(title_key("Autre"), "idcc"),)), set(VARIANTS)),
    (Scope(*PUBLIC_ON, tags=("idcc:0016",), variants_of=(title_key("TITRE"),)), {"16", "both"}),
    (Scope(*PUBLIC_ON, tags=("idcc:0016",), variants_of=(title_key("Autre"),)), set()),
]


def test_a_tag_with_a_key_lets_through_what_has_no_such_key(index: Index) -> None:
    index.upsert([point("le colis", name, **fields) for name, fields in VARIANTS.items()])

    for scope, expected in FACET_SCOPES:
        assert {passage.document_id for passage in search(index, "le colis", scope)} == expected, scope
        assert index.count(scope) == len(expected), scope


def test_expired_pages_can_be_asked_for_alone(index: Index) -> None:
    index.upsert([point("le colis", name, **fields) for name, fields in DOCUMENTS.items()])

    for day, expected in [(date(2026, 3, 31), set()), (date(2026, 4, 1), {"past"})]:
        scope = Scope("default", ("public",), valid_on=day, expired=True)
        assert {passage.document_id for passage in search(index, "le colis", scope)} == expected


def test_a_facet_counts_the_documents_of_each_value(index: Index) -> None:
    titles = [title_key("Titre")]
    index.upsert([point("le colis", name, **fields) for name, fields in VARIANTS.items()])
    index.upsert([point("le colis", f"more {n}", tags=(f"idcc:{n:04}",)) for n in range(100, 400)])
    index.upsert([point("la suite", "16", position=1, tags=("idcc:0016",))])
    index.upsert([point("le colis", "titled", title="Autre", tags=("idcc:0016",))])
    index.upsert([point("le colis", "hidden", audience=("agent",), tags=("idcc:0016",))])

    counts = index.facet("idcc", titles, EVERYONE)

    assert (counts["0016"], counts["0029"], counts["0399"], len(counts)) == (2, 2, 1, 302)
    assert index.facet("year", titles, EVERYONE) == {"2026": 1}
    assert index.facet("idcc", [title_key("Rien")], EVERYONE) == {}


# In which order

TEXTS = [
    "le colis arrive demain",
    "le retour du colis est gratuit",
    "la carte cadeau expire après un an",
    "retour possible sous trente jours",
    "un remboursement après le retour du colis en magasin",
    "notre service répond à toute heure du lundi au vendredi soir",
    "colis colis colis perdu",
]
QUESTION = "retour du colis"


def ranked(scores: dict[str, float]) -> list[str]:
    assert len({round(score, 5) for score in scores.values()}) == len(scores), "ties: the order would be luck"
    return sorted(scores, key=lambda id: -scores[id])


def test_passages_are_ranked_by_cosine_and_by_bm25_to_the_formulas(index: Index) -> None:
    points = [point(text, f"d{n}") for n, text in enumerate(TEXTS)]
    index.upsert(points)

    dense, sparse = nearest(index, QUESTION)

    by_cosine, by_bm25 = cosines(points), bm25(points)
    assert [hit.id for hit in dense] == ranked(by_cosine)
    assert [hit.id for hit in sparse] == ranked(by_bm25)
    assert {hit.id: hit.score for hit in dense} == pytest.approx(by_cosine, abs=2e-3)
    assert {hit.id: hit.score for hit in sparse} == pytest.approx(by_bm25, rel=1e-3)
    assert len({hit.page for hit in dense}) == len({p.payload["document_id"] for p in points})


def test_each_ranking_has_so_many_passages_at_most(index: Index) -> None:
    points = [point(text, f"d{n}") for n, text in enumerate(TEXTS)]
    index.upsert(points)

    dense, sparse = nearest(index, QUESTION, limit=2)

    assert [hit.id for hit in dense] == ranked(cosines(points))[:2]
    assert [hit.id for hit in sparse] == ranked(bm25(points))[:2]


def test_a_question_without_terms_is_searched_by_meaning_alone(index: Index) -> None:
    points = [point(text, f"d{n}") for n, text in enumerate(TEXTS)]
    index.upsert(points)

    nothing = Search(SPARSE, SparseVector([], []), 3)
    before, dense, after = index.search([nothing, Search(DENSE, points[0].dense, 3), nothing], EVERYONE)

    assert (dense[0].id, len(dense), before, after) == (points[0].id, 3, [], [])
    assert index.search([nothing], EVERYONE) == [[]]


def test_a_question_whose_terms_are_nowhere_has_no_bm25(index: Index) -> None:
    index.upsert([point(text, f"d{n}") for n, text in enumerate(TEXTS)])

    dense, sparse = nearest(index, "zèbre")

    assert (len(dense), sparse) == (len(TEXTS), [])


def test_titles_are_ranked_by_their_own_terms(index: Index) -> None:
    titles = ["Retour d'un colis", "Colis", "Carte cadeau"]
    texts = ["la carte cadeau", "rien", "le retour du colis"]
    points = [
        replace(point(text, f"d{n}"), title=title_vector(title, "fr", SparseSettings()))
        for n, (title, text) in enumerate(zip(titles, texts, strict=True))
    ]
    index.upsert([*points, point("la suite, sans titre", "d0", position=1)])

    (found,) = index.search([Search(TITLE, question_vector("retour du colis", "fr"), 10)], EVERYONE)

    assert [hit.id for hit in found] == [points[0].id, points[1].id]


def test_a_search_may_be_of_one_tag_alone(index: Index) -> None:
    tagged = [point("le colis", f"d{n}", tags=(f"produit:{n}", "retours")) for n in range(3)]
    index.upsert(tagged)
    dense = ENCODER.encode_questions(["le colis"])[0].tolist()

    searches = [Search(DENSE, dense, 9, tag) for tag in ("produit:1", "retours", "produit")]
    found = index.search(searches, Scope("default", ("public",), tags=("retours",)))

    assert [{hit.id for hit in hits} for hits in found] == [{tagged[1].id}, ids(tagged), set()]


def test_the_tags_of_a_scope_are_counted(index: Index) -> None:
    index.upsert([point("le colis", f"d{n}", tags=("retours", f"produit:{n % 2}")) for n in range(5)])
    index.upsert([point("le colis", "hidden", audience=("agent",), tags=("secret",))])

    assert index.tags(EVERYONE) == {"retours": 5, "produit:0": 3, "produit:1": 2}
    assert index.tags(Scope("nobody", ("public",))) == {}


def test_passages_are_read_by_their_places_in_documents(index: Index) -> None:
    index.upsert([point(f"{document}{at}", document, at) for document in "ab" for at in range(4)])
    index.upsert([point("other", "a", 1, tenant="other")])

    found = index.at("default", {"a": [0, 1], "b": [3, 9], "c": [0]})

    assert sorted(payload["text"] for payload in found.values()) == ["a0", "a1", "b3"]
    assert all(passage_of(id, payload, Scores(0)).position == int(payload["text"][1]) for id, payload in found.items())
    assert index.at("default", {"c": [0]}) == {}


def test_payloads_of_points_that_are_gone_are_left_out(index: Index) -> None:
    stored, gone = point("un colis"), point("une carte")
    index.upsert([stored])

    assert index.payloads([gone.id, stored.id]) == {stored.id: stored.payload}
    assert index.payloads([]) == {}


def cosines(points: Sequence[Point]) -> dict[str, float]:
    question = ENCODER.encode_questions([QUESTION])[0]
    return {p.id: float(np.dot(question, np.array(p.dense, np.float32))) for p in points}


def bm25(points: Sequence[Point]) -> dict[str, float]:
    """Of the points that hold a term of the question; IDF as in Lucene, over all points."""
    scores: dict[str, float] = {}
    for number in question_vector(QUESTION, "fr").indices:
        holding = {p.id: dict(zip(*p.sparse, strict=True))[number] for p in points if number in p.sparse.indices}
        idf = math.log(1 + (len(points) - len(holding) + 0.5) / (len(holding) + 0.5))
        for id, weight in holding.items():
            scores[id] = scores.get(id, 0) + idf * weight
    return scores


# The manifest


def test_an_index_remembers_its_manifest_and_points(quick_path: Path) -> None:
    made = EdgeIndex.create(quick_path / "index", MANIFEST)
    made.upsert([point("un colis")])
    made.flush()
    made.close()

    opened = EdgeIndex.open(quick_path / "index")

    assert opened.manifest == MANIFEST
    assert [passage.text for passage in search(opened, "colis")] == ["un colis"]
    opened.close()


@pytest.mark.parametrize("kind", ["memory", "server"])
def test_a_collection_remembers_its_manifest(kind: str) -> None:
    from brain.index.server import connect

    settings = server_settings(kind)
    client = connect(settings)
    with pytest.raises(IndexMissingError):
        ServerIndex.open(settings, client)
    ServerIndex.create(settings, MANIFEST, client)

    assert ServerIndex.open(settings, client).manifest == MANIFEST

    ServerIndex.drop(settings, client)
    with pytest.raises(IndexMissingError):
        ServerIndex.open(settings, client)
    client.close()


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    settings = IndexSettings(provider="server", url="http://user:secret@127.0.0.1:9", prefer_grpc=False, timeout_s=1)

    with pytest.raises(StoreError, match=r"user:\*\*\*@127\.0\.0\.1:9") as error:
        ServerIndex.open(settings)

    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("reply", "says", "mend"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "refuses the key", "index.api_key"),
        (b"", "did not answer within index.timeout_s (1 s).", "index.timeout_s"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "failed: Unexpected Response: 404", "index.url"),
    ],
)
def test_what_is_wrong_with_a_server_is_told_apart(reply: bytes, says: str, mend: str) -> None:
    done = Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(reply)
            done.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = IndexSettings(provider="server", url=url, prefer_grpc=False, timeout_s=1)
        with pytest.raises(StoreError) as error:
            ServerIndex.open(settings)
        done.set()
        thread.join()

    assert says in str(error.value) and mend in error.value.hint and "\n" not in str(error.value)


# A folder has one owner


def test_another_process_is_told_who_has_the_index(settings: Settings, new_index: Callable[[Path], Path]) -> None:
    index = EdgeIndex.open(new_index(settings.home))
    script = (
        "import sys; from pathlib import Path\n"
        "from brain.errors import IndexLockedError\n"
        "from brain.index.edge import EdgeIndex\n"
        "try: EdgeIndex.open(Path(sys.argv[1])).close(); print('opened')\n"
        "except IndexLockedError as error: print(error, error.hint)\n"
    )
    command = [sys.executable, "-c", script, str(settings.home / "index")]

    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    index.close()
    then = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert f"number {os.getpid()}" in told
    assert "--home" in told
    assert then == "opened\n"


def test_the_lock_holds_within_a_process_too(settings: Settings, new_index: Callable[[Path], Path]) -> None:
    index = EdgeIndex.open(new_index(settings.home))

    with pytest.raises(IndexLockedError):
        EdgeIndex.open(settings.home / "index")
    with pytest.raises(IndexLockedError):
        EdgeIndex.drop(settings.home / "index")

    index.close()
    EdgeIndex.open(settings.home / "index").close()


def test_without_an_index_there_is_nothing_to_open_or_drop(settings: Settings) -> None:
    with pytest.raises(IndexMissingError) as error:
        open_index(settings)

    assert "brain ingest" in error.value.hint
    EdgeIndex.drop(settings.home / "index")


@pytest.mark.parametrize("left", ["no manifest", "half a manifest"])
def test_an_index_whose_creation_was_cut_short_is_made_anew(
    settings: Settings, new_index: Callable[[Path], Path], left: str
) -> None:
    folder = new_index(settings.home)
    manifest = (folder / "manifest.json").read_text(encoding="utf-8")
    (folder / "manifest.json").unlink()
    if left == "half a manifest":
        (folder / "manifest.json.new").write_text(manifest[:20], encoding="utf-8")
    with pytest.raises(IndexMissingError):
        open_index(settings)

    create_index(settings, HashEncoder()).close()

    index = open_index(settings)
    assert index.count() == 0
    index.close()


def test_the_manifest_appears_whole_or_not_at_all(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        EdgeIndex.create(quick_path / "index", MANIFEST)

    assert not (quick_path / "index" / "manifest.json").exists()
    with pytest.raises(IndexMissingError):
        EdgeIndex.open(quick_path / "index")


def test_a_dropped_index_is_gone_and_can_be_made_again(settings: Settings, new_index: Callable[[Path], Path]) -> None:
    new_index(settings.home)

    EdgeIndex.drop(settings.home / "index")

    with pytest.raises(IndexMissingError):
        open_index(settings)
    assert not (settings.home / "index" / "shard").exists()


def test_a_failure_of_the_store_is_a_store_error(settings: Settings, new_index: Callable[[Path], Path]) -> None:
    index = EdgeIndex.open(new_index(settings.home))

    with pytest.raises(StoreError):
        index.upsert([Point(str(uuid4()), [0.0] * 3, SparseVector([], []), {})])

    index.close()


def test_open_index_takes_the_server_that_the_settings_name() -> None:
    settings = load_settings(index={"provider": "server", "url": ":memory:"})

    with pytest.raises(IndexMissingError, match="collection 'brain'"):
        open_index(settings)


def test_days_count_from_the_first_passage_on_that_has_any(index: Index) -> None:
    today = replace(EVERYONE, valid_on=date(2026, 6, 1))
    index.upsert([point("le colis arrive", "plain")])

    assert [p.document_id for p in search(index, "colis", today)] == ["plain"]
    assert search(index, "colis", replace(today, expired=True)) == []

    late, early = point("le colis de demain", "late", valid_from=date(2026, 6, 2)), point("le colis", "early")
    index.upsert([late, early])
    assert {p.document_id for p in search(index, "colis", today)} == {"plain", "early"}

    ended = point("le colis", "early", valid_until=date(2026, 5, 31))
    index.overwrite_payloads([(early.id, ended.payload)])
    assert {p.document_id for p in search(index, "colis", today)} == {"plain"}
    assert [p.document_id for p in search(index, "colis", replace(today, expired=True))] == ["early"]


@pytest.mark.parametrize("field", ["valid_from", "valid_until"])
def test_an_index_that_is_opened_again_knows_of_its_days(
    field: str, quick_path: Path, new_index: Callable[[Path], Path]
) -> None:
    outside = {"valid_from": date(2026, 6, 2), "valid_until": date(2026, 5, 31)}
    folder = new_index(quick_path)
    first = EdgeIndex.open(folder)
    first.upsert([point("le colis", "dated", **{field: outside[field]}), point("le colis suit", "plain")])
    first.close()

    again = EdgeIndex.open(folder)
    found = search(again, "colis", replace(EVERYONE, valid_on=date(2026, 6, 1)))
    again.close()

    assert [p.document_id for p in found] == ["plain"]
