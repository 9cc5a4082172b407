"""Certificates of every kind, on a real proxy before web and media node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from scripts.sightline.stack import Stack
from scripts.tests.doctor import faults
from scripts.tests.doctor.ward import doctor, sql


@dataclass
class Tls:
    authority: faults.Authority
    web: faults.TlsRelay
    node: faults.TlsRelay
    env: dict[str, str]


@pytest.fixture(scope="module")
def tls(system: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tls]:
    authority = faults.Authority(tmp_path_factory.mktemp("authority"))
    good = authority.issue("localhost")
    web = faults.TlsRelay(to=system.ports["web"], certificate=good)
    node = faults.TlsRelay(to=system.ports["livekit"], certificate=good)
    node_at(system, f"wss://localhost:{node.port}")
    env = {"PUBLIC_ORIGIN": f"https://localhost:{web.port}", "TLS_AUTHORITY": str(authority.file)}
    try:
        yield Tls(authority, web, node, env)
    finally:
        node_at(system, system.livekit.url)
        web.close()
        node.close()


def node_at(stack: Stack, url: str) -> None:
    """Let browsers find the media node there."""
    sql(stack, f"\\set url '{url}'\nUPDATE calls_medianode SET url = :'url';")


def test_our_own_authority_is_good(system: Stack, tls: Tls) -> None:
    said = doctor(system, **tls.env)
    said.blames()
    facts = said.part("certificates")["facts"]
    assert [round(each["days_left"]) for each in facts.values()] == [90, 90]
    assert said.part("media.local.tcp")["facts"]["pairs"] == ["tcp", "tcp"]


@pytest.mark.parametrize(
    ("name", "days", "words"),
    [
        ("localhost", {"begins": -90, "ends": -1}, "has expired"),
        ("elsewhere.example", {}, "is for another name"),
    ],
    ids=["expired", "wrong name"],
)
def test_certificate_bad(
    system: Stack, tls: Tls, name: str, days: dict[str, float], words: str
) -> None:
    tls.web.show(tls.authority.issue(name, **days))
    try:
        said = doctor(system, "--no-call", **tls.env)
    finally:
        tls.web.show(tls.authority.issue("localhost"))
    said.blames("certificates")
    assert f"localhost:{tls.web.port}" in said.sentence("certificates")
    assert words in said.sentence("certificates")


def test_certificate_untrusted(system: Stack, tls: Tls) -> None:
    said = doctor(system, **tls.env | {"TLS_AUTHORITY": ""})
    said.blames("certificates")
    assert "authority that browsers do not know" in said.sentence("certificates")
    assert f"localhost:{tls.node.port}" in said.sentence("certificates")


def test_certificate_ends_soon(system: Stack, tls: Tls) -> None:
    tls.node.show(tls.authority.issue("localhost", begins=-80, ends=3))
    try:
        said = doctor(system, "--only", "certificates", **tls.env)
    finally:
        tls.node.show(tls.authority.issue("localhost"))
    assert (said.parts("warning"), said.code) == ({"certificates"}, 0)
    assert "ends in 3 days" in said.sentence("certificates")
