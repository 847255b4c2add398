"""Keys are the same on SQLite and on PostgreSQL: made, checked, rotated, ended; and nothing that could open a door is kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, inspect, text

from brain.errors import AccessError, KeyRefusedError
from brain.keys.audit import Audit
from brain.keys.secret import Secret, new_secret, secret_of, without_secrets
from brain.keys.sites import Site, Sites, exact_origin
from brain.keys.store import Keys
from brain.keys.tokens import issue, visitor_of
from brain.settings import Settings

PAGE = "https://help.example.com"


@pytest.fixture
def keys(place: Settings) -> Iterator[Keys]:
    opened = Keys(place)
    yield opened
    opened.close()


@pytest.fixture
def sites(place: Settings) -> Iterator[Sites]:
    opened = Sites(place)
    yield opened
    opened.close()


def make(keys: Keys, expires_at: datetime | None = None) -> Secret:
    return keys.create("x", ["ask"], tenant="acme", audience="agent", actor="me", expires_at=expires_at)


def refused(keys: Keys, presented: str) -> str:
    with pytest.raises(KeyRefusedError) as caught:
        keys.check(presented)
    return str(caught.value)


def test_several_may_open_an_empty_database_at_once(place: Settings) -> None:
    def open_and_close() -> bool:
        opened = Keys(place)
        found = opened.any()
        opened.close()
        return found

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(lambda _: open_and_close(), range(8)))


def test_a_key_opens_what_it_was_made_for(keys: Keys) -> None:
    assert not keys.any()
    made = keys.create("desk", ["ask", "search"], tenant="acme", audience="agent", actor="me", rate="5/day")

    key = keys.check(str(made))

    assert (key.id, key.name, key.tenant, key.audience, key.scopes) == (
        made.id,
        "desk",
        "acme",
        "agent",
        ("ask", "search"),
    )
    assert (key.rate, key.expires_at, key.last_used) == ("5/day", None, None)
    assert keys.any() and keys.all() == [key]


def test_another_secret_and_another_id_open_nothing(keys: Keys) -> None:
    one, two = make(keys), make(keys)

    for wrong in (Secret(one.id, two.secret), new_secret(one.id), new_secret(), "brain_", f"{one} ", str(one)[:-1], ""):
        assert refused(keys, str(wrong)) == "This key is not valid."


def test_an_expired_key_is_told_so_only_to_who_knows_it(keys: Keys) -> None:
    over, still = (make(keys, datetime.now(UTC) + timedelta(seconds=seconds)) for seconds in (-1, 60))

    assert refused(keys, str(over)) == "This key is expired."
    assert refused(keys, str(new_secret(over.id))) == "This key is not valid."
    assert keys.check(str(still)).expires_at


def test_after_a_rotation_the_old_secret_is_good_for_the_grace_time_only(keys: Keys) -> None:
    first = make(keys)
    second = keys.rotate(first.id, "me", timedelta(hours=1))
    assert keys.check(str(first)) == keys.check(str(second))

    third = keys.rotate(first.id, "me", timedelta(0))

    assert keys.check(str(third)).id == first.id
    for ended in (first, second):
        assert refused(keys, str(ended)) == "This key is not valid."


def test_a_revoked_key_is_refused_and_stays_revoked(keys: Keys) -> None:
    made = make(keys)
    rotated = keys.rotate(made.id, "me")
    keys.revoke(made.id, "me")

    for secret in (made, rotated):
        assert refused(keys, str(secret)) == "This key is revoked."
    with pytest.raises(AccessError, match="is revoked"):
        keys.rotate(made.id, "me")
    assert keys.any()  # so that the service doesn't open to everyone


def test_the_last_use_is_kept(keys: Keys) -> None:
    made = make(keys)
    keys.used(made.id, datetime(2026, 5, 12, 10, tzinfo=UTC))

    assert keys.check(str(made)).last_used == "2026-05-12T10:00:00+00:00"


def test_the_database_holds_no_secret(keys: Keys, place: Settings) -> None:
    made = make(keys)
    secrets = [made.secret, keys.rotate(made.id, "me").secret]

    engine = create_engine(place.state_url or f"sqlite:///{place.home / 'state.db'}")
    with engine.connect() as connection:
        rows = [
            str(row)
            for name in inspect(engine).get_table_names()
            for row in connection.execute(text(f"SELECT * FROM {name}"))
        ]
    engine.dispose()

    assert len(rows) >= 3
    assert not any(secret in row for secret in secrets for row in rows)
    assert not any(secret in repr(keys.all()) for secret in secrets)


def test_who_did_what_is_remembered_newest_first(keys: Keys, sites: Sites, place: Settings) -> None:
    made = make(keys)
    keys.rotate(made.id, "anne")
    keys.revoke(made.id, "paul")
    site = sites.create("help", [PAGE], tenant="acme", actor="anne")
    sites.allow(site.id, ["https://other.example.com"], "anne")
    sites.rotate(site.id, "anne")
    sites.revoke(site.id, "anne")
    with pytest.raises(AccessError):
        keys.revoke("nothing", "paul")

    audit = Audit(place)
    acts = audit.acts()
    audit.close()

    assert [(act["actor"], act["act"], act["subject"]) for act in reversed(acts)] == [
        ("me", "key created", made.id),
        ("anne", "key rotated", made.id),
        ("paul", "key revoked", made.id),
        ("anne", "site key created", site.id),
        ("anne", "site key's origins changed", site.id),
        ("anne", "site key rotated", site.id),
        ("anne", "site key revoked", site.id),
    ]
    assert acts[-1]["details"] | {"name": "x", "tenant": "acme", "scopes": ["ask"]} == acts[-1]["details"]
    assert site.signing not in str(acts)


def test_a_token_is_good_on_its_page_for_its_time(sites: Sites) -> None:
    site = sites.create("help", [PAGE], tenant="acme", actor="me")
    token = issue(site, PAGE, timedelta(minutes=1))

    visitor = visitor_of(token, PAGE, sites.get)

    assert visitor.site == site and len(visitor.id) == 32
    for origin in (
        "",
        "null",
        "https://evil.example.com",
        "http://help.example.com",
        f"{PAGE}:8443",
        f"{PAGE}.evil.com",
    ):
        with pytest.raises(KeyRefusedError):
            visitor_of(token, origin, sites.get)
        with pytest.raises(KeyRefusedError):
            issue(site, origin, timedelta(minutes=1))


def forged(site: Site, other: Site, token: str) -> Iterator[str]:
    now = datetime.now(UTC)
    claims = {"sub": site.id, "origin": PAGE, "jti": "1", "iat": now, "exp": now + timedelta(hours=1)}
    kid = {"kid": site.id}
    yield jwt.encode(claims, "another secret, also of 32 bytes or so", "HS256", headers=kid)
    yield jwt.encode(claims, "", "none", headers=kid)
    yield jwt.encode(claims, other.signing, "HS256", headers={"kid": other.id})
    yield jwt.encode(claims, site.signing, "HS256")
    yield jwt.encode(claims, site.signing * 2, "HS512", headers=kid)
    yield jwt.encode(claims | {"exp": now - timedelta(seconds=1)}, site.signing, "HS256", headers=kid)
    yield jwt.encode(claims | {"iat": now + timedelta(hours=1)}, site.signing, "HS256", headers=kid)
    for absent in claims:
        rest = {name: value for name, value in claims.items() if name != absent}
        yield jwt.encode(rest, site.signing, "HS256", headers=kid)
    head, body, signature = token.split(".")
    yield f"{head}.{body}.{signature[:-2]}AA"
    yield f"{head}.{body}."
    yield from ("", "a.b.c", site.id, "eyJ.eyJ.x")


def test_forged_and_expired_tokens_are_refused(sites: Sites) -> None:
    site, other = (sites.create(name, [PAGE], tenant="acme", actor="me") for name in ("one", "two"))
    for token in forged(site, other, issue(site, PAGE, timedelta(minutes=1))):
        with pytest.raises(KeyRefusedError):
            visitor_of(token, PAGE, sites.get)


def test_changed_origins_a_rotation_and_a_revocation_end_tokens(sites: Sites) -> None:
    site = sites.create("help", [PAGE, "http://localhost:8000"], tenant="acme", actor="me")
    token, local = (issue(site, origin, timedelta(minutes=1)) for origin in (PAGE, "http://localhost:8000"))
    sites.allow(site.id, [PAGE], "me")
    assert visitor_of(token, PAGE, sites.get).site.origins == (PAGE,)
    with pytest.raises(KeyRefusedError):
        visitor_of(local, "http://localhost:8000", sites.get)

    sites.rotate(site.id, "me")
    with pytest.raises(KeyRefusedError):
        visitor_of(token, PAGE, sites.get)

    current = sites.get(site.id)
    assert current and sites.origins() == {PAGE}
    newer = issue(current, PAGE, timedelta(minutes=1))
    sites.revoke(site.id, "me")
    with pytest.raises(KeyRefusedError):
        visitor_of(newer, PAGE, sites.get)
    assert sites.get(site.id) is None and sites.origins() == frozenset() and sites.any()


@pytest.mark.parametrize(
    ("given", "exact"),
    [
        ("https://Help.Example.com", "https://help.example.com"),
        ("https://help.example.com:443/", "https://help.example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://santé.example.fr", "https://xn--sant-epa.example.fr"),
    ],
)
def test_origins_are_written_as_browsers_send_them(given: str, exact: str) -> None:
    assert exact_origin(given) == exact


WRONG = (
    "* https:// https://*.a.com a.com null https://a.com/x https://a.com?x ftp://a.com https://u@a.com https://a.com:x"
)


@pytest.mark.parametrize("wrong", [*WRONG.split(), ""])
def test_what_is_not_one_origin_is_refused(wrong: str, sites: Sites) -> None:
    with pytest.raises(AccessError, match="is not an origin"):
        sites.create("x", [wrong], tenant="acme", actor="me")
    assert not sites.any()


@given(st.text(max_size=100))
def test_no_text_but_a_key_is_taken_for_one(presented: str) -> None:
    found = secret_of(presented)
    assert found is None or str(found) == presented


def test_secrets_are_taken_out_of_what_is_logged() -> None:
    made, token = new_secret(), jwt.encode({"sub": "x"}, "k" * 32, "HS256")
    text_ = without_secrets(f"Bearer {made}, Bearer {token} and site_0123456789ab")

    assert made.secret not in text_ and token.split(".")[2] not in text_
    assert made.id in text_ and "site_0123456789ab" in text_
