"""`brain keys`: who may ask over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brain.console import HomeOption, JsonOption, TenantOption, out, print_json, say, settings_for
from brain.keys.secret import SITE_PREFIX, WEBHOOK_PREFIX
from brain.keys.wanted import rate_of, reader_of, rights_of
from brain.settings import Settings
from brain.types import DEFAULT_TENANT, INTERNAL, PUBLIC

if TYPE_CHECKING:
    from brain.keys.sites import Sites
    from brain.keys.store import Keys
    from brain.keys.webhooks import Webhooks

ID = Annotated[
    str, typer.Argument(metavar="ID", help="Of a key, a site key or a webhook, as brain keys list shows it.")
]
OriginOption = Annotated[
    list[str] | None,
    typer.Option("--origin", help="Where the widget's page is, such as https://www.example.com; may be repeated."),
]
app = typer.Typer(help="Make, list, rotate and revoke the keys of the HTTP service.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Adds the commands to `brain`."""
    parent.add_typer(app, name="keys")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, to recognise it by.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="ask, search, ingest, feedback, eval or admin; may be repeated [default: ask, search]"),
    ] = None,
    audience: Annotated[str, typer.Option(help="As whom its holder asks: 'agent' sees internal documents.")] = PUBLIC,
    tenant: TenantOption = DEFAULT_TENANT,
    days: Annotated[int, typer.Option(min=0, max=36_500, help="How long it is valid; 0: for ever.")] = 365,
    rate: Annotated[str, typer.Option(help="Its own limit instead of limits.key, such as '10/second; 5000/day'.")] = "",
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Make an API key. It is printed once: only its hash is kept.

    Example: brain keys create helpdesk --scope ask --scope search --scope feedback --audience agent
    """
    settings = settings_for(home)
    ends = datetime.now(UTC) + timedelta(days=days) if days else None
    with _keys(settings) as keys:
        made = keys.create(
            name,
            rights_of(scope or ["ask", "search"]),
            tenant=tenant,
            audience=reader_of(audience, settings),
            actor=_person(),
            expires_at=ends,
            rate=rate_of(rate),
        )
    _print_secret(made.id, str(made), json_)


@app.command("create-site")
def create_site(
    name: Annotated[str, typer.Argument(help="What it is for, to recognise it by.")],
    origin: OriginOption = None,
    tenant: TenantOption = DEFAULT_TENANT,
    rate: Annotated[str, typer.Option(help="Limit of all its visitors together, instead of limits.site.")] = "",
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Make a site key for a widget. It is public: it stands in the page, and is good on these origins only, as 'public'.

    Example: brain keys create-site "help centre" --origin https://help.example.com
    """
    settings = settings_for(home)
    reader_of(PUBLIC, settings)
    with _sites(settings) as sites:
        made = sites.create(name, origin or [], tenant=tenant, actor=_person(), rate=rate_of(rate))
    print_json({"id": made.id, "origins": made.origins}) if json_ else out.print(made.id)


@app.command("create-webhook")
def create_webhook(
    name: Annotated[str, typer.Argument(help="Stands in its address, /v1/webhooks/NAME.")],
    audience: Annotated[str, typer.Option(help="It writes for the readers whom this one sees.")] = INTERNAL,
    tenant: TenantOption = DEFAULT_TENANT,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Let a CMS send documents that it signs (Standard Webhooks). The secret is printed once; the database keeps it to check by.

    Example: brain keys create-webhook cms --audience public
    """
    settings = settings_for(home)
    with _webhooks(settings) as webhooks:
        secret = webhooks.create(name, tenant=tenant, audience=reader_of(audience, settings), actor=_person())
    _print_secret(WEBHOOK_PREFIX + name, secret, json_)


@app.command("list")
def list_(json_: JsonOption = False, home: HomeOption = None) -> None:
    """List all keys, without their secrets.

    Example: brain keys list --json
    """
    from brain.keys.show import show_keys

    settings = settings_for(home)
    with _keys(settings) as keys, _sites(settings) as sites, _webhooks(settings) as webhooks:
        found = keys.all(), sites.all(), webhooks.all()
    if json_:
        shown = [_shown(asdict(site)) for site in found[1]]
        hooks = [{"id": WEBHOOK_PREFIX + hook.name, **asdict(hook)} for hook in found[2]]
        print_json({"keys": [asdict(key) for key in found[0]], "sites": shown, "webhooks": hooks})
    else:
        show_keys(*found, out)


@app.command()
def rotate(
    id: ID,
    grace_hours: Annotated[float, typer.Option(min=0, help="How long the present secret stays valid.")] = 24,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Give a key another secret. For a site key: end all its tokens; the key itself stays.

    Example: brain keys rotate 3f9a0c1b22de --grace-hours 48
    """
    settings = settings_for(home)
    if id.startswith(SITE_PREFIX):
        with _sites(settings) as sites:
            sites.rotate(id, _person())
        print_json({"id": id}) if json_ else out.print(f"all tokens of {id} have ended")
        return
    if id.startswith(WEBHOOK_PREFIX):
        with _webhooks(settings) as webhooks:
            secret = webhooks.rotate(id.removeprefix(WEBHOOK_PREFIX), _person(), timedelta(hours=grace_hours))
        _print_secret(id, secret, json_)
        return
    with _keys(settings) as keys:
        made = keys.rotate(id, _person(), timedelta(hours=grace_hours))
    _print_secret(id, str(made), json_)


@app.command()
def revoke(id: ID, json_: JsonOption = False, home: HomeOption = None) -> None:
    """End a key, or a site key with its tokens, at once and for ever.

    Example: brain keys revoke 3f9a0c1b22de
    """
    settings = settings_for(home)
    if id.startswith(WEBHOOK_PREFIX):
        with _webhooks(settings) as webhooks:
            webhooks.revoke(id.removeprefix(WEBHOOK_PREFIX), _person())
    else:
        with _sites(settings) if id.startswith(SITE_PREFIX) else _keys(settings) as store:
            store.revoke(id, _person())
    print_json({"id": id}) if json_ else out.print(f"{id} is revoked")


@app.command()
def origins(id: ID, origin: OriginOption = None, json_: JsonOption = False, home: HomeOption = None) -> None:
    """Say where a site key is good, instead of where it was.

    Example: brain keys origins site_3f9a0c1b22de --origin https://help.example.com
    """
    with _sites(settings_for(home)) as sites:
        sites.allow(id, origin or [], _person())
    print_json({"id": id}) if json_ else out.print(f"{id} is good on {', '.join(origin or [])}")


@app.command()
def log(json_: JsonOption = False, home: HomeOption = None) -> None:
    """Show who did what to keys, newest first.

    Example: brain keys log
    """
    from brain.keys.audit import Audit
    from brain.keys.show import show_acts

    audit = Audit(settings_for(home))
    try:
        acts = audit.acts()
    finally:
        audit.close()
    print_json({"acts": acts}) if json_ else show_acts(acts, out)


def _print_secret(id: str, key: str, as_json: bool) -> None:
    if as_json:
        print_json({"id": id, "key": key})
        return
    say("Keep it where secrets are kept: it can't be shown again.")
    out.print(key, soft_wrap=True)


def _shown(site: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in site.items() if name != "signing"}


def _person() -> str:
    from brain.keys.audit import person_here

    return person_here()


@contextmanager
def _keys(settings: Settings) -> "Iterator[Keys]":
    from brain.keys.store import Keys

    keys = Keys(settings)
    try:
        yield keys
    finally:
        keys.close()


@contextmanager
def _sites(settings: Settings) -> "Iterator[Sites]":
    from brain.keys.sites import Sites

    sites = Sites(settings)
    try:
        yield sites
    finally:
        sites.close()


@contextmanager
def _webhooks(settings: Settings) -> "Iterator[Webhooks]":
    from brain.keys.webhooks import Webhooks

    webhooks = Webhooks(settings)
    try:
        yield webhooks
    finally:
        webhooks.close()
