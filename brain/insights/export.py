"""The tables as CSV, safe to open with a spreadsheet."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal, get_args

from brain.insights.groups import Group
from brain.insights.store import Insights
from brain.insights.views import Viewer, Window

Table = Literal["groups", "articles", "unused", "stale", "days"]
TABLES: tuple[Table, ...] = get_args(Table)
Rows = list[dict[str, Any]]
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet may run: OWASP, "CSV Injection", the full-width forms included; also behind blanks."""


def rows_of(table: Table, insights: Insights, viewer: Viewer, window: Window) -> Rows:
    """The rows of a table, all of the same columns."""
    makes: dict[Table, Callable[[], Rows]] = {
        "groups": lambda: [_flat(group) for group in insights.groups(viewer, window)],
        "articles": lambda: [asdict(one) for one in insights.articles(viewer, window)[0]],
        "unused": lambda: [asdict(one) for one in insights.articles(viewer, window)[1]],
        "stale": lambda: [asdict(one) | {"lost": " | ".join(one.lost)} for one in insights.stale(viewer, window)],
        "days": lambda: [asdict(one) for one in insights.days(viewer, window)[1]],
    }
    return makes[table]()


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """RFC 4180, with a byte order mark, by which Excel knows UTF-8; texts that a spreadsheet would run begin with `'`."""
    out = io.StringIO()
    out.write("\ufeff")
    if rows:
        writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(rows[0])
        writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def _flat(group: Group) -> dict[str, Any]:
    near, after = group.nearest, group.after
    same = ("id", "label", "count", "refused", "disliked", "first_at", "last_at")
    return {name: getattr(group, name) for name in same} | {
        "reasons": _listed(group.reasons),
        "languages": _listed(group.languages),
        "nearest_document": near.document_id if near else None,
        "nearest_title": near.title if near else None,
        "closeness": near.closeness if near else None,
        "article_written_at": after.since if after else None,
        "asked_since": after.asked if after else None,
        "answered_since": after.answered if after else None,
        "refused_since": after.refused if after else None,
    }


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
