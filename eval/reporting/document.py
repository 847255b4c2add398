"""Everything that a verdict's outputs show, as one JSON-ready document; its id is the hash of what it decides on."""

import math
from dataclasses import asdict
from typing import Any

from eval.cases import Case
from eval.experiment import digest
from eval.judged_run import JUDGED, Run, critical, finding_of, slices_of
from eval.measures import agreement, flakiness_of, metrics_of, plain, total_usage
from eval.reporting.words import headline, reasons
from eval.running.folder import Key
from eval.scoring.checks import PASSED
from eval.verdict import Finding

ID_LENGTH = 12


def document_of(run: Run) -> dict[str, Any]:
    """The verdict of a run with what it rests on. Raises EvaluationError where a metric can't be compared."""
    finding = finding_of(run)
    failed, unknown = critical(run)
    names = [run.experiment.baseline, run.experiment.candidate]
    document: dict[str, Any] = {
        "decision": finding.decision.value,
        "exit_code": finding.decision.exit_code,
        "name": run.experiment.name,
        "run": str(run.folder.path),
        "baseline": names[0],
        "candidate": names[1],
        "bar": run.bar.model_dump(mode="json"),
        "bar_hash": run.manifest["bar_hash"],
        **_statistics(finding),
        "critical": {"total": sum(case.critical for case in run.cases), "failed": failed, "unknown": unknown},
        "judge": _judge(run),
        "flakiness": _flakiness(run),
        "metrics": plain(metrics_of(run)),
        "costs": {
            name: total_usage(r for key, r in run.answers.items() if key.variant == name) for name in names if name
        },
        "judging": run.head["usage"],
        "produced": {name: run.manifest[name] for name in ("started", "git", "python", "packages", "variants")},
        "locked": run.manifest["bar"],
        "leaks": run.manifest.get("leaks", []),
        "holdout_uses": run.manifest.get("holdout_uses"),
        "cases": [_case(run, case) for case in run.cases],
    }
    document = _finite(document)
    deciding = {name: document[name] for name in ("decision", "bar_hash", "effect", "critical", "locked", "corrected")}
    said = {"headline": headline(document), "reasons": reasons(document)}
    return {"id": digest(deciding)[:ID_LENGTH]} | said | document


def _statistics(finding: Finding) -> dict[str, Any]:
    return {
        "superior": finding.superior,
        "interval_confidence": finding.confidence,
        "why": [{"code": reason.code, "values": dict(reason.values)} for reason in finding.reasons],
        "needed": finding.needed,
        "effect": asdict(finding.effect) if finding.effect else None,
        "sequential": asdict(finding.sequential) if finding.sequential else None,
        "corrected": asdict(finding.corrected) if finding.corrected else None,
        "slices": [asdict(found) for found in finding.slices],
        "naive": _naive(finding),
    }


def _naive(finding: Finding) -> str | None:
    """What a comparison of two means alone would conclude."""
    return None if not finding.effect else "ship" if finding.effect.difference >= 0 else "dont_ship"


def _judge(run: Run) -> dict[str, Any] | None:
    if not run.bar.metric.startswith(JUDGED):
        return None
    return {"calibrated": bool(run.labels), "kappa": agreement(run), **(run.manifest["judge"] or {})}


def _flakiness(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (run.experiment.baseline, run.experiment.candidate):
        varying, cases = flakiness_of(run, name) if name else (None, [])
        if varying:
            found[name] = asdict(varying) | {"cases": cases}
    return found


def _case(run: Run, case: Case) -> dict[str, Any]:
    """A case with what each variant scored; the answers themselves stay in the run's folder."""
    metric = PASSED if case.critical else run.bar.metric
    names = run.experiment.baseline, run.experiment.candidate
    scores = [run.of_case(metric, name).get(case.id) if name else None for name in names]
    return {
        "id": case.id,
        "cluster": case.unit,
        "critical": case.critical,
        "slices": {kind: list(values) for kind, values in slices_of(case, run.experiment.audience).items()},
        "baseline": scores[0],
        "candidate": scores[1],
        "outcome": outcome(scores[0], scores[1]),
        "why": _why(run, case, metric),
    }


def outcome(baseline: float | None, candidate: float | None) -> str:
    if baseline is None or candidate is None:
        return "unscored"
    return "equal" if math.isclose(baseline, candidate) else "better" if candidate > baseline else "worse"


def _why(run: Run, case: Case, metric: str) -> dict[str, str]:
    """Of each variant's first answer what its score was given for, or why it has none."""
    found = {}
    for row in run.scores_of(case.id):
        if row["metric"] == metric and Key(row["case"], row["variant"], row["repeat"]).repeat == 0:
            found[row["variant"]] = row.get("reason") or row.get("detail") or ""
    return {name: text for name, text in found.items() if text}


def _finite(value: Any) -> Any:
    """Infinite wealth, and the like, as text: JSON has no such number."""
    if isinstance(value, dict):
        return {key: _finite(held) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(held) for held in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
