"""What a verdict says, in French and English. Texts by name; `…_reason` by the code of a `Reason`."""

from typing import Any

from eval.verdict import Decision

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "ship": "Ship",
        "dont_ship": "Don't ship",
        "inconclusive": "Inconclusive",
        "could_not_run": "No verdict",
        "ship_text": "{candidate} is not worse than {baseline} by more than {margin} points of “{metric}”",
        "superior_text": "{candidate} is better than {baseline} on “{metric}”",
        "dont_ship_text": "{candidate} is worse than {baseline} by more than {margin} points of “{metric}”",
        "critical_text": "{candidate} fails cases that must never fail",
        "inconclusive_text": "about {needed} more cases are needed",
        "inconclusive_unknown": "these cases can't decide",
        "could_not_run_text": "the run can't be judged",
        "points": "points",
        "difference": "Difference",
        "interval": "{confidence} % interval",
        "margin": "margin",
        "cases": "cases",
        "clusters": "clusters",
        "better": "better",
        "worse": "worse",
        "equal": "equal",
        "unscored": "unscored",
        "metric": "Metric",
        "metrics": "Metrics",
        "coverage": "Scored",
        "slices": "Parts of the cases",
        "slices_note": "Adjusted p: of “no difference”, corrected for the number of parts looked at ({adjust}). Parts don't decide.",
        "part": "Part",
        "adjusted": "adjusted p",
        "answers": "Answers side by side",
        "costs": "Costs",
        "variant": "Variant",
        "calls": "calls",
        "cached": "from the cache",
        "tokens": "tokens",
        "latency": "latency, ms",
        "critical": "Critical cases",
        "critical_ok": "All {total} critical cases pass with {candidate}.",
        "critical_none": "No case is marked critical.",
        "critical_failed": "{failed} of {total} critical cases fail with {candidate}:",
        "critical_unknown": "Not scored: {unknown}.",
        "judge": "Judge",
        "uncalibrated": "The judge is uncalibrated: no person has labelled answers of this run (brain eval label). "
        "Its errors may favour one variant.",
        "calibrated": "{labelled} cases labelled by a person correct the judge: difference {difference}, interval {low} to {high} "
        "(labels alone: {alone_low} to {alone_high}).",
        "kappa": "Agreement with the labels (kappa): {kappa}.",
        "flaky": "Flakiness",
        "flaky_text": "{variant}: standard deviation within a case {generator} from the generator, {judge} from the judge; "
        "{share} of the cases don't end alike every time.",
        "flaky_cases": "Flaky cases: {cases}.",
        "early": "Sequential test",
        "early_text": "Wealth {ship} for, {reject} against; {needed} decides. {at}",
        "early_at": "It was decided after {at} clusters.",
        "early_not": "It has not decided.",
        "promise": "Chance to ship what is worse by the margin: at most {alpha} %. To turn down what isn't: at most {alpha} %.",
        "naive": "A plain comparison of means would say: {conclusion}.",
        "naive_ship": "ship",
        "naive_dont": "don't ship",
        "care": "To be taken with care",
        "leaks": "These cases stand in a prompt under test: {cases}.",
        "holdout": "The hold-out was used {uses} times.",
        "provenance": "Where this comes from",
        "filter": "Show",
        "all": "all",
        "search": "search in questions and answers",
        "question": "Question",
        "expected": "expected",
        "refused": "No answer",
        "sources": "Sources",
        "no_answers": "No case matches.",
        "case": "Case",
        "run": "Run",
        "method": "Method",
        "theme": "light / dark",
        "critical_failed_reason": "critical cases failed: {cases}",
        "critical_unknown_reason": "critical cases could not be scored: {cases}",
        "nothing_scored_reason": "none of {asked} cases was scored for both variants",
        "coverage_reason": "only {scored} of {asked} cases were scored for both variants, {least} are needed",
        "early_ship_reason": "decided early, after {at} clusters: no worse than the margin",
        "early_dont_ship_reason": "decided early, after {at} clusters: worse than the margin",
        "straddles_reason": "the interval lies on both sides of the margin of {margin} points",
        "bar_changed_reason": "the bar was tampered with: manifest.json does not hold the one that was locked",
        "answers_of_another_bar_reason": "the bar was tampered with: answers were given under another one",
        "cases_changed_reason": "the bar was tampered with: the cases are not those that were locked",
        "experiment_changed_reason": "the bar was tampered with: the experiment names another one",
        "another_judge_reason": "the scores are another judge's than the one that was locked",
        "one_variant_reason": "the experiment has one variant: there is nothing to compare",
    },
    "fr": {
        "ship": "À livrer",
        "dont_ship": "À ne pas livrer",
        "inconclusive": "Non concluant",
        "could_not_run": "Pas de verdict",
        "ship_text": "{candidate} n'est pas moins bon que {baseline} de plus de {margin} points de « {metric} »",
        "superior_text": "{candidate} est meilleur que {baseline} pour « {metric} »",
        "dont_ship_text": "{candidate} est moins bon que {baseline} de plus de {margin} points de « {metric} »",
        "critical_text": "{candidate} échoue à des cas qui ne doivent jamais échouer",
        "inconclusive_text": "il faut environ {needed} cas de plus",
        "inconclusive_unknown": "ces cas ne permettent pas de trancher",
        "could_not_run_text": "l'essai ne peut pas être jugé",
        "points": "points",
        "difference": "Différence",
        "interval": "intervalle à {confidence} %",
        "margin": "marge",
        "cases": "cas",
        "clusters": "groupes",
        "better": "mieux",
        "worse": "moins bien",
        "equal": "pareil",
        "unscored": "sans note",
        "metric": "Mesure",
        "metrics": "Mesures",
        "coverage": "Notés",
        "slices": "Parties des cas",
        "slices_note": "p ajusté : celui de « aucune différence », corrigé selon leur nombre ({adjust}). Sans effet sur le verdict.",
        "part": "Partie",
        "adjusted": "p ajusté",
        "answers": "Les réponses côte à côte",
        "costs": "Coûts",
        "variant": "Variante",
        "calls": "appels",
        "cached": "du cache",
        "tokens": "jetons",
        "latency": "temps de réponse, ms",
        "critical": "Cas critiques",
        "critical_ok": "Les {total} cas critiques réussissent avec {candidate}.",
        "critical_none": "Aucun cas n'est marqué critique.",
        "critical_failed": "{failed} des {total} cas critiques échouent avec {candidate} :",
        "critical_unknown": "Sans note : {unknown}.",
        "judge": "Juge",
        "uncalibrated": "Le juge n'est pas étalonné : personne n'a étiqueté de réponses de cet essai (brain eval label). "
        "Ses erreurs peuvent favoriser une variante.",
        "calibrated": "{labelled} cas étiquetés par une personne corrigent le juge : différence {difference}, intervalle de {low} à "
        "{high} (étiquettes seules : de {alone_low} à {alone_high}).",
        "kappa": "Accord avec les étiquettes (kappa) : {kappa}.",
        "flaky": "Instabilité",
        "flaky_text": "{variant} : écart type au sein d'un cas {generator} dû au générateur, {judge} dû au juge ; "
        "{share} des cas ne finissent pas toujours de même.",
        "flaky_cases": "Cas instables : {cases}.",
        "early": "Test séquentiel",
        "early_text": "Gain {ship} pour, {reject} contre ; {needed} décide. {at}",
        "early_at": "Décidé après {at} groupes.",
        "early_not": "Il n'a pas décidé.",
        "promise": "Risque de livrer ce qui est moins bon de la marge : au plus {alpha} %. De rejeter ce qui ne l'est pas : "
        "au plus {alpha} %.",
        "naive": "Une simple comparaison des moyennes dirait : {conclusion}.",
        "naive_ship": "livrer",
        "naive_dont": "ne pas livrer",
        "care": "À prendre avec précaution",
        "leaks": "Ces cas se trouvent dans un prompt testé : {cases}.",
        "holdout": "La partie réservée a servi {uses} fois.",
        "provenance": "D'où cela vient",
        "filter": "Montrer",
        "all": "tous",
        "search": "chercher dans les questions et réponses",
        "question": "Question",
        "expected": "attendu",
        "refused": "Pas de réponse",
        "sources": "Sources",
        "no_answers": "Aucun cas ne correspond.",
        "case": "Cas",
        "run": "Essai",
        "method": "Méthode",
        "theme": "clair / sombre",
        "critical_failed_reason": "cas critiques échoués : {cases}",
        "critical_unknown_reason": "cas critiques sans note : {cases}",
        "nothing_scored_reason": "aucun des {asked} cas n'a été noté pour les deux variantes",
        "coverage_reason": "seuls {scored} des {asked} cas ont été notés pour les deux variantes, il en faut {least}",
        "early_ship_reason": "tranché tôt, après {at} groupes : pas moins bon que la marge",
        "early_dont_ship_reason": "tranché tôt, après {at} groupes : moins bon que la marge",
        "straddles_reason": "l'intervalle est des deux côtés de la marge de {margin} points",
        "bar_changed_reason": "la barre a été modifiée : manifest.json ne contient pas celle qui a été fixée",
        "answers_of_another_bar_reason": "la barre a été modifiée : des réponses ont été données sous une autre",
        "cases_changed_reason": "la barre a été modifiée : les cas ne sont pas ceux qui ont été fixés",
        "experiment_changed_reason": "la barre a été modifiée : l'expérience en nomme une autre",
        "another_judge_reason": "les notes viennent d'un autre juge que celui qui a été fixé",
        "one_variant_reason": "l'expérience n'a qu'une variante : il n'y a rien à comparer",
    },
}


def words(language: str) -> dict[str, str]:
    """In English where the language isn't French."""
    return WORDS.get(language, WORDS["en"])


def reasons(document: dict[str, Any], language: str = "en") -> list[str]:
    """Why, each in a sentence."""
    said = words(language)
    return [said[f"{reason['code']}_reason"].format(**reason["values"]) for reason in document["why"]]


def headline(document: dict[str, Any], language: str = "en") -> str:
    """The verdict in one sentence."""
    said, decision = words(language), Decision(document["decision"])
    bar = document["bar"]
    names = {
        "baseline": document["baseline"],
        "candidate": document["candidate"],
        "metric": bar["metric"],
        "margin": f"{100 * bar['margin']:g}",
        "needed": document["needed"],
    }
    if decision is Decision.SHIP:
        text = said["superior_text" if document["superior"] else "ship_text"]
    elif decision is Decision.DONT_SHIP:
        text = said["critical_text" if document["critical"]["failed"] else "dont_ship_text"]
    elif decision is Decision.INCONCLUSIVE:
        text = said["inconclusive_text" if document["needed"] else "inconclusive_unknown"]
    else:
        text = said["could_not_run_text"]
    colon = " : " if language == "fr" else ": "
    return f"{said[decision.value]}{colon}{text.format(**names)}."
