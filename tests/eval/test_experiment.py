from pathlib import Path
from typing import Any

import pytest

from brain.errors import EvaluationError
from eval.experiment import Experiment, load_experiment
from eval.running.runner import load_dataset
from eval.running.variants import plain
from eval.scoring.factory import check_metric
from eval.testing import cases_of

GOOD = """name: shorter
datasets: [cases.jsonl]
variants:
  now: {}
  shorter:
    llm.prompt_version: 2
    llm: {model: m}
bar:
  margin: 0.03
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "e.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_and_its_datasets_lie_beside_it(tmp_path: Path) -> None:
    experiment = load_experiment(write(tmp_path, GOOD))

    assert (experiment.baseline, experiment.candidate, experiment.bar.margin) == ("now", "shorter", 0.03)
    assert experiment.datasets == (str(tmp_path / "cases.jsonl"),)
    assert plain(experiment)["shorter"] == {"llm": {"prompt_version": 2, "model": "m"}}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  margin: 0.03", "  margins: 0.03", "e.yaml:9: bar.margins: unknown; did you mean margin?"),
        ("  margin: 0.03", "  margin: much", "e.yaml:9: bar.margin: "),
        ("name: shorter", "name: ../shorter", "e.yaml:1: name: "),
        ("datasets: [cases.jsonl]\n", "", "datasets: missing"),
        ("bar:", "candidate: longer\nbar:", "'longer' is not one of the variants now, shorter"),
        ("bar:", "scorers: [checks, judge]\nbar:", "judge: missing, and `scorers` names judge"),
        ("bar:", "scorers: [checks, taste]\nbar:", "e.yaml:8: scorers[1]: "),
        ("bar:", "scorers: [ragas]\nbar:", "or neither"),
        ("variants:", "variants: [", "malformed YAML"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_field(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        load_experiment(write(tmp_path, GOOD.replace(old, new, 1)))
    assert said in str(caught.value)


def test_shared_settings_stand_below_each_variants_own(tmp_path: Path) -> None:
    shared = "settings:\n  answer: {provider: llm, passages: 3}\n  llm: {model: shared, api_key: sk-secret}\nvariants:"
    experiment = load_experiment(write(tmp_path, GOOD.replace("variants:", shared, 1)))

    found = plain(experiment)
    assert found["now"] == {
        "answer": {"provider": "llm", "passages": 3},
        "llm": {"model": "shared", "api_key": "sk-secret"},
    }
    assert found["shorter"]["llm"] == {"model": "m", "api_key": "sk-secret", "prompt_version": 2}
    assert "sk-secret" not in str(experiment.plain())


def test_only_cases_in_the_experiments_languages_are_asked(tmp_path: Path) -> None:
    cases = cases_of(6)
    lines = [case.model_dump_json(exclude_unset=True) for case in cases]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    experiment = load_experiment(write(tmp_path, GOOD + "languages: [fr]\n"))

    french = tuple(case for case in cases if case.language == "fr")
    assert 0 < len(french) < len(cases) and load_dataset(experiment) == french
    with pytest.raises(EvaluationError, match="No case is in de"):
        load_dataset(experiment.model_copy(update={"languages": ("de",)}))


def test_a_key_in_a_variant_is_not_shown(tmp_path: Path) -> None:
    experiment = load_experiment(write(tmp_path, GOOD.replace("{model: m}", "{api_key: sk-secret}")))
    assert "sk-secret" not in str(experiment.plain())


def test_the_bar_must_be_given_by_a_scorer_and_critical_cases_checked() -> None:
    def made(**more: Any) -> Experiment:
        return Experiment.model_validate({"name": "n", "datasets": ["x"], "variants": {"a": {}, "b": {}}} | more)

    cases = cases_of(2)
    check_metric(made(), cases)
    check_metric(made(bar={"metric": "MRR@10"}), cases)
    with pytest.raises(EvaluationError, match="no scorer gives 'judge'"):
        check_metric(made(bar={"metric": "judge"}), cases)
    critical = [cases[0].model_copy(update={"critical": True})]
    with pytest.raises(EvaluationError, match="judged by checks"):
        check_metric(made(scorers=["retrieval"], bar={"metric": "hit@5"}), critical)
