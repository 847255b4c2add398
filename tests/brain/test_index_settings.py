"""What the index's settings ask of Qdrant: the requests that a server gets, and what an embedded index builds."""

import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest
import qdrant_edge as qe
from qdrant_client import QdrantClient

from brain.doctor import examine
from brain.index.base import DENSE, KEYWORD_FIELDS, LOOKUP_FIELDS, RANGE_FIELDS, SPARSE, Point, Scope, Search, point_id
from brain.index.edge import SHARD, EdgeIndex
from brain.index.server import ServerIndex
from brain.settings import IndexSettings, load_settings
from brain.text.bm25 import SparseVector

DIMENSIONS = 64
MANIFEST = {"id": "one", "encoder": "hash-64", "dimensions": DIMENSIONS, "fingerprint": {}}
EVERYONE = Scope("default", ("public",))
LARGE = IndexSettings(
    provider="server",
    url="http://qdrant.example:6333",
    prefer_grpc=False,
    vectors_on_disk=True,
    payload_on_disk=False,
    payload_index_on_disk=True,
    hnsw={"m": 32, "ef_construct": 200, "on_disk": True, "ef": 128},
    quantization={"kind": "int8", "oversampling": 2},
    cluster={"shards": 6, "replicas": 2, "write_consistency": 2, "read_consistency": "majority"},
)
BY_MEANING = Search(DENSE, [1.0] * DIMENSIONS, 10)
BY_WORDS = Search(SPARSE, SparseVector([1], [1.0]), 10)


class FakeServer:
    """Answers as a Qdrant server does, with nothing found; keeps what it was asked."""

    def __init__(self, collection: dict[str, Any] | None = None) -> None:
        self.asked: list[httpx.Request] = []
        self._collection = collection or {}

    def client(self) -> QdrantClient:
        transport = httpx.MockTransport(self._answer)
        return QdrantClient(url="http://qdrant.example:6333", check_compatibility=False, transport=transport)

    def bodies(self, method: str, path: str) -> list[Any]:
        """Of the requests of this method and path."""
        return [json.loads(r.content) for r in self.asked if (r.method, r.url.path) == (method, path)]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "GET":
            return httpx.Response(200, json={"result": self._collection})
        if request.url.path.endswith("/query/batch"):
            return httpx.Response(
                200, json={"result": [{"points": []} for _ in json.loads(request.content)["searches"]]}
            )
        done = {"operation_id": 1, "status": "completed"} if request.url.path.endswith("/index") else True
        return httpx.Response(200, json={"result": done})


def made(settings: IndexSettings) -> tuple[ServerIndex, FakeServer]:
    server = FakeServer()
    return ServerIndex.create(settings, MANIFEST, server.client()), server


def info(params: dict[str, Any]) -> dict[str, Any]:
    """A collection as a server describes it."""
    counts = {
        "points_count": 0,
        "segments_count": 1,
        "indexed_vectors_count": 0,
        "optimizer_status": "ok",
        "status": "green",
    }
    hnsw = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000}
    optimizer = {
        "deleted_threshold": 0.2,
        "vacuum_min_vector_number": 1,
        "default_segment_number": 0,
        "flush_interval_sec": 5,
    }
    config = {"params": params, "hnsw_config": hnsw, "optimizer_config": optimizer, "metadata": MANIFEST}
    return counts | {"config": config, "payload_schema": {}}


# A server


def test_a_collection_is_made_as_the_settings_say() -> None:
    _, server = made(LARGE)

    (body,) = server.bodies("PUT", "/collections/brain")
    assert (body["shard_number"], body["replication_factor"], body["write_consistency_factor"]) == (6, 2, 2)
    assert body["on_disk_payload"] is False
    assert body["vectors"][DENSE] == {
        "size": DIMENSIONS,
        "distance": "Cosine",
        "on_disk": True,
        "hnsw_config": {"m": 32, "ef_construct": 200, "on_disk": True},
        "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}},
    }


def test_without_settings_there_is_one_shard_in_one_copy_and_no_quantization() -> None:
    _, server = made(IndexSettings(provider="server", url="http://qdrant.example:6333"))

    (body,) = server.bodies("PUT", "/collections/brain")
    assert (body["shard_number"], body["replication_factor"], body["write_consistency_factor"]) == (1, 1, 1)
    assert "quantization_config" not in body["vectors"][DENSE]
    assert body["vectors"][DENSE]["on_disk"] is False


def test_binary_quantization_is_asked_for() -> None:
    _, server = made(
        LARGE.model_copy(update={"quantization": LARGE.quantization.model_copy(update={"kind": "binary"})})
    )

    (body,) = server.bodies("PUT", "/collections/brain")
    assert body["vectors"][DENSE]["quantization_config"] == {"binary": {"always_ram": True}}


def test_every_field_of_a_filter_is_indexed_on_disk_where_that_is_wanted() -> None:
    _, server = made(LARGE)

    indexed = {body["field_name"]: body["field_schema"] for body in server.bodies("PUT", "/collections/brain/index")}
    assert indexed.keys() == {*KEYWORD_FIELDS, *RANGE_FIELDS, *LOOKUP_FIELDS}
    assert all(schema["on_disk"] for schema in indexed.values())
    assert [field for field, schema in indexed.items() if schema.get("is_tenant")] == ["tenant"]
    assert (indexed["valid_from"]["range"], indexed["valid_from"]["lookup"]) == (True, False)


def test_a_search_by_meaning_says_how_one_by_words_is_exact() -> None:
    index, server = made(LARGE)

    index.search([BY_MEANING, BY_WORDS], EVERYONE)

    (request,) = (r for r in server.asked if r.url.path.endswith("/points/query/batch"))
    by_meaning, by_words = json.loads(request.content)["searches"]
    assert by_meaning["params"] == {"hnsw_ef": 128, "quantization": {"rescore": True, "oversampling": 2.0}}
    assert "params" not in by_words
    assert request.url.params["consistency"] == "majority"


def test_by_default_a_search_leaves_everything_to_the_server() -> None:
    index, server = made(IndexSettings(provider="server", url="http://qdrant.example:6333"))

    index.search([BY_MEANING], EVERYONE)

    (request,) = (r for r in server.asked if r.url.path.endswith("/points/query/batch"))
    assert "params" not in json.loads(request.content)["searches"][0]
    assert "consistency" not in request.url.params


def test_what_a_collection_was_made_with_is_compared_with_the_settings() -> None:
    dense = {"size": DIMENSIONS, "distance": "Cosine", "hnsw_config": {"m": 32}}
    server = FakeServer(
        info({"vectors": {DENSE: dense}, "shard_number": 3, "replication_factor": 1, "on_disk_payload": True})
    )
    wanted = IndexSettings(provider="server", url="http://qdrant.example:6333", quantization={"kind": "int8"})

    assert ServerIndex(server.client(), wanted, MANIFEST).differences() == [
        "hnsw.m: made with 32, settings say 16",
        "quantization.kind: made with none, settings say int8",
        "cluster.shards: made with 3, settings say 1",
    ]


def test_a_collection_made_with_the_settings_does_not_differ() -> None:
    _, server = made(LARGE)
    (body,) = server.bodies("PUT", "/collections/brain")
    params = {key: body[key] for key in body if key not in ("metadata", "sparse_vectors")}

    assert ServerIndex(FakeServer(info(params)).client(), LARGE, MANIFEST).differences() == []


def test_in_memory_the_settings_change_nothing_that_is_found() -> None:
    index = ServerIndex.create(LARGE.model_copy(update={"url": ":memory:"}), MANIFEST)
    (stored,) = points(1)
    index.upsert([stored])

    ((hit,),) = index.search([Search(DENSE, stored.dense, 10)], EVERYONE)

    assert (hit.id, round(hit.score, 3)) == (stored.id, 1)
    index.close()


def test_a_real_server_takes_the_settings() -> None:
    url = os.environ.get("BRAIN_TEST_QDRANT_URL", "")
    if not url:
        pytest.skip("BRAIN_TEST_QDRANT_URL is not set: no Qdrant server to test with")
    one_node = {"shards": 2, "read_consistency": "all"}
    settings = LARGE.model_validate(
        LARGE.model_dump() | {"url": url, "collection": f"test-{uuid4().hex}", "cluster": one_node}
    )
    index = ServerIndex.create(settings, MANIFEST)
    try:
        (stored,) = points(1)
        index.upsert([stored])
        ((hit,),) = index.search([Search(DENSE, stored.dense, 10)], EVERYONE)
        assert hit.id == stored.id
        assert index.differences() == []
    finally:
        ServerIndex.drop(settings)
        index.close()


# Embedded


def points(count: int, dimensions: int = DIMENSIONS) -> list[Point]:
    vectors = np.random.default_rng(1).normal(size=(count, dimensions)).astype(np.float32)
    payload = {"tenant": "default", "audience": ["public"]}
    return [
        Point(point_id("default", f"d{n}", ""), (v / np.linalg.norm(v)).tolist(), SparseVector([1], [1.0]), payload)
        for n, v in enumerate(vectors)
    ]


def optimised(folder: Path, settings: IndexSettings) -> list[dict[str, Any]]:
    """How the segments keep their dense vectors after an optimising."""
    index = EdgeIndex.open(folder, settings)
    index.close()
    shard = qe.EdgeShard.load(str(folder / SHARD))
    shard.optimize()
    shard.flush()
    shard.close()
    segments = [json.loads(file.read_text()) for file in folder.rglob("segment.json")]
    return [segment["config"]["vector_data"][DENSE] for segment in segments]


@pytest.mark.parametrize(("kind", "named"), [("int8", "scalar"), ("binary", "binary")])
def test_an_embedded_index_takes_changed_settings_when_it_is_optimised(quick_path: Path, kind: str, named: str) -> None:
    dimensions, stored = 1024, points(3000, 1024)  # large enough for a graph to be built
    index = EdgeIndex.create(quick_path, MANIFEST | {"dimensions": dimensions})
    index.upsert(stored)
    index.close()
    settings = IndexSettings(hnsw={"m": 24}, quantization={"kind": kind, "oversampling": 3})

    built = [dense for dense in optimised(quick_path, settings) if dense["index"]["type"] == "hnsw"]

    assert built
    assert all(named in dense["quantization_config"] for dense in built)
    assert {dense["index"]["options"]["m"] for dense in built} == {24}
    index = EdgeIndex.open(quick_path, settings)
    (found,) = index.search([Search(DENSE, stored[7].dense, 5)], EVERYONE)
    index.close()
    exact = np.array([p.dense for p in stored]) @ np.array(stored[7].dense)
    assert found[0].id == stored[7].id
    # Ordered by the vectors themselves, not by their copies.
    assert [hit.score for hit in found[:1]] == pytest.approx([exact[7]], abs=1e-5)


def test_more_copies_can_not_be_waited_for_than_there_are() -> None:
    with pytest.raises(ValueError, match="write_consistency can't be more than replicas"):
        IndexSettings(cluster={"replicas": 2, "write_consistency": 3})


def test_settings_of_a_part_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAIN_INDEX__QUANTIZATION__KIND", "int8")
    monkeypatch.setenv("BRAIN_INDEX__CLUSTER__READ_CONSISTENCY", "2")

    settings = load_settings().index

    assert (settings.quantization.kind, settings.cluster.read_consistency) == ("int8", 2)


def test_doctor_says_what_a_collection_was_made_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(home=tmp_path, index={"provider": "server", "url": ":memory:", "cluster": {"shards": 2}})
    index = ServerIndex.create(IndexSettings(provider="server", url=":memory:"), MANIFEST)
    monkeypatch.setattr(index, "differences", lambda: ["cluster.shards: made with 1, settings say 2"])
    monkeypatch.setattr("brain.doctor.open_index", lambda settings: index)

    (found,) = (check for check in examine(settings) if "cluster.shards" in check.found)

    assert (found.name, found.level) == ("index", "attention")
