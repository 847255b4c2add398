"""How answers, passages and states look in a terminal."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from brain.checks.base import Check
from brain.text.analyzer import terms
from brain.text.tables import rows_of
from brain.types import Answer, Choice, Facet, Passage, Passages, Reason, Sentence, Span, Status

MARKS = {"well": ("✓", "green"), "attention": ("!", "yellow"), "wrong": ("✗", "bold red")}
CLOSEST = 3
UNSUPPORTED = ("not borne out by its source", "non confirmé par sa source")
EXAMPLES = 3
NEWER = ("newer", "plus récent")
CONTACT = ("Someone who can help:", "Pour parler à quelqu'un :")
MORE = ("and {} more", "et {} autres")
AGAIN = ("Ask again with, for example,", "Posez la question à nouveau avec, par exemple,")


def show_answer(answer: Answer, console: Console) -> None:
    """The sentences with their source numbers, then the sources with the words that support them."""
    shown = ShownAnswer(answer.language, console)
    for sentence in answer.sentences:
        shown.sentence(sentence)
    shown.end(answer)


class ShownAnswer:
    """An answer that is shown as it comes: each sentence, and at the end the sources."""

    def __init__(self, language: str, console: Console) -> None:
        self._french, self._console = language == "fr", console
        self._numbers: dict[str, int] = {}

    def sentence(self, sentence: Sentence) -> None:
        """With the numbers of its sources; with what it lacks, where it is not supported."""
        cited = dict.fromkeys(citation.passage_id for citation in sentence.citations)
        numbers = (self._numbers.setdefault(id, len(self._numbers) + 1) for id in cited)
        marks = Text("".join(f"[{number}]" for number in numbers), style="bold cyan")
        if sentence.text.startswith("|"):
            self._console.print(_table(sentence.text, sentence.cells), marks)
        else:
            self._console.print(Text(f"{sentence.text} ").append(marks))
        if sentence.support and not sentence.support.supported:
            why = f"{UNSUPPORTED[self._french]}: {'; '.join(sentence.support.problems)}"
            self._console.print(Text(f"  {MARKS['attention'][0]} {why}", style="yellow"))

    def end(self, answer: Answer) -> None:
        """What is to be said beside the sentences, their sources with the words that support them, or the closest pages."""
        if answer.message:
            self._console.print(Text(answer.message, style="yellow"))
        passages = {passage.id: passage for passage in answer.passages}
        # Where the sentence is the quotation itself, once is enough.
        quotes = [(c.passage_id, c.quote) for s in answer.sentences for c in s.citations if c.quote != s.text]
        for id, number in self._numbers.items():
            newer = NEWER[self._french] if passages[id].document_id == answer.newer else ""
            said = [quote for passage, quote in quotes if passage == id]
            _source(self._console, f"[{number}]", passages[id], said, newer)
        for choice in answer.choices:
            _choice(self._console, choice, self._french)
        if answer.contact:
            self._console.print(Text(f"{CONTACT[self._french]} {answer.contact}"))
        refused = answer.status is Status.REFUSED and not answer.sentences
        if refused and answer.passages and answer.reason is not Reason.OUT_OF_SCOPE:
            self._console.print(Text("Pages les plus proches :" if self._french else "Closest pages:", style="dim"))
            closest = {passage.document_id: passage for passage in reversed(answer.passages)}
            for passage in list(reversed(closest.values()))[:CLOSEST]:
                _source(self._console, "·", passage, [])


def _table(markdown: str, asked: Sequence[Span]) -> Table:
    """A pipe table, its columns aligned; the first row is its header where a rule follows it; the cells at `asked` stand out."""
    rows = rows_of(markdown)
    ruled = len(rows) > 1 and set("".join(cell.text for cell in rows[1])) <= set("-: ")
    header, body = ([cell.text for cell in rows[0]], rows[2:]) if ruled else ([""] * len(rows[0]), rows)
    columns = (Column(escape(name), overflow="fold") for name in header)  # a cell cut off may be the amount
    table = Table(*columns, box=SIMPLE, show_header=ruled, header_style="bold")
    for row in body:
        cells = (Text(cell.text, style="bold reverse" if cell.span in asked else "") for cell in row)
        table.add_row(*list(cells)[: len(header)])
    return table


def _choice(console: Console, choice: Choice, french: bool) -> None:
    """The values with how many documents have each, and how to ask again."""
    for option in choice.options:
        name = option.label if option.label == option.value else f"{option.label} ({option.value})"
        console.print(Padding(Text(f"· {name}  ").append(f"{option.documents}", style="dim"), (0, 0, 0, 2)))
    more = choice.total - len(choice.options)
    if more:
        console.print(Padding(Text(f"… {MORE[french].format(more)}", style="dim"), (0, 0, 0, 2)))
    console.print(Text(f"{AGAIN[french]} --tag {choice.key}:{choice.options[0].value}", style="dim"))


def _source(console: Console, mark: str, passage: Passage, quotes: Sequence[str], newer: str = "") -> None:
    line = Text(f"{mark} ", style="bold cyan").append(passage.title, style="bold")
    if passage.heading_path and passage.heading_path[-1] != passage.title:
        line.append(f" › {passage.heading_path[-1]}")
    details = [passage.url or passage.document_id, str(passage.updated_at or "")]
    line.append("  " + "  ".join(detail for detail in details if detail), style="dim")
    if newer:
        line.append(f"  {newer}", style="green")
    console.print(Padding(line, (0, 0, 0, 2)))
    for quote in quotes:
        console.print(Padding(Text(f"« {' '.join(quote.split())} »", style="italic"), (0, 0, 0, 6)))


def show_passages(question: str, passages: Passages, console: Console) -> None:
    """Each document with its passages, the question's terms highlighted."""
    asked = set(terms(question, passages.language))
    if not passages:
        console.print(Text("Nothing found.", style="yellow"))
    if passages.degraded:
        console.print(Text(f"Not reranked: {', '.join(passages.degraded)} (brain doctor says more)", style="yellow"))
    for facet in passages.facets:
        console.print(Text(_differing(facet), style="yellow"))
    for number, found in enumerate(passages.by_document().values(), 1):
        _source(console, f"{number}.", found[0], [])
        for passage in found:
            console.print(Padding(_highlighted(passage, asked, passages.language), (0, 0, 0, 6)))
            dense, sparse = passage.scores.dense or 0, passage.scores.sparse or 0
            reranked = "" if passage.scores.reranked is None else f"  reranked {passage.scores.reranked:.3f}"
            scores = Text(f"cosine {dense:.3f}  BM25 {sparse:.1f}{reranked}", style="dim")
            console.print(Padding(scores, (0, 0, 0, 6)))


def _differing(facet: Facet) -> str:
    values = [value for value, _ in facet.values]
    few = ", ".join(values[:EXAMPLES])
    named = f"{len(values)} values, e.g. {few}" if len(values) > EXAMPLES else few
    return f"The best pages differ by {facet.key}: {named}; add --tag {facet.key}:{values[0]}"


def _highlighted(passage: Passage, asked: set[str], language: str, width: int = 300) -> Text:
    flat = " ".join(passage.text.split())
    shown = Text(flat[:width] + ("…" if len(flat) > width else ""))
    for word in set(flat[:width].replace("'", " ").replace("’", " ").split()):
        bare = word.strip('.,;:!?()[]«»"#*|')
        if bare and asked & set(terms(bare, passage.language or language)):
            shown.highlight_words([bare], "bold magenta")
    return shown


def show_status(found: dict[str, Any], console: Console) -> None:
    index = found["index"]
    built = (
        f"{index['encoder']}, {index['dimensions']} dimensions"
        if index["built"]
        else "not built yet: brain ingest FOLDER"
    )
    console.print(Text("index   ", style="bold").append(f"{index['where']} ({index['provider']}): {built}", style=""))
    if found.get("last_ingest"):
        console.print(Text("changed ", style="bold").append(found["last_ingest"], style=""))
    table = Table("source", "documents", "passages", box=None, header_style="bold")
    for source in found["sources"]:
        table.add_row(escape(source["source"]), f"{source['documents']:,}", f"{source['passages']:,}")
    console.print(table)
    languages = ", ".join(f"{language} {count:,}" for language, count in sorted(found["languages"].items()))
    console.print(Text("languages ", style="bold").append(languages or "none", style=""))
    if found["unindexed"]:
        console.print(
            Text(f"{found['unindexed']} documents are not indexed yet: run brain ingest again.", style="yellow")
        )
    if found["flags"]:
        kinds = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in found["flags"].items())
        console.print(Text(f"flagged: {kinds} (brain status --flags)", style="yellow"))
    for problem in found["problems"]:
        console.print(Text(f"! {problem['path']}: {problem['problem']}", style="yellow"))


def show_flags(flagged: Sequence[dict[str, Any]], console: Console) -> None:
    for document in flagged:
        console.print(Text(document["document_id"], style="bold").append(f"  {document['source']}", style="dim"))
        for kind, found in document["flags"].items():
            console.print(
                Padding(Text(f"{kind.replace('_', ' ')}: ", style="yellow").append(found, style=""), (0, 0, 0, 4))
            )
    if not flagged:
        console.print("Nothing was noticed.")


def show_checks(checks: Sequence[Check], console: Console) -> None:
    """A line each, what is to be done below it: readable at 80 columns."""
    table = Table.grid(
        Column(width=1), Column(no_wrap=True), Column(overflow="fold", ratio=1), padding=(0, 1), expand=True
    )
    for check in checks:
        mark, style = MARKS[check.level]
        found = Text(check.found)
        if check.mend:
            found.append(f"\n→ {check.mend}", style="dim")
        table.add_row(Text(mark, style=style), Text(check.name, style="bold"), found)
    console.print(table)
