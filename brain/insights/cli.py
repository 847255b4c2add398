"""`brain insights`: what was asked in vain, in the terminal."""

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from brain.console import AudienceOption, HomeOption, JsonOption, TenantOption, out, print_json, say, settings_for
from brain.types import DEFAULT_TENANT, INTERNAL

if TYPE_CHECKING:
    from brain.insights.groups import Group

TableArgument = Annotated[str, typer.Argument(help="groups, articles, unused, stale or days")]
DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], show_default="a month")]


def register(app: typer.Typer) -> None:
    """Adds the command to `brain`."""
    app.command()(insights)


def insights(
    table: TableArgument = "groups",
    since: DayOption = None,
    until: DayOption = None,
    language: Annotated[str, typer.Option(help="Only questions in it.")] = "",
    audience: AudienceOption = INTERNAL,
    tenant: TenantOption = DEFAULT_TENANT,
    csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List what was refused or disliked, grouped by meaning; or articles by use, answers gone stale, days by time and cost.

    The service has a page for it: /insights.

    Example: brain insights
    Example: brain insights unused --since 2026-01-01 --csv > unused.csv
    """
    from brain.encoder import make_encoder
    from brain.errors import SettingsError
    from brain.index import Scope
    from brain.insights.export import TABLES, rows_of, to_csv
    from brain.insights.store import Insights
    from brain.insights.views import Viewer, Window

    settings = settings_for(home)
    if table not in TABLES or audience not in settings.access.readers:
        raise SettingsError(
            f"There is no table '{table}' for '{audience}'.",
            f"Tables: {', '.join(TABLES)}; readers: {', '.join(settings.access.readers)}.",
        )
    viewer = Viewer.of(Scope(tenant, settings.access.readers[audience]), settings)
    window = Window.of(since.date() if since else None, until.date() if until else None, language, None)
    with closing(Insights(settings)) as store:
        store.gather(make_encoder(settings, say))
        if table == "groups" and not (csv or json_):
            _show(store.groups(viewer, window))
            return
        rows = rows_of(next(name for name in TABLES if name == table), store, viewer, window)
    if json_:
        print_json({table: rows})
    elif csv:
        typer.echo(to_csv(rows), nl=False)
    else:
        for row in rows:
            out.print(Text("  ".join(str(value) for value in row.values() if value not in (None, ""))), soft_wrap=True)


def _show(groups: "list[Group]", most: int = 50) -> None:
    for group in groups[:most]:
        near = f"nearest: {group.nearest.title} ({group.nearest.closeness:.2f})" if group.nearest else "no article near"
        told = f"{group.refused} refused, {group.disliked} disliked, last {group.last_at[:10]}; {near}"
        out.print(Text(f"{group.count:5}  ", style="dim").append(group.label, style="bold"), soft_wrap=True)
        out.print(Padding(Text(told, style="dim"), (0, 0, 0, 7)))
    if not groups:
        out.print("Nothing was asked in vain.")
