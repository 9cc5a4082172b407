"""Secrets at rest: the last test of a run searches everything that the others left behind."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import redis

from dispatch.tests.e2e import leaks
from dispatch.tests.e2e.browsers import Ledger
from dispatch.tests.e2e.scene import Scene
from scripts.sightline.stack import Stack


def hay(scene: Scene) -> Iterator[tuple[str, bytes]]:
    stack = scene.stack
    yield "database dump", leaks.dump(stack.database_url)
    yield "Redis", leaks.everything_in_redis(stack.redis_url)
    yield "Redis traffic", scene.town.redis_traffic.read_bytes()
    for log in sorted(stack.log_dir.iterdir()):
        yield log.name, log.read_bytes()


def test_no_secret_of_this_run_is_anywhere(scene: Scene) -> None:
    ledger = scene.town.ledger
    if not ledger.links:  # this file alone: make something to search for
        scene.live(scene.console())
        scene.close()
    assert ledger.links
    assert ledger.tokens
    assert ledger.cookies
    searched = list(hay(scene))
    sizes = ", ".join(f"{where} {len(content) // 1024} KB" for where, content in searched)
    scene.tell(
        f"{len(ledger.links)} links, {len(ledger.tokens)} tokens, {len(ledger.cookies)}"
        f" caller cookies in {sizes}"
    )
    assert {"web.log", "worker.log", "livekit.log", "postgres.log"} <= {w for w, _ in searched}
    found = leaks.search(searched, leaks.needles(ledger))
    assert not found, f"{len(found)} secrets at rest: {found[:10]}"


def test_the_same_search_finds_planted_ones(scene: Scene) -> None:
    planted = Ledger(
        links={secrets.token_urlsafe(16)},
        tokens={f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.{secrets.token_urlsafe(32)}"},
    )
    text = " ".join((*planted.links, *planted.tokens))
    stack = scene.stack
    note = stack.log_dir / "planted.log"
    url = stack.database_url.replace("postgis://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as db, redis.Redis.from_url(stack.redis_url) as bus:
        try:
            db.execute("CREATE TABLE planted (plain text, raw bytea)")
            db.execute("INSERT INTO planted VALUES (%s, %s)", (text, text.encode()))
            bus.rpush("planted", text)
            note.write_text(f"opened {text}\n")
            found = leaks.search(hay(scene), leaks.needles(planted))
        finally:
            db.execute("DROP TABLE IF EXISTS planted")
            bus.delete("planted")
            note.unlink(missing_ok=True)
    for where in ("database dump", "Redis", "Redis traffic", "planted.log"):
        assert {f"link 1 in {where}", f"token 1 in {where}"} <= set(found), found
    assert _only_bytes(stack, planted)


def _only_bytes(stack: Stack, planted: Ledger) -> bool:
    """A secret kept as bytes is found as well: PostgreSQL prints those in hexadecimal."""
    (secret,) = planted.links
    dumped = rb"\\x" + secret.encode().hex().encode()
    return bool(leaks.search([("bytes", dumped)], leaks.needles(planted)))
