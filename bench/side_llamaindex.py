"""The plain LlamaIndex tutorial stack on a task of `bench.tutorial_stack`. Prints one JSON object.

Example: python -m bench.side_llamaindex task.json
"""

import argparse
import json
import warnings
from pathlib import Path
from time import perf_counter
from typing import Any

from brain.encoder.e5 import default_cache, e5_folder
from brain.settings import SparseSettings, load_settings
from brain.text.bm25 import SparseVector, passage_vector, question_vector
from brain.text.language import detect

TOP = 10
COLLECTION = "tutorial"
Sparse = tuple[list[list[int]], list[list[float]]]


def sparse_passages(texts: list[str]) -> Sparse:
    """Brain's BM25 vectors in place of the tutorial's fastembed model, which must be downloaded."""
    return _lists([passage_vector(text, detect(text), SparseSettings()) for text in texts])


def sparse_questions(texts: list[str]) -> Sparse:
    """The same for questions."""
    return _lists([question_vector(text, detect(text)) for text in texts])


def _lists(vectors: list[SparseVector]) -> Sparse:
    return [vector.indices for vector in vectors], [vector.values for vector in vectors]


def embedding(same_precision: bool) -> Any:
    """The tutorial's embedding class on the embedded encoder's folder: in float32, its default, or in Brain's precision."""
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    folder = e5_folder(load_settings().cache_dir or default_cache())
    options = {"model_kwargs": {"dtype": _native()}} if same_precision else {}
    return HuggingFaceEmbedding(
        model_name=str(folder), query_instruction="query: ", text_instruction="passage: ", **options
    )


def _native() -> Any:
    import torch

    from brain.encoder.bert_torch import native_bfloat16

    return torch.bfloat16 if native_bfloat16() else torch.float32


def store(client: Any) -> Any:
    """The hybrid vector store; its sparse vectors get Qdrant's IDF, which BM25 needs."""
    from llama_index.vector_stores.qdrant import QdrantVectorStore
    from qdrant_client.models import Modifier, SparseVectorParams

    return QdrantVectorStore(
        COLLECTION,
        client=client,
        enable_hybrid=True,
        sparse_doc_fn=sparse_passages,
        sparse_query_fn=sparse_questions,
        sparse_config=SparseVectorParams(modifier=Modifier.IDF),
    )


def ingest(pages: Path, client: Any, embed_model: Any) -> Any:
    """Reads, splits, embeds and stores as the tutorial does; gives its retriever."""
    from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter

    def place(file: str) -> dict[str, str]:
        # LlamaIndex encodes the path with the text: the temporary folder's name would change the figures at each run.
        return {"file_path": Path(file).relative_to(pages).as_posix()}

    index = VectorStoreIndex.from_documents(
        SimpleDirectoryReader(str(pages), recursive=True, file_metadata=place).load_data(),
        storage_context=StorageContext.from_defaults(vector_store=store(client)),
        embed_model=embed_model,
        transformations=[SentenceSplitter()],
    )
    return index.as_retriever(similarity_top_k=TOP, sparse_top_k=TOP, vector_store_query_mode="hybrid")


def ask(retriever: Any, question: str) -> tuple[float, list[str]]:
    """Milliseconds, and the files found, best first."""
    start = perf_counter()
    found = retriever.retrieve(question)
    took = 1e3 * (perf_counter() - start)
    return took, list(dict.fromkeys(hit.node.metadata["file_path"] for hit in found))


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Loads, ingests, asks."""
    from qdrant_client import QdrantClient

    start = perf_counter()
    embed_model = embedding(task["same_precision"])
    loaded = perf_counter()
    client = QdrantClient(path=task["store"])
    retriever = ingest(Path(task["pages"]), client, embed_model)
    ingested = perf_counter()
    for question in task["warm_up"]:
        ask(retriever, question)
    asked = [ask(retriever, question) for question in task["questions"]]
    passages = client.count(COLLECTION).count
    client.close()
    return {
        "load_s": loaded - start,
        "ingest_s": ingested - loaded,
        "passages": passages,
        "query_ms": [took for took, _ in asked],
        "found": [[task["ids"][file] for file in files] for _, files in asked],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", type=Path, help="JSON file written by bench.tutorial_stack")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(json.dumps(run(json.loads(given.task.read_text(encoding="utf-8")))))


if __name__ == "__main__":
    main()
