"""The settings of an index, as a Qdrant server wants them."""

from typing import Any

from qdrant_client import models as qm

from brain.index.base import DENSE, GRAPH_FIELDS, KEYWORD_FIELDS, LOOKUP_FIELDS, RANGE_FIELDS, SPARSE, TITLE
from brain.settings import ClusterSettings, IndexSettings, QuantizationSettings


def collection(dimensions: int, settings: IndexSettings) -> dict[str, Any]:
    """The arguments of `create_collection`, but for its name and metadata."""
    cluster = settings.cluster
    dense = qm.VectorParams(
        size=dimensions,
        distance=qm.Distance.COSINE,
        on_disk=settings.vectors_on_disk,
        hnsw_config=qm.HnswConfigDiff(
            m=settings.hnsw.m, ef_construct=settings.hnsw.ef_construct, on_disk=settings.hnsw.on_disk
        ),
        quantization_config=_quantization(settings.quantization),
    )
    sparse = qm.SparseVectorParams(modifier=qm.Modifier.IDF)
    return {
        "vectors_config": {DENSE: dense},
        "sparse_vectors_config": {SPARSE: sparse, TITLE: sparse},
        "on_disk_payload": settings.payload_on_disk,
        "shard_number": cluster.shards,
        "replication_factor": cluster.replicas,
        "write_consistency_factor": cluster.write_consistency,
    }


def _quantization(settings: QuantizationSettings) -> Any:
    if settings.kind == "int8":
        scalar = qm.ScalarQuantizationConfig(type=qm.ScalarType.INT8, quantile=0.99, always_ram=settings.always_ram)
        return qm.ScalarQuantization(scalar=scalar)
    if settings.kind == "binary":
        return qm.BinaryQuantization(binary=qm.BinaryQuantizationConfig(always_ram=settings.always_ram))
    return None


def payload_indexes(settings: IndexSettings) -> list[tuple[str, Any]]:
    """What filters are answered by: each field with how it is indexed."""
    return [(field, _payload_index(field, settings)) for field in (*KEYWORD_FIELDS, *RANGE_FIELDS, *LOOKUP_FIELDS)]


def _payload_index(field: str, settings: IndexSettings) -> Any:
    how: dict[str, Any] = {"enable_hnsw": field in GRAPH_FIELDS, "on_disk": settings.payload_index_on_disk}
    if field in KEYWORD_FIELDS:
        return qm.KeywordIndexParams(type=qm.KeywordIndexType.KEYWORD, is_tenant=field == "tenant", **how)
    lookup, between = field in LOOKUP_FIELDS, field in RANGE_FIELDS
    return qm.IntegerIndexParams(type=qm.IntegerIndexType.INTEGER, lookup=lookup, range=between, **how)


def search_params(settings: IndexSettings) -> qm.SearchParams | None:
    """How dense vectors are searched; None leaves it to Qdrant."""
    quantization = settings.quantization
    if quantization.kind == "none":
        return qm.SearchParams(hnsw_ef=settings.hnsw.ef) if settings.hnsw.ef else None
    wanted = qm.QuantizationSearchParams(rescore=quantization.rescore, oversampling=quantization.oversampling)
    return qm.SearchParams(hnsw_ef=settings.hnsw.ef or None, quantization=wanted)


def read_consistency(settings: ClusterSettings) -> Any:
    """How many copies a search asks; None, the usual, asks one."""
    wanted = settings.read_consistency
    if wanted == 1:
        return None
    return wanted if isinstance(wanted, int) else qm.ReadConsistencyType(wanted)


def differences(stored: qm.CollectionConfig, settings: IndexSettings) -> list[str]:
    """What the collection was made with where the settings say otherwise; opening a collection changes nothing in it."""
    wanted = qm.CollectionParams(
        vectors={DENSE: collection(0, settings)["vectors_config"][DENSE]},
        on_disk_payload=settings.payload_on_disk,
        shard_number=settings.cluster.shards,
        replication_factor=settings.cluster.replicas,
        write_consistency_factor=settings.cluster.write_consistency,
    )
    there, said = _shown(stored.params), _shown(wanted)
    return [f"{name}: made with {there[name]}, settings say {said[name]}" for name in said if there[name] != said[name]]


def _shown(params: qm.CollectionParams) -> dict[str, Any]:
    """What settings can say of a collection, by their names; what a server leaves unsaid is what it does by itself."""
    dense = params.vectors[DENSE] if isinstance(params.vectors, dict) else None
    hnsw = (dense and dense.hnsw_config) or qm.HnswConfigDiff()
    quantization = dense.quantization_config if dense else None
    kinds: dict[Any, str] = {qm.ScalarQuantization: "int8", qm.BinaryQuantization: "binary"}
    usual = IndexSettings().hnsw
    return {
        "vectors_on_disk": bool(dense and dense.on_disk),
        "payload_on_disk": params.on_disk_payload is not False,
        "hnsw.m": hnsw.m or usual.m,
        "hnsw.ef_construct": hnsw.ef_construct or usual.ef_construct,
        "hnsw.on_disk": bool(hnsw.on_disk),
        "quantization.kind": "none" if quantization is None else kinds.get(type(quantization), "another"),
        "cluster.shards": params.shard_number or 1,
        "cluster.replicas": params.replication_factor or 1,
        "cluster.write_consistency": params.write_consistency_factor or 1,
    }
