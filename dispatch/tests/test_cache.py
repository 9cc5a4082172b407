"""The cache with and without Redis."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import caches
from django.test import Client

from dispatch.cache import ForgivingRedisCache
from dispatch.tests import factories

NOWHERE = "redis://127.0.0.1:1/0"


def test_with_redis_it_is_a_cache() -> None:
    cache, key = ForgivingRedisCache(settings.REDIS_URL, {}), secrets.token_hex(8)
    assert (cache.add(key, 1, 10), cache.add(key, 2, 10)) == (True, False)
    assert cache.get(key) == 1
    cache.set(key, 3, 10)
    assert cache.get(key) == 3
    assert (cache.delete(key), cache.delete(key)) == (True, False)


def test_without_redis_it_is_empty() -> None:
    cache = ForgivingRedisCache(NOWHERE, {"OPTIONS": {"socket_connect_timeout": 0.2}})
    assert cache.add("key", 1) is True
    assert cache.get("key", "default") == "default"
    cache.set("key", 1)
    assert cache.delete("key") is False


@pytest.mark.parametrize(
    ("trouble", "mend"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    ],
    ids=["full", "read-only"],
)
def test_a_redis_that_takes_nothing_is_as_good_as_none(
    trouble: tuple[str, ...], mend: tuple[str, ...]
) -> None:
    cache, key = ForgivingRedisCache(settings.REDIS_URL, {}), secrets.token_hex(8)
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        try:
            server.execute_command(*trouble)
            assert cache.add(key, 1) is True
            cache.set(key, 1)
            assert cache.get(key, "default") == "default"
        finally:
            server.execute_command(*mend)


def test_one_signs_in_without_redis(settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "dispatch.cache.ForgivingRedisCache", "LOCATION": NOWHERE}
    }
    assert caches["default"].get("x") is None
    person = factories.user(centre=factories.centre(), password="long enough to pass")
    fields = {"login": person.email, "password": "long enough to pass"}
    assert Client().post("/account/login/", fields)["Location"] == "/console/"
