"""`brain keys`, as it is typed."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from brain.cli import app
from brain.errors import AccessError
from brain.keys.secret import without_secrets
from brain.keys.store import Keys
from brain.settings import load_settings


def run(home: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["keys", *words, "--home", str(home)], catch_exceptions=False)
    if isinstance(result.exception, AccessError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def run_json(home: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(home, *words, "--json"))
    return found


def test_a_key_is_printed_once_and_works(quick_path: Path) -> None:
    made = run(quick_path, "create", "desk", "--audience", "agent", "--scope", "ask", "--days", "30").strip()

    keys = Keys(load_settings(home=quick_path))
    key = keys.check(made)
    keys.close()
    assert (key.name, key.audience, key.tenant, key.scopes) == ("desk", "agent", "default", ("ask",))
    assert key.expires_at and key.expires_at > key.created_at
    secret = made.split("_", 2)[2]
    assert key.id in run(quick_path, "list") and secret not in run(quick_path, "list") + run(quick_path, "log")


def test_by_default_a_key_asks_and_searches_as_the_public_for_a_year(quick_path: Path) -> None:
    id = run_json(quick_path, "create", "site")["id"]

    (shown,) = run_json(quick_path, "list")["keys"]

    assert (shown["id"], shown["audience"], shown["scopes"]) == (id, "public", ["ask", "search"])
    assert int(shown["expires_at"][:4]) == int(shown["created_at"][:4]) + 1


def test_rotating_and_revoking(quick_path: Path) -> None:
    made = run_json(quick_path, "create", "desk")
    again = run_json(quick_path, "rotate", made["id"], "--grace-hours", "0")
    site = run_json(quick_path, "create-site", "help", "--origin", "https://help.example.com")["id"]
    run(quick_path, "origins", site, "--origin", "https://www.example.com")
    run(quick_path, "rotate", site)
    assert again["id"] == made["id"] and again["key"] != made["key"]

    for id in (made["id"], site):
        run(quick_path, "revoke", id)

    found = run_json(quick_path, "list")
    assert found["keys"][0]["revoked_at"] and found["sites"][0]["revoked_at"]
    assert found["sites"][0]["origins"] == ["https://www.example.com"] and "signing" not in found["sites"][0]
    acts = [act["act"] for act in run_json(quick_path, "log")["acts"]]
    assert acts[:2] == ["site key revoked", "key revoked"] and len(acts) == 7
    assert run(quick_path, "log").count("\n") == 7 and run(quick_path, "list").count("REVOKED") == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("create", "x", "--scope", "everything"), "Unknown scope everything"),
        (("create", "x", "--audience", "boss"), "'boss' is not a reader"),
        (("create", "x", "--rate", "often"), "'often' is not a rate"),
        (("create-site", "x"), "needs an origin"),
        (("revoke", "000000000000"), "no key 000000000000"),
        (("rotate", "site_000000000000"), "no site key site_000000000000"),
    ],
)
def test_what_is_wrong_is_named(quick_path: Path, words: tuple[str, ...], says: str) -> None:
    with pytest.raises(AccessError, match=says):
        run(quick_path, *words)
    assert run_json(quick_path, "list") == {"keys": [], "sites": [], "webhooks": []}


def test_a_webhook_is_made_rotated_and_revoked(quick_path: Path) -> None:
    made = run_json(quick_path, "create-webhook", "cms", "--audience", "public")
    again = run_json(quick_path, "rotate", made["id"])
    (shown,) = run_json(quick_path, "list")["webhooks"]
    assert (made["id"], shown["name"], shown["audience"], shown["tenant"]) == ("hook_cms", "cms", "public", "default")
    assert made["key"].startswith("whsec_") and again["key"] != made["key"]

    run(quick_path, "revoke", "hook_cms")

    listed, log = run(quick_path, "list"), run(quick_path, "log")
    assert "hook_cms" in listed and "REVOKED" in listed
    assert [line.split("  ")[2] for line in log.splitlines()] == [
        "webhook revoked",
        "webhook rotated",
        "webhook created",
    ]
    for secret in (made["key"], again["key"]):
        assert secret[6:] not in listed + log + json.dumps(shown)


@pytest.mark.parametrize("words", [("create-webhook", "C M S"), ("rotate", "hook_none"), ("revoke", "hook_none")])
def test_what_is_no_webhook_is_named(quick_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(AccessError, match="webhook"):
        run(quick_path, *words)
    run(quick_path, "create-webhook", "cms")
    with pytest.raises(AccessError, match="already"):
        run(quick_path, "create-webhook", "cms")
    assert without_secrets("sent whsec_YWJj+/= away") == "sent whsec_*** away"
