"""Checks every part that the settings name, and says how to mend what is wrong."""

import shutil
from collections.abc import Iterator
from time import perf_counter

import httpx

import prompts
from brain.answerers import make_answerer
from brain.checks.base import MORE, Check, Part
from brain.checks.database import database
from brain.checks.fitting import extras, fitting
from brain.checks.keys import keys
from brain.encoder import make_encoder
from brain.errors import BrainError, IndexLockedError
from brain.index import Scope, open_index, stored_otherwise
from brain.rerank import make_reranker
from brain.serving_prompts import check_prompts
from brain.settings import Settings, redact_url
from brain.state import State
from brain.types import PUBLIC
from prompts.releases import load_releases

LOW_DISK_GB = 2
RERANK_WAIT_S = 30
_TEXTS = ("Nous vous remboursons sous 14 jours.", "Le magasin est ouvert de 9 h à 19 h.")


def examine(settings: Settings) -> list[Check]:
    """All checks, each run even where another fails."""
    parts: dict[str, Part] = {
        "home": _home,
        "database": database,
        "state": _state,
        "index": _index,
        "encoder": _encoder,
        "reranker": _reranker,
        "model": _model,
        "prompts": _prompts,
        "keys": keys,
        **MORE,
        "extras": extras,
        "settings": fitting,
    }
    checks: list[Check] = []
    for name, part in parts.items():
        try:
            checks += part(settings)
        except IndexLockedError as error:
            checks.append(Check(name, "attention", str(error), "Stop that process to have the index checked too."))
        except BrainError as error:
            checks.append(Check(name, "wrong", str(error), error.hint))
        except Exception as error:  # noqa: BLE001  whatever it was: the other parts are looked at all the same
            said = str(error).strip().partition("\n")[0]
            checks.append(Check(name, "wrong", f"could not be checked: {type(error).__name__}: {said}"))
    return checks


def _home(settings: Settings) -> Iterator[Check]:
    folder = settings.home.resolve()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free / 1e9
    if free < LOW_DISK_GB:
        yield Check(
            "home", "attention", f"{folder}: only {free:.1f} GB free", "Free some disk, or give another --home."
        )
    else:
        yield Check("home", "well", f"{folder}, {free:.0f} GB free")


def _state(settings: Settings) -> Iterator[Check]:
    state = State(settings)
    try:
        summary = state.summary()
    finally:
        state.close()
    documents = sum(source["documents"] for source in summary["sources"])
    if not documents:
        yield Check("state", "attention", "no documents yet", "Run: brain ingest FOLDER")
        return
    yield Check("state", "well", f"{documents} documents from {len(summary['sources'])} sources in {state.url}")
    if summary["unindexed"]:
        yield Check("state", "wrong", f"{summary['unindexed']} documents are not indexed", "Run brain ingest again.")
    for problem in summary["problems"]:
        yield Check(
            "source", "attention", f"{problem['path']}: {problem['problem']}", "Mend the file, then ingest again."
        )


def _index(settings: Settings) -> Iterator[Check]:
    index = open_index(settings)
    try:
        stored = index.count()
        audiences = settings.access.readers.get(PUBLIC, ())
        public = index.count(Scope(settings.service.tenant, audiences))
        otherwise = stored_otherwise(index, settings)
    finally:
        index.close()
    state = State(settings)
    expected = sum(source["passages"] for source in state.summary()["sources"])
    state.close()
    if stored != expected:
        yield Check("index", "wrong", f"{stored} passages stored, {expected} expected", "Run: brain reindex")
    else:
        yield Check("index", "well", f"{stored} passages, built with {index.manifest.get('encoder')}")
    if otherwise:
        yield Check(
            "index", "attention", "; ".join(otherwise), "Run brain reindex, or change the collection: docs/scale.md"
        )
    if stored and not public:
        yield Check(
            "access",
            "attention",
            "no document may be read by the public",
            "Give documents `audience: public`, or run: brain ingest FOLDER --audience public",
        )


def _encoder(settings: Settings) -> Iterator[Check]:
    encoder = make_encoder(settings)
    vector = encoder.encode_questions(["Combien de temps pour un remboursement ?"])[0]
    yield Check("encoder", "well", f"{encoder.name}, {len(vector)} dimensions")


def _reranker(settings: Settings) -> Iterator[Check]:
    reranker, limit = make_reranker(settings), settings.rerank.timeout_s
    if not reranker:
        yield Check("reranker", "well", "none configured: pages keep the order of fusion")
        return
    start = perf_counter()
    try:
        scores = reranker.score("Combien de temps pour un remboursement ?", _TEXTS).result(RERANK_WAIT_S)
    except TimeoutError:
        yield Check(
            "reranker", "wrong", f"{reranker.name}: no answer in {RERANK_WAIT_S} s", "Check that the server is up."
        )
        return
    finally:
        reranker.close()
    took = perf_counter() - start
    found = f"{reranker.name}, two texts in {1e3 * took:.0f} ms"
    if took > limit:
        mend = f"Questions wait {limit:g} s (rerank.timeout_s) and then do without: raise it, or take a faster model."
        yield Check("reranker", "attention", found, mend)
    elif scores[0] <= scores[1]:
        mend = "Check that rerank.model is a reranker, and of the language of your documents."
        yield Check("reranker", "attention", f"{found}, but it prefers the text that does not answer", mend)
    else:
        yield Check("reranker", "well", found)


def _model(settings: Settings) -> Iterator[Check]:
    if settings.answer.provider != "llm":
        yield Check("model", "well", "none configured: answers are the passages' own sentences")
        return
    if settings.llm.provider == "local":
        make_answerer(settings).close()
        yield Check("model", "well", f"{settings.llm.file}, in this process")
        return
    url, key = settings.llm.url.rstrip("/"), settings.llm.api_key.get_secret_value()
    shown = redact_url(url)
    mend = "Check llm.url, llm.api_key and that the server is up."
    try:
        reply = httpx.get(f"{url}/models", headers={"Authorization": f"Bearer {key}"} if key else {}, timeout=10)
        reply.raise_for_status()
        names = [model["id"] for model in reply.json()["data"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        yield Check("model", "wrong", f"{shown} does not answer: {type(error).__name__}", mend)
        return
    if settings.llm.model in names:
        yield Check("model", "well", f"{settings.llm.model} at {shown}")
    else:
        yield Check(
            "model", "attention", f"{shown} does not offer '{settings.llm.model}'", f"It offers: {', '.join(names[:5])}"
        )


def _prompts(settings: Settings) -> Iterator[Check]:
    """Raises PromptError where the one that is served was not released, or was altered."""
    check_prompts(settings)
    releases = load_releases()
    altered = [
        prompt.filename
        for prompt in prompts.list_prompts()
        for held in (releases.get(prompt.name),)
        for release in ((held.served, held.canary) if held else ())
        if release and release.version == prompt.version
        if release.files.get(prompt.filename) != prompt.content_hash
    ]
    if altered:
        mend = "Released files never change: put them back, and release what is new as another version."
        yield Check("prompts", "wrong", f"altered since they were released: {', '.join(altered)}", mend)
    else:
        yield Check("prompts", "well", f"{len(releases)} released, none altered")
