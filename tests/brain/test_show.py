"""What a person reads in the terminal: sentences with their sources' numbers, tables aligned, refusals with what is close."""

from dataclasses import replace

from rich.console import Console

from brain.show import show_answer, show_passages
from brain.types import (
    Answer,
    Choice,
    Citation,
    Facet,
    Option,
    Passage,
    Passages,
    Question,
    Reason,
    Scores,
    Sentence,
    Status,
    Support,
    Trace,
    joined,
)

TABLE = "| Poids | Corse |\n|---|---|\n| 5 kg | 10,90 € |"
PASSAGE = Passage("p1", "tarifs", f"{TABLE}\n\nSauf en été.", (0, 60), Scores(0.03), "Tarifs", ("Tarifs", "Grille"))


def answered(*texts: str) -> Answer:
    spans = [(PASSAGE.text.index(text), PASSAGE.text.index(text) + len(text)) for text in texts]
    pairs = zip(texts, spans, strict=True)
    sentences = tuple(Sentence(text, (Citation("p1", "tarifs", span, text),)) for text, span in pairs)
    trace = Trace(Question("?"), "fr", "extractive")
    return Answer("a", Status.ANSWERED, "fr", sentences, (PASSAGE,), trace)


def shown(answer: Answer) -> str:
    console = Console(width=80, record=True, quiet=False, file=None)
    with console.capture() as capture:
        show_answer(answer, console)
    return capture.get()


def test_a_sentence_bears_the_number_of_its_source() -> None:
    text = shown(answered("Sauf en été."))

    assert "Sauf en été. [1]" in text
    assert "[1] Tarifs › Grille" in text
    assert "«" not in text, "the quotation is the sentence itself"


def test_an_unsupported_sentence_bears_a_mark() -> None:
    answer = answered("Sauf en été.")
    (sentence,) = answer.sentences
    marked = replace(sentence, support=Support(False, 0.0, ("“15 jours” is not in the passage",)))

    text = shown(replace(answer, sentences=(marked,)))

    assert "! non confirmé par sa source: “15 jours” is not in the passage" in text
    assert "non confirmé" not in shown(answer)


def test_a_table_is_aligned_not_shown_as_markup() -> None:
    text = shown(answered(TABLE))

    assert "|" not in text and "---" not in text
    assert "10,90 €" in text and "Corse" in text and "[1]" in text


def test_a_refusal_names_close_pages_but_not_for_another_subject() -> None:
    refused = replace(answered(), status=Status.REFUSED, reason=Reason.INSUFFICIENT_EVIDENCE, message="Rien.")

    assert "Tarifs" in shown(refused) and "Rien." in shown(refused)
    assert "Tarifs" not in shown(replace(refused, reason=Reason.OUT_OF_SCOPE))


def test_choices_are_listed_with_how_to_ask_again() -> None:
    options = (Option("1486", "Syntec", 3), Option("0016", "0016", 2))
    asked = replace(
        answered(),
        status=Status.NEEDS_CLARIFICATION,
        message="Laquelle ?",
        choices=(Choice("idcc", "x", options, 126),),
    )

    text = shown(asked)

    assert "Laquelle ?" in text and "Syntec (1486)  3" in text and "· 0016  2" in text
    assert "et 124 autres" in text and "--tag idcc:1486" in text
    assert "Pages les plus proches" not in text


def test_of_two_contradicting_sources_the_newer_is_marked_and_a_refusal_names_a_person() -> None:
    conflicting = replace(
        answered("Sauf en été."),
        status=Status.REFUSED,
        reason=Reason.CONFLICTING,
        newer="tarifs",
        contact="01 02 03 04 05",
    )

    text = shown(conflicting)

    assert "plus récent" in text and "Pour parler à quelqu'un : 01 02 03 04 05" in text
    assert "Pages les plus proches" not in text
    assert "plus récent" not in shown(replace(conflicting, newer=None))


def test_a_search_says_that_it_was_not_reranked_and_else_the_score() -> None:
    def text(found: Passages) -> str:
        console = Console(width=80)
        with console.capture() as capture:
            show_passages("tarifs", found, console)
        return capture.get()

    skipped = text(Passages((PASSAGE,), degraded=("reranker_timeout",)))
    assert "Not reranked: reranker_timeout" in skipped
    assert "  reranked" not in skipped
    done = text(Passages((replace(PASSAGE, scores=Scores(0.03, reranked=0.8125)),)))
    assert "reranked 0.812" in done
    assert "Not reranked" not in done


def found(*values: str) -> str:
    console = Console(width=200)
    facets = (Facet("idcc", tuple((value, 1) for value in values)),) if values else ()
    with console.capture() as capture:
        show_passages("tarifs", Passages((PASSAGE,), "fr", facets=facets), console)
    return capture.get()


def test_search_says_by_what_the_best_pages_differ_and_what_to_add() -> None:
    many = found(*(f"{number:04}" for number in range(126)))

    assert "differ by idcc: 126 values, e.g. 0000, 0001, 0002; add --tag idcc:0000" in many
    assert "differ by idcc: 0016, 0029; add --tag idcc:0016" in found("0016", "0029")
    assert "differ" not in found()


def test_a_table_and_a_sentence_do_not_run_into_each_other() -> None:
    table = "| Poids | Prix |\n|---|---|\n| 1 kg | 3,90 € |"

    assert joined([]) == ""
    assert joined(["Un.", "Deux."]) == "Un. Deux."
    assert joined(["Un.", table, "Deux."]) == f"Un.\n\n{table}\n\nDeux."


def test_no_cell_of_a_wide_table_is_cut() -> None:
    names = [
        "Poids du colis",
        "Point relais (France)",
        "Domicile (France métropolitaine)",
        "Corse",
        "Luxembourg",
        "Autres",
    ]
    table = f"| {' | '.join(names)} |\n|{'---|' * 6}\n| {' | '.join(['16,90 €'] * 6)} |"
    passage = replace(PASSAGE, text=table)
    sentence = Sentence(table, (Citation("p1", "tarifs", (0, len(table)), table),))

    text = shown(replace(answered("Sauf en été."), sentences=(sentence,), passages=(passage,)))

    assert "…" not in text and text.count("16,90 €") == 6
