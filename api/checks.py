"""What `brain doctor` looks at of the service: where limits are counted, the pages' files."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from brain.checks.base import MORE, Check
from brain.errors import BrainError
from brain.settings import Settings, redact_url

DRIFT_S = 5
WAIT_S = 3


def register() -> None:
    """Adds them to the command."""
    MORE["limits"] = limits
    MORE["pages"] = pages


def limits(settings: Settings) -> Iterator[Check]:
    """Redis, where limits are counted there. Raises SettingsError where they can't be counted at all."""
    from api.limits import Limits

    Limits(settings.limits)  # says what is wrong with the URL
    if settings.limits.url.startswith("memory"):
        yield Check("limits", "well", "counted in this process")
        return
    yield _redis(settings.limits.url)


def _redis(url: str) -> Check:
    import redis

    shown = redact_url(url)
    client: Any = redis.Redis.from_url(url, socket_connect_timeout=WAIT_S, socket_timeout=WAIT_S)
    try:
        seconds, _ = client.time()
        version = client.info("server")["redis_version"]
    except redis.RedisError as error:
        mend = "Check limits.url and that the server is up; meanwhile each process counts alone."
        return Check("limits", "wrong", f"{shown} does not answer: {type(error).__name__}", mend)
    finally:
        client.close()
    off = abs(datetime.now(UTC).timestamp() - seconds)
    if off > DRIFT_S:
        return Check("limits", "attention", f"{shown}: its clock differs by {off:.0f} s", "Set the clocks.")
    return Check("limits", "well", f"counted in Redis {version} at {shown}")


def pages(_: Settings) -> Iterator[Check]:
    """The console, the web component and whatever else lies with them."""
    folder = resources.files("api").joinpath("static")
    try:
        files = [file for file in folder.iterdir() if file.is_file()]
        empty = [file.name for file in files if not file.read_bytes().strip()]
    except OSError as error:
        raise BrainError(f"The pages' files can't be read: {error}", "Install Brain again.") from error
    named = {file.name for file in files}
    missing = [
        name
        for name in ("brain-assistant.js", "console.html", "console.js", "past.js", "console.css")
        if name not in named
    ]
    if missing or empty:
        lacking = ", ".join([*missing, *(f"{name} (empty)" for name in empty)])
        yield Check("pages", "wrong", f"missing: {lacking}", "Install Brain again.")
    else:
        yield Check("pages", "well", f"{len(files)} files of the console and the widget")
