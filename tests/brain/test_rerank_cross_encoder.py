"""The cross-encoder with a real, tiny model of random weights: its scores are those of sentence-transformers itself."""

from pathlib import Path

import pytest

from brain.errors import RerankError
from brain.rerank import make_reranker
from brain.settings import load_settings

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] le la retour colis gratuit carte cadeau expire".split()
TEXTS = ["le retour gratuit", "la carte cadeau expire", "colis"]


def write_model(folder: Path, labels: int = 1) -> str:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import BertProcessing
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, set_seed

    set_seed(1)
    words = Tokenizer(WordLevel({word: n for n, word in enumerate(WORDS)}, "[UNK]"))
    words.pre_tokenizer = Whitespace()  # type: ignore[assignment]
    words.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))  # type: ignore[assignment]
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=32, **special).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        num_labels=labels,
        initializer_range=2.0,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


def test_scores_are_those_of_the_model(tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    folder = write_model(tmp_path / "model")
    made = make_reranker(load_settings(rerank={"provider": "cross-encoder", "model": folder}))
    assert made

    found = made.score("le retour du colis", TEXTS).result(60)

    made.close()
    expected = CrossEncoder(folder).predict([("le retour du colis", text) for text in TEXTS])
    assert found == pytest.approx(expected.tolist(), abs=0.02)
    assert len(set(found)) == 3


def test_a_model_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RerankError, match=r"absent.*can't be loaded") as error:
        make_reranker(load_settings(rerank={"provider": "cross-encoder", "model": str(tmp_path / "absent")}))
    assert "rerank.model" in error.value.hint


def test_a_classifier_is_no_reranker(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", labels=3)

    with pytest.raises(RerankError, match="gives 3 scores for a pair"):
        make_reranker(load_settings(rerank={"provider": "cross-encoder", "model": folder}))
