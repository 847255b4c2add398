"""How traces, replays and impacts look in a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from brain.traces.compare import GONE, NEW, SAME
from brain.traces.impact import Hit, Standing

MASKED = "The question was kept without personal data, and is asked again without it."
_STYLES = {SAME: "", GONE: "red strike", NEW: "green"}
_STANDING = {
    Standing.UNCHANGED: ("unchanged", "green"),
    Standing.STANDS: ("document changed, the quoted words still stand", "green"),
    Standing.CHANGED: ("the quoted words are not there any more", "bold yellow"),
    Standing.GONE: ("the document is gone", "bold red"),
}


def show_trace(record: Mapping[str, Any], console: Console) -> None:
    """Question, passages, every sentence with its check, and by what it was all made."""
    console.print(Text(record["question"]["text"], style="bold"))
    reason = f" ({record['reason']})" if record["reason"] else ""
    who = f"{record['question']['tenant']}, {record['question']['audience']}"
    console.print(Text(f"{record['status']}{reason}  {record['answered_at']}  {who}", style="dim"))
    table = Table("", "document", "passage", "cosine", "BM25", "fused", "reranked", box=None, header_style="bold")
    for rank, passage in enumerate(record["passages_used"], 1):
        scores = (_number(passage["scores"][name]) for name in ("dense", "sparse", "fused", "reranked"))
        table.add_row(str(rank), escape(passage["document_id"]), passage["text_hash"][:12], *scores)
    console.print(table)
    for sentence in record["checked"] or record["sentences"]:
        _sentence(sentence, console)
    for dropped in record["dropped"]:
        console.print(
            Padding(Text("✗ ", style="red").append(f"{dropped['text']} ({dropped['why']})", style="dim"), (0, 0, 0, 2))
        )
    console.print(Text(_made_by(record), style="dim"))


def _sentence(sentence: Mapping[str, Any], console: Console) -> None:
    support = sentence["support"] or {"supported": True, "probability": 1.0, "problems": []}
    mark, style = ("✓ ", "green") if support["supported"] else ("✗ ", "red")
    line = (
        Text(mark, style=style)
        .append(sentence["text"], style="")
        .append(f"  {support['probability']:.2f}", style="dim")
    )
    console.print(Padding(line, (0, 0, 0, 2)))
    for problem in support["problems"]:
        console.print(Padding(Text(problem, style="yellow"), (0, 0, 0, 6)))
    for citation in sentence["citations"]:
        quote = " ".join(citation["quote"].split())
        console.print(Padding(Text(f"{citation['document_id']}: « {quote} »", style="dim italic"), (0, 0, 0, 6)))


def _made_by(record: Mapping[str, Any]) -> str:
    prompt, model = record["prompt"], record["model"] or {}
    parts = [
        f"answerer {record['answerer']}",
        f"prompt {prompt['name']}.{prompt['language']}.v{prompt['version']} {prompt['hash'][:12]}" if prompt else "",
        ", ".join(f"{key} {value}" for key, value in model.items()),
        f"cost {record['cost']}" if record["cost"] is not None else "",
        f"index {record['index']}",
        f"code {record['code']}",
        f"sufficiency {_number(record['sufficiency'])}",
        ", ".join(f"{stage} {milliseconds:.0f} ms" for stage, milliseconds in record["timings"].items()),
    ]
    return "\n".join(part for part in parts if part)


def show_replay(found: Mapping[str, Any], console: Console) -> None:
    """What differs now; nothing else."""
    console.print(Text(found["question"], style="bold"))
    if found["question_masked"]:
        console.print(Text(MASKED, style="yellow"))
    console.print(Text(f"{found['answered_at'][0]} → {found['answered_at'][1]}", style="dim"))
    console.print(
        Text(
            "The answer is the same." if found["same"] else "The answer differs.",
            style="green" if found["same"] else "yellow",
        )
    )
    for name, (before, after) in found["outcome"].items():
        console.print(Text(f"  {name}: {before} → {after}"))
    for sentence in found["sentences"]:
        console.print(Padding(_changed(sentence), (0, 0, 0, 2)))
    passages = found["passages"]
    for name in ("entered", "left"):
        for passage in passages[name]:
            console.print(Text(f"  passage {name}: {passage['document_id']} (rank {passage['rank']})"))
    for passage in passages["changed"]:
        console.print(
            Text(f"  passage changed: {passage['document_id']} (rank {passage['rank']} → {passage['now']['rank']})")
        )
    for passage in passages["moved"]:
        console.print(Text(f"  passage moved: {passage['document_id']} (rank {passage['from']} → {passage['to']})"))
    for name, (before, after) in found["versions"].items():
        console.print(Text(f"  {name}: {before} → {after}"))
    took = (f"{name} {_number(a)} → {_number(b)} ms" for name, (a, b) in found["timings"].items())
    console.print(Text(f"  {', '.join(took)}", style="dim"))


def _changed(sentence: Mapping[str, Any]) -> Text:
    if "words" not in sentence:
        text = sentence["before"] if sentence["after"] is None else sentence["after"]
        return Text(f"{sentence['change']} ", style="dim").append(text, style=_STYLES[sentence["change"]])
    line = Text("~ ", style="dim")
    for at, (change, words) in enumerate(sentence["words"]):
        line.append(" " if at else "").append(words, style=_STYLES[change])
    return line


def show_impact(hits: Sequence[Hit], console: Console) -> None:
    for hit in hits:
        said, style = _STANDING[hit.standing]
        console.print(Text(f"{hit.id}  {hit.answered_at[:16]}  ", style="dim").append(hit.question, style="bold"))
        console.print(Padding(Text(f"{hit.document_id}: ").append(said, style=style), (0, 0, 0, 4)))
        for quote in hit.lost:
            console.print(Padding(Text(f"« {' '.join(quote.split())} »", style="italic"), (0, 0, 0, 4)))
    if not hits:
        console.print("No answer that is kept.")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
