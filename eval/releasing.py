"""Releasing a prompt: only with a verdict that still says so, on the datasets that the prompt declares."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import prompts
from brain.errors import EvaluationError, PromptError
from eval.cases import load_cases
from eval.experiment import digest
from eval.judged_run import Run
from eval.reporting.document import document_of
from eval.verdict import Decision
from prompts.releases import FILE, Release, Releases, add_release, hashes, load_releases

RELEASES = Path(prompts.__file__).parent / FILE


def release(
    name: str,
    version: int,
    *,
    verdict: str = "",
    runs: Path = Path("runs"),
    force: str = "",
    percent: int = 100,
    path: Path = RELEASES,
) -> Release:
    """Writes the release. Raises EvaluationError where the verdict doesn't allow it, unless `force` says why all the same."""
    files = _hashes(name, version)
    document: dict[str, Any] = {}
    if verdict:
        folder, document = find_verdict(verdict, runs)
        if problem := _against(name, version, files, folder, document, load_releases(path).get(name, Releases())):
            if not force:
                raise EvaluationError(
                    f"Verdict {verdict} does not release {name} {version}: {problem}.", 'Or: --force "why"'
                )
            force = f"{force} (verdict {verdict}: {problem})"
    elif not force:
        raise EvaluationError(f"{name} {version} has no verdict.", 'Give --verdict ID, or --force "why".')
    made = Release(version, percent, _now(), files, verdict, digest(document) if document else "", force)
    add_release(name, made, path)
    return made


def rollback(name: str, path: Path = RELEASES) -> Release:
    """Ends a canary, or goes back to the version served before. Raises EvaluationError where there is none."""
    known = load_releases(path).get(name, Releases())
    full = [held for held in known.releases if held.percent == 100]
    if known.canary and known.served:
        target, left = known.served, f"canary of version {known.canary.version}"
    else:
        before = [held for held in full if known.served and held.version != known.served.version]
        if not before or not known.served:
            raise EvaluationError(f"There is no earlier release of {name}.", "Run: brain prompts list")
        target, left = before[-1], f"version {known.served.version}"
    if _hashes(name, target.version) != dict(target.files):
        raise EvaluationError(
            f"{name} {target.version} is not as it was released.", "Take it back from version control."
        )
    made = Release(
        target.version, 100, _now(), target.files, target.verdict, target.verdict_hash, f"rollback from {left}"
    )
    add_release(name, made, path)
    return made


def find_verdict(id: str, runs: Path) -> tuple[Path, dict[str, Any]]:
    """The run of a verdict, and the verdict reckoned again from its answers and scores: what a file says is not trusted.

    Raises EvaluationError where no run has it, or it comes out otherwise now.
    """
    for path in sorted(runs.glob("*/verdict.json")):
        if json.loads(path.read_text(encoding="utf-8")).get("id") == id:
            document = document_of(Run.load(path.parent))
            if document["id"] != id:
                raise EvaluationError(
                    f"Verdict {id} comes out otherwise now: {document['headline']}", f"Look at {path.parent}."
                )
            return path.parent, document
    raise EvaluationError(f"No run in {runs} has verdict {id}.", "Give --runs, or run: brain eval verdict RUN")


def runs_of_versions(name: str, versions: tuple[int, int], runs: Path) -> Iterator[Path]:
    """Runs whose baseline and candidate use these versions of the prompt."""
    for path in sorted(runs.glob("*/manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        bar = manifest["bar"]
        used = [_versions(manifest["variants"].get(bar[side], {}), name) for side in ("baseline", "candidate")]
        if used == [{versions[0]}, {versions[1]}]:
            yield path.parent


def _versions(variant: dict[str, Any], name: str) -> set[int]:
    return {int(prompt["version"]) for prompt in variant.get("prompts", ()) if prompt["name"] == name}


def _against(
    name: str, version: int, files: dict[str, str], folder: Path, document: dict[str, Any], known: Releases
) -> str:
    """Why the verdict doesn't release this version; empty where it does."""
    if document["decision"] != Decision.SHIP.value:
        return f"it says “{document['headline']}”"
    used = document["produced"]["variants"][document["candidate"]]["prompts"]
    tested = {f"{p['name']}.{p['language']}.v{p['version']}.md": p["hash"] for p in used if p["name"] == name}
    if not tested or any(files.get(file) != hash_ for file, hash_ in tested.items()):
        return f"its candidate was tested with {', '.join(tested) or 'another prompt'}, not with these files"
    held = {case.id: case for case in Run.load(folder).cases}
    root = RELEASES.parent.parent
    for dataset in known.datasets:
        lacking = [case.id for case in load_cases(root / dataset) if held.get(case.id) != case]
        if lacking:
            return f"{len(lacking)} cases of {dataset} were not asked, such as {lacking[0]}"
    return ""


def _hashes(name: str, version: int) -> dict[str, str]:
    try:
        return hashes(name, version)
    except prompts.PromptError as error:
        raise PromptError(str(error), error.hint) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
