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
    """The settings of file and environment with the overrides of all variants, then each one's own.

    What nobody asked leaves no trace in the home.
    """
    always: dict[str, Any] = {"traces": {"enabled": False}} | ({"home": home} if home else {})
    return {name: load_settings(**(always | overrides)) for name, overrides in plain(experiment).items()}


def plain(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """Each variant's overrides with the shared ones below them; `llm.model: x` means the same as `llm: {model: x}`."""
    return {name: _nested(experiment.settings, own) for name, own in experiment.variants.items()}


def _nested(*overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Later ones win, key by key."""
    nested: dict[str, Any] = {}
    for each in overrides:
        for name, value in each.items():
            *sections, last = name.split(".")
            _merge(
                nested, {sections[0]: _nested({".".join((*sections[1:], last)): value})} if sections else {last: value}
            )
    return nested


def _merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for name, value in other.items():
        if isinstance(value, Mapping):
            held = into.get(name)
            into[name] = dict(held) if isinstance(held, Mapping) else {}
            _merge(into[name], value)
        else:
            into[name] = value
