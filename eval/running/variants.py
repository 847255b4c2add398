"""The variants of an experiment, opened: each a Brain of its own, sharing an index and an encoder where they name the same."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brain.carrier import CARRIER
from brain.encoder import Encoder, make_encoder
from brain.index import Index, open_index
from brain.settings import Settings, load_settings
from brain.types import Answer, Question
from eval.experiment import Experiment
from eval.running.transport import KeptReplies

if TYPE_CHECKING:
    from brain.session import Brain


@dataclass(frozen=True)
class Variant:
    """A name and the Brain that answers for it; `transport` carries what it asks of models."""

    name: str
    brain: "Brain"
    transport: KeptReplies | None = None

    async def ask(self, question: Question) -> Answer:
        token = CARRIER.set(self.transport.view if self.transport else None)
        try:
            return await self.brain.ask(question)
        finally:
            CARRIER.reset(token)


@contextmanager
def opened(
    experiment: Experiment,
    home: Path | None,
    transport: KeptReplies | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[dict[str, Variant]]:
    """Every variant, ready to be asked. Raises what `Brain.open` raises, and SettingsError for a wrong override."""
    from brain.answerers import make_answerer
    from brain.index.fingerprint import check_manifest
    from brain.index.generations import current_name, generations_of
    from brain.rerank import make_reranker
    from brain.session import Brain

    indexes: dict[str, tuple[str, Index]] = {}
    encoders: dict[str, Encoder] = {}
    with ExitStack() as stack:
        made = {}
        for name, settings in settings_of(experiment, home).items():
            # An embedded index opens once in a process, so variants of one home share it.
            place = f"{settings.home.resolve()} {settings.index.model_dump_json()}"
            if place not in indexes:
                current = current_name(generations_of(settings))
                indexes[place] = current, open_index(settings, current)
                stack.callback(indexes[place][1].close)
            encoder = encoders.setdefault(settings.encoder.model_dump_json(), make_encoder(settings, say))
            check_manifest(indexes[place][1].manifest, settings, encoder)
            name_, index = indexes[place]
            parts = index, encoder, make_answerer(settings), settings, make_reranker(settings)
            brain = Brain(*parts, name=name_)
            stack.callback(brain.close, index=False)
            made[name] = Variant(name, brain, transport)
        yield made


def settings_of(experiment: Experiment, home: Path | None) -> dict[str, Settings]:
    """The settings of file and environment with each variant's overrides; what nobody asked leaves no trace in the home."""
    shared: dict[str, Any] = {"traces": {"enabled": False}} | ({"home": home} if home else {})
    return {name: load_settings(**(shared | overrides)) for name, overrides in plain(experiment.variants).items()}


def plain(variants: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """`llm.model: x` in a variant means the same as `llm: {model: x}`."""
    return {name: _nested(overrides) for name, overrides in variants.items()}


def _nested(overrides: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in overrides.items():
        *sections, last = name.split(".")
        at = nested
        for section in sections:
            at = at.setdefault(section, {})
        at[last] = at[last] | value if isinstance(at.get(last), dict) and isinstance(value, dict) else value
    return nested
