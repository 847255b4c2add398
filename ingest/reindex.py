"""A new index beside the one that is asked: built, checked, and made the current one, in that order. And back again.

Documents can't change meanwhile: whatever writes them is refused while this runs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from brain.answerers import make_answerer
from brain.encoder import Encoder, make_encoder
from brain.errors import IndexMismatchError, IndexMissingError, IndexRefusedError, StoreError
from brain.index import Index
from brain.index.base import FUSION
from brain.index.fingerprint import check_manifest, new_manifest, settings_of
from brain.index.generations import CURRENT, NEXT, PREVIOUS, Generations, generations_of, switched
from brain.index.lock import changing
from brain.index.optimizing import grown, optimize_index
from brain.rerank import make_reranker
from brain.session import Brain
from brain.settings import EncoderSettings, Settings
from brain.state import State
from ingest.build import build
from ingest.report import Progress, Silent, Summary

WAIT_S = 1.0
"""A service that writes documents frees the home between any two."""
Check = Callable[[Brain], float]
"""The share of the acceptance questions whose document is among the first five found."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a new index must pass: `check` may give at most `margin` less than on the old one, unless `force`."""

    check: Check
    margin: float = 0.02
    force: bool = False


def reindex(
    settings: Settings,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
    acceptance: Acceptance | None = None,
) -> Summary:
    """Builds an index anew, with the present settings, from the documents in the state; the source isn't needed.

    Questions go on to the old one until the new one is complete. Killed, it goes on where it stopped when called again with the
    same settings. Raises IndexRefusedError where the new one is worse: it is kept, to be forced or built on.
    """
    with _life(settings, say) as life:
        name, index = life.begin()
        try:
            summary = build(index, life.state, lambda: life.encoder(settings), settings, progress or Silent())
            big = grown(index, settings)
        finally:
            index.close()
        if big:
            say("Optimising the new index.")
            optimize_index(settings, name)
        if acceptance:
            life.compare(name, acceptance, summary)
        life.switch(name)
    return summary


def rollback(
    settings: Settings, progress: Progress | None = None, say: Callable[[str], None] = lambda _: None
) -> Summary:
    """Makes the index before the last `reindex` the current one again, with what changed in the documents since.

    Raises StoreError where there is none. A second call goes forth again.
    """
    with _life(settings, say) as life:
        name = life.generations.roles().get(PREVIOUS)
        if not name:
            raise StoreError(
                "There is no earlier index to go back to.", "brain reindex keeps the one that it replaces."
            )
        index = life.generations.open(name)
        try:
            built_with = settings_of(index.manifest, settings)
            summary = build(index, life.state, lambda: life.encoder(built_with), built_with, progress or Silent())
        finally:
            index.close()
        life.switch(name)
        try:
            check_manifest(index.manifest, settings)
        except IndexMismatchError as error:
            say(f"{error}\nA running service goes over by itself; every other command needs those settings again.")
    return summary


class _Life:
    """What building, checking and switching share while they hold the home's lock."""

    def __init__(self, settings: Settings, state: State, say: Callable[[str], None]) -> None:
        self.settings, self.state, self._say = settings, state, say
        self.generations: Generations = generations_of(settings)
        self._made = lru_cache(maxsize=None)(self._make)

    def encoder(self, settings: Settings) -> Encoder:
        """Made when it is needed, and once."""
        return self._made(settings.encoder)

    def _make(self, section: EncoderSettings) -> Encoder:
        return make_encoder(self.settings.model_copy(update={"encoder": section}), self._say)

    def begin(self) -> tuple[str, Index]:
        """The index whose building was cut short, if it was built with these settings; else a new one."""
        roles = self.generations.roles()
        if NEXT in roles:
            try:
                check_manifest(self.generations.manifest(roles[NEXT]), self.settings)
                return roles[NEXT], self.generations.open(roles[NEXT])
            except (IndexMissingError, IndexMismatchError):
                del roles[NEXT]
        manifest = new_manifest(self.settings, self.encoder(self.settings))
        name, index = self.generations.create(manifest)
        self.generations.assign(roles | {NEXT: name})
        self._keep_weights(index, roles)
        return name, index

    def _keep_weights(self, index: Index, roles: dict[str, str]) -> None:
        """Weights that were learned with this encoder hold for the new index too, until they are learned anew."""
        if CURRENT not in roles:
            return
        old = self.generations.manifest(roles[CURRENT])
        if FUSION in old and old["encoder"] == index.manifest["encoder"]:
            index.annotate(FUSION, old[FUSION])

    def compare(self, name: str, acceptance: Acceptance, summary: Summary) -> None:
        """Raises IndexRefusedError where the new index finds too little of what the old one finds."""
        after = self._share(self.generations.open(name), acceptance.check)
        before = self._share_of_current(acceptance.check)
        summary.hit_at_5 = {"before": before, "after": after}
        if before is None:
            self._say(f"hit@5 of the new index: {after:.3f}; there is no old one to compare with.")
            return
        found = f"hit@5: {before:.3f} before, {after:.3f} after"
        if before - after > acceptance.margin + 1e-9 and not acceptance.force:
            raise IndexRefusedError(
                f"The new index finds less ({found}). The old one stays in use.",
                "Change the settings and run brain reindex again; or, to take it all the same, add --force.",
            )
        self._say(found)

    def _share_of_current(self, check: Check) -> float | None:
        name = self.generations.roles().get(CURRENT)
        if not name:
            return None
        try:
            with self.generations.beside(name) as index:
                return self._share(index, check)
        except (IndexMissingError, IndexMismatchError) as error:
            self._say(f"The old index can't be asked any more. {error}")
            return None

    def _share(self, index: Index, check: Check) -> float:
        try:
            settings = settings_of(index.manifest, self.settings)
            brain = Brain(index, self.encoder(settings), make_answerer(settings), settings, make_reranker(settings))
        except BaseException:
            index.close()
            raise
        with brain:
            return check(brain)

    def switch(self, name: str) -> None:
        """The one step that questions notice; killed after it, the next run over the state mends that."""
        self.generations.assign(switched(self.generations.roles(), name))
        self.state.adopt(self.generations.manifest(name)["id"])


@contextmanager
def _life(settings: Settings, say: Callable[[str], None]) -> Iterator[_Life]:
    with changing(settings, wait_s=WAIT_S):
        state = State(settings)
        try:
            yield _Life(settings, state, say)
        finally:
            state.close()
