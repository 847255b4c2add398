"""What produced a run: everything that a second person needs to get the same answers, or to see why not."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import prompts
from brain.errors import EvaluationError
from brain.serving_prompts import prompt_for
from brain.settings import Settings
from eval.cases import Case, dataset_hash
from eval.configuration import configuration_of
from eval.experiment import Experiment, Judge, digest
from eval.running.variants import Variant

PACKAGES = ("brain-answers", "numpy", "scipy", "torch", "openvino", "sentence-transformers", "qdrant-edge-py", "qdrant-client",
            "llama-index-core", "openai", "ragas")  # fmt: skip


def manifest_of(experiment: Experiment, cases: Sequence[Case], variants: Mapping[str, Variant]) -> dict[str, Any]:
    """Plain JSON-ready values. `bar` is what is locked; `bar_hash` its hash, which every answer repeats."""
    made: dict[str, Any] = {
        "experiment": experiment.plain(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": git_state(),
        "python": platform.python_version(),
        "packages": _versions(),
        "variants": {name: described(variant, experiment) for name, variant in variants.items()},
        "judge": judge_of(experiment.judge),
    }
    bar = locked(experiment, cases, made["variants"], made["judge"])
    return made | {"bar": bar, "bar_hash": digest(bar)}


def locked(
    experiment: Experiment, cases: Sequence[Case], variants: Mapping[str, Any], judge: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The bar with all that would move it: dataset, metric, margin, confidence, judge, variants, repeats and seed."""
    return {
        **experiment.bar.model_dump(mode="json"),
        "dataset": dataset_hash(cases),
        "baseline": experiment.baseline,
        "candidate": experiment.candidate,
        "variants": {name: digest(held["settings"] | {"prompts": held["prompts"]}) for name, held in variants.items()},
        "judge": judge["hash"] if judge else None,
        "scorers": list(experiment.scorers),
        "ragas": list(experiment.ragas),
        "repeats": experiment.repeats,
        "seed": experiment.seed,
    }


def described(variant: Variant, experiment: Experiment) -> dict[str, Any]:
    """A variant: its overrides, the settings that it amounts to, its prompts with their hashes, its index."""
    brain = variant.brain
    found = configuration_of(brain, audience=experiment.audience, tenant=experiment.tenant)
    shown = brain.settings.shown()
    settings = {name: shown[name] for name in ("answer", "llm", "retrieval", "rerank", "access")}
    index = {"id": found["manifest"].get("id"), "passages": found["passages"], "hash": digest(found["manifest"])}
    return {
        "overrides": experiment.plain()["variants"][variant.name],
        "settings": settings | {"encoder": shown["encoder"], "sparse": shown["sparse"]},
        "prompts": prompts_of(brain.settings),
        "index": index | {"manifest": found["manifest"]},
    }


def prompts_of(settings: Settings) -> list[dict[str, str]]:
    """Name, version, language and hash of each prompt that the settings' model would be given."""
    if settings.answer.provider != "llm":
        return []
    chosen = [prompt_for(settings.llm, language) for language in ("fr", "en")]
    return [prompt.reference() for prompt in chosen]


def judge_of(judge: Judge | None) -> dict[str, Any] | None:
    """The judge, its prompts, and the hash of what decides its grades."""
    if not judge:
        return None
    texts = [prompts.load_prompt(judge.prompt, language, judge.prompt_version).reference() for language in ("fr", "en")]
    deciding = judge.model_dump(mode="json", exclude={"api_key_env", "timeout_s", "repeats"})
    return {"prompts": texts, **deciding, "repeats": judge.repeats, "hash": digest(deciding | {"prompts": texts})}


def git_state() -> dict[str, Any] | None:
    """Revision of the code, and whether files differ from it; None outside a checkout."""
    folder = Path(__file__).resolve().parent
    try:
        revision = _git(folder, "rev-parse", "HEAD")
        return {"revision": revision, "changed": bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0"}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.strip()


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def check_same(before: Mapping[str, Any], now: Mapping[str, Any], path: Path) -> None:
    """Raises EvaluationError where a run would be continued with another experiment: names what changed."""
    from eval.configuration import changes

    watched = ("bar", "judge")
    differing = changes({k: before[k] for k in watched}, {k: now[k] for k in watched})
    for name in now["variants"]:
        old, new = before["variants"].get(name, {}), now["variants"][name]
        differing |= changes(
            {f"variants.{name}": {k: old.get(k) for k in ("settings", "prompts", "index")}},
            {f"variants.{name}": {k: new[k] for k in ("settings", "prompts", "index")}},
        )
    if differing:
        shown = [f"{name}: {old} → {new}" for name, (old, new) in list(differing.items())[:10]]
        raise EvaluationError(
            f"{path} was begun with another experiment; its bar is locked. Changed since:\n" + "\n".join(shown),
            "Give the experiment another name to begin anew.",
        )
