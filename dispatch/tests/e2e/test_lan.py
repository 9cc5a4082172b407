"""`make run-lan`: the whole job over HTTPS on this machine's own network address."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.browsers import Browsers
from dispatch.tests.e2e.lab import Lab
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.scene import Scene, Town
from scripts.sightline import lan
from scripts.sightline.paths import VAR
from scripts.sightline.say import Trouble
from scripts.sightline.stack import Stack

FORGED = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsYW4tdGVzdCJ9." + "x" * 43


class NetworkTown(Town):
    """Everything a browser may ask for is on one host."""

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(self.origin).netloc}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Outside:
    """Requests without a browser: nothing is redirected, and certificates are checked."""

    def __init__(self, authority: Path) -> None:
        context = ssl.create_default_context(cafile=str(authority))

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_: object) -> None:
                """A redirect is an answer like any other."""

        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), Stay()
        )

    def ask(self, url: str, *, data: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, data=data, headers=named)  # noqa: S310
        try:
            with self._opener.open(request, timeout=10) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Stack]:
    try:
        place = lan.find()
    except Trouble as trouble:
        pytest.skip(str(trouble))
    with Stack(tmp_path / "stack", port=0, lan=place) as stack:
        yield stack


@pytest.fixture
def street(network: Stack, browsers: Browsers, lab: Lab, tmp_path: Path) -> Iterator[Scene]:
    """Browsers that trust the authority as a phone does, and nothing else of the sort."""
    assert network.caddy.certificates
    home = trusting(tmp_path / "home", network.caddy.certificates.authority)
    assert network.lan
    own = Browsers(browsers.playwright, VAR / "e2e/media", host=network.lan.address, home=home)
    acting = Scene(NetworkTown(network, own, lab, tmp_path / "unused"))
    yield acting
    strangers, broken = acting.strangers(), acting.broken()
    acting.close()
    own.close()
    assert not strangers, f"requests beyond our own host: {strangers[:5]}"
    assert not broken, f"uncaught on a page: {broken[:5]}"


def trusting(home: Path, authority: Path) -> Path:
    """A home directory whose Chromium trusts this authority for servers."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    certutil = shutil.which("certutil")
    assert certutil, "certutil is missing: `make test` installs it (apt install libnss3-tools)"
    where = ["-d", f"sql:{store}"]
    subprocess.run([certutil, *where, "-N", "--empty-password"], check=True)
    added = ["-A", "-n", "sightline", "-t", "C,,", "-i", str(authority)]
    subprocess.run([certutil, *where, *added], check=True)
    return home


def test_a_phone_of_the_network_becomes_the_caller(street: Scene, network: Stack) -> None:
    assert network.lan
    console = street.console()
    number = street.new_number()
    console.send_by_keyboard(number)
    call = console.call_id(number)
    console.until_stage(call, "delivered")
    console.select(number)

    # The link comes from the screen: no text of the demo phone leaves this machine.
    link = console.api(f"calls/{call}/show-link/", "POST", {})["link"]
    assert link.startswith(f"{street.origin}/demo#")
    caller = street.caller(link)
    caller.seated()
    watch = console.watch()
    caller.tap()
    watch.until_moving(RED, frames=30)
    caller.until("live")
    console.until_position(41.2689, -72.9151)
    for page in (console.page, caller.page):
        for pair in sight.assert_udp(page, network.livekit.udp_port):
            assert pair["remote_address"] == network.lan.address, pair

    # One origin for pages and signalling, the client's newest path, and its long query.
    signalling = [url for visit in street.visits for url in visit.urls if "/rtc" in url]
    assert signalling
    assert {urlsplit(url).netloc for url in signalling} == {urlsplit(street.origin).netloc}
    longest = max((url for url in signalling if "/rtc/v1?" in url), key=len, default="")
    assert len(longest) > 2000, f"no long /rtc/v1 query among {[u[:60] for u in signalling]}"
    insecure = [c["name"] for c in caller.page.context.cookies() if not c["secure"]]
    insecure += [c["name"] for c in console.page.context.cookies() if not c["secure"]]
    assert not insecure

    check_the_edges(console.page, network, street.origin)


def check_the_edges(page: Page, network: Stack, origin: str) -> None:
    """What the network may ask for, and what it may not; `page` is any page of the test's."""
    assert network.lan
    assert network.caddy.certificates
    made = network.caddy.certificates
    outside = Outside(made.authority)
    home = f"https://localhost:{network.ports['lan']}"

    login = outside.ask(f"{origin}/account/login/")
    assert login.status == 200
    assert "Strict-Transport-Security" not in login.headers

    # Texts with links: for this machine alone, whatever a request says of where it comes from.
    for path in ("/demo/phone/", "/demo/phone/texts.json"):
        assert outside.ask(home + path).status == 200
        assert outside.ask(origin + path).status == 404
        assert outside.ask(origin + path, X_Forwarded_For="127.0.0.1").status == 404

    # Webhooks: from this machine alone; without TLS, and not sent elsewhere.
    assert outside.ask(f"{origin}/lk/webhook", data=b"{}").status == 404
    direct = f"http://127.0.0.1:{network.ports['web']}"
    assert outside.ask(f"{direct}/lk/webhook", data=b"{}").status == 401
    assert outside.ask(f"{direct}/console/").status == 301

    # Figures likewise, for whoever runs this.
    assert outside.ask(f"{origin}/metrics").status == 404
    assert outside.ask(f"{direct}/metrics").status == 200
    assert outside.ask(f"{direct}/metrics", X_Forwarded_For="127.0.0.1").status == 404

    # The plain address gives the public half of the authority and its page, and nothing else.
    trust = network.caddy.trust_url
    plain = outside.ask(trust)
    assert plain.headers["Content-Type"].startswith("text/html")
    assert made.fingerprint in plain.body.decode()
    assert not re.search(r"\$\w", plain.body.decode())
    certificate = outside.ask(f"{trust}sightline.crt")
    assert certificate.headers["Content-Type"] == "application/x-x509-ca-cert"
    assert certificate.body == made.der
    for path in ("index.html", "server.key", "../certificates/sightline-ca.key", "console/"):
        assert outside.ask(trust + path).status in (301, 404), path
    for file in made.key.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file

    # A media server that is away leaves no token in the log of what stands before it.
    network.livekit.stop()
    assert outside.ask(f"{origin}/rtc?access_token={FORGED}").status == 502

    def noted() -> str:  # it answers first, and writes its log after that
        said = network.caddy.log.read_text()
        return said if "dial tcp" in said else ""

    assert FORGED not in sight.until(page, noted, "a line about the server that is away")
    network.livekit.start()
    network.livekit.wait_ready()
