"""The settings of an index, as Qdrant Edge wants them."""

from typing import Any

import qdrant_edge as qe

from brain.index.base import DENSE, GRAPH_FIELDS, KEYWORD_FIELDS, LOOKUP_FIELDS, RANGE_FIELDS, SPARSE, TITLE
from brain.settings import IndexSettings, QuantizationSettings

FULL_SCAN_KB = 10_000
"""Filters that leave fewer kilobytes of vectors than this are answered by looking at all that they leave."""


def edge_config(dimensions: int, settings: IndexSettings) -> Any:
    """How a shard keeps its vectors. What an existing one has built is rebuilt by its next `optimize()` where this differs."""
    dense = qe.EdgeVectorParams(
        size=dimensions,
        distance=qe.Distance.Cosine,
        memory=qe.Memory.Cold if settings.vectors_on_disk else qe.Memory.Cached,
        hnsw_config=qe.HnswIndexConfig(
            m=settings.hnsw.m,
            ef_construct=settings.hnsw.ef_construct,
            full_scan_threshold=FULL_SCAN_KB,
            memory=qe.Memory.Cold if settings.hnsw.on_disk else None,
        ),
        quantization_config=_quantization(settings.quantization),
    )
    sparse = qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)
    return qe.EdgeConfig(
        vectors={DENSE: dense},
        sparse_vectors={SPARSE: sparse, TITLE: sparse},
        payload_memory=qe.Memory.Cold if settings.payload_on_disk else qe.Memory.Cached,
    )


def _quantization(settings: QuantizationSettings) -> Any:
    memory = qe.Memory.Pinned if settings.always_ram else qe.Memory.Cold
    if settings.kind == "int8":
        return qe.ScalarQuantizationConfig(qe.ScalarType.Int8, quantile=0.99, memory=memory)
    if settings.kind == "binary":
        return qe.BinaryQuantizationConfig(memory=memory)
    return None


def search_params(settings: IndexSettings) -> Any:
    """How dense vectors are searched; None leaves it to Qdrant."""
    quantization = settings.quantization
    wanted = qe.QuantizationSearchParams(rescore=quantization.rescore, oversampling=quantization.oversampling)
    quantized = quantization.kind != "none"
    if not (settings.hnsw.ef or quantized):
        return None
    return qe.SearchParams(hnsw_ef=settings.hnsw.ef or None, quantization=wanted if quantized else None)


def payload_indexes(settings: IndexSettings) -> list[tuple[str, Any]]:
    """What filters are answered by: each field with how it is indexed."""
    return [(field, _payload_index(field, settings)) for field in (*KEYWORD_FIELDS, *RANGE_FIELDS, *LOOKUP_FIELDS)]


def _payload_index(field: str, settings: IndexSettings) -> Any:
    memory = qe.Memory.Cold if settings.payload_index_on_disk else None
    linked = field in GRAPH_FIELDS
    if field in KEYWORD_FIELDS:
        return qe.KeywordIndexParams(is_tenant=field == "tenant", enable_hnsw=linked, memory=memory)
    lookup, between = field in LOOKUP_FIELDS, field in RANGE_FIELDS
    return qe.IntegerIndexParams(lookup=lookup, range=between, enable_hnsw=linked, memory=memory)
