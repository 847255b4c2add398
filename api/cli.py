"""`brain serve`: the HTTP service, in this process or in several."""

import contextlib
import signal
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from api import checks
from api.logs import log_to_terminal
from brain.console import HomeOption, err, settings_for
from brain.errors import SettingsError
from brain.serving_prompts import check_prompts
from brain.settings import ServiceSettings, Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

GRACE_SECONDS = 10


def register(app: typer.Typer) -> None:
    """Adds the command to `brain`, and to `brain doctor` what it needs."""
    app.command("serve")(serve)
    checks.register()


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="[default: 8000]")] = None,
    audience: Annotated[str | None, typer.Option(help="As whom callers without a key ask [default: public]")] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes; several need a Qdrant server, PostgreSQL and Redis.")
    ] = 1,
    dev: Annotated[bool, typer.Option("--dev", help="Serve a prompt that was not released, or altered since.")] = False,
    home: HomeOption = None,
) -> None:
    """Answer questions over HTTP until stopped.

    An embedded index has one owner: one process. Example: brain serve --port 8080
    """
    from api.processes import alone, check_workers

    flags = {"host": host, "port": port, "audience": audience}
    settings = settings_for(home, service={name: value for name, value in flags.items() if value is not None})
    if not dev:
        check_prompts(settings)
    check_workers(settings, workers)
    with alone(settings):
        listener = _listen(settings.service)
        _announce(settings)
        log_to_terminal(settings.service.log)
        _run(settings, listener, workers)


def _listen(service: ServiceSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in service.host else socket.AF_INET
    try:
        listener = socket.create_server((service.host, service.port), family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]  # behind it stands the address once more
        raise SettingsError(
            f"Can't listen on {service.host}, port {service.port}: {reason}", "Give another --host or --port."
        ) from error
    # Inherited by every connection. asyncio sets it only on sockets that it made itself; without it the kernel holds an answer's
    # body back until the client has acknowledged the headers: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _announce(settings: Settings) -> None:
    service = settings.service
    url = f"http://{f'[{service.host}]' if ':' in service.host else service.host}:{service.port}"
    err.print(f"Brain listens on {url} (try it: {url}/console, the API: {url}/docs)", soft_wrap=True)
    line, well = _who_may_ask(settings, url)
    err.print(Text(line, style="" if well else "yellow"), soft_wrap=True)


def _who_may_ask(settings: Settings, url: str) -> tuple[str, bool]:
    """In a sentence, and whether that is likely what was meant."""
    from api.gate import is_loopback
    from api.known import Known

    service, known = settings.service, Known(settings)
    if service.keys == "off":
        return f"service.keys is off: whoever reaches {url} reads what '{service.audience}' may read.", False
    try:
        if known.any():
            return "Callers need an API key (brain keys list).", True
    finally:
        known.close()
    if service.keys == "required" or not is_loopback(service.host):
        return "Callers need an API key, and there is none yet: brain keys create NAME", False
    return (
        f"Everyone on this machine asks as '{service.audience}' of tenant '{service.tenant}', until there is an API key",
        True,
    )


def _run(settings: Settings, listener: socket.socket, workers: int) -> None:
    # Once it has shut down, uvicorn raises the signal that stopped it again: being stopped is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    config = uvicorn.Config(
        partial(_app, settings),
        factory=True,
        workers=workers,
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        forwarded_allow_ips=settings.service.proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    if workers > 1:
        Multiprocess(config, [listener]).run()
        return
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def _app(settings: Settings) -> "FastAPI":
    """In the process that serves it, which may be another than this one."""
    from api.app import create_app

    log_to_terminal(settings.service.log)
    return create_app(settings)
