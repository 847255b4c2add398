"""What an index was built with. Vectors of two encoders, or terms of two analyzers, can't be compared: an index is
opened with the settings it was built with, or not at all."""

from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from brain.encoder.base import Encoder
from brain.errors import IndexMismatchError
from brain.index.base import SCHEMA_VERSION
from brain.settings import EncoderSettings, Settings, SparseSettings, SplitterSettings
from brain.text import analyzer

SPLITTER_VERSION = 1


def settings_fingerprint(settings: Settings) -> dict[str, Any]:
    """The part that is known without loading the encoder."""
    encoder = settings.encoder
    return {
        "schema": SCHEMA_VERSION,
        "encoder_provider": encoder.provider,
        "encoder_model": encoder.model,
        "prefixes": [encoder.question_prefix, encoder.passage_prefix],
        "splitter": {"version": SPLITTER_VERSION, **settings.splitter.model_dump()},
        "analyzer": {"version": analyzer.VERSION, **settings.sparse.model_dump()},
    }


def new_manifest(settings: Settings, encoder: Encoder) -> dict[str, Any]:
    """The fingerprint, the encoder's own name and dimensions, and an identity by which the state knows its index."""
    return {
        "id": uuid4().hex,
        "encoder": encoder.name,
        "dimensions": encoder.dimensions,
        "fingerprint": settings_fingerprint(settings),
    }


def check_manifest(manifest: dict[str, Any], settings: Settings, encoder: Encoder | None = None) -> None:
    """Raises IndexMismatchError naming each difference between the index and the settings."""
    built, wanted = manifest.get("fingerprint", {}), settings_fingerprint(settings)
    differences = [
        f"{key}: built with {built.get(key)!r}, settings say {wanted[key]!r}"
        for key in wanted
        if built.get(key) != wanted[key]
    ]
    if encoder and encoder.name != manifest.get("encoder"):
        differences.append(f"encoder: built with {manifest.get('encoder')!r}, loaded is {encoder.name!r}")
    if differences:
        raise IndexMismatchError(
            "The index was built with other settings.\n" + "\n".join(differences),
            "Run: brain reindex, or go back to those settings.",
        )


def settings_of(manifest: dict[str, Any], settings: Settings) -> Settings:
    """The settings with what the index was built with; where its encoder is, and its key, are taken from those given.

    Raises IndexMismatchError where this version of Brain can't ask such an index.
    """
    built = manifest.get("fingerprint", {})
    try:
        provider, model, (question, passage) = (built[key] for key in ("encoder_provider", "encoder_model", "prefixes"))
        encoder = {"provider": provider, "model": model, "question_prefix": question, "passage_prefix": passage}
        sections = {
            "encoder": EncoderSettings(**dict(settings.encoder) | encoder),
            "splitter": SplitterSettings(**_without_version(built["splitter"])),
            "sparse": SparseSettings(**_without_version(built["analyzer"])),
        }
    except (KeyError, ValueError, ValidationError) as error:
        raise IndexMismatchError(
            "The index was built with settings that this process does not have.", "Restart it with those settings."
        ) from error
    same = settings.model_copy(update=sections)
    check_manifest(manifest, same)
    return same


def _without_version(section: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if key != "version"}
