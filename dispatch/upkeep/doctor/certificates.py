"""The certificates that phones and consoles will be shown."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db.utils import Error

from dispatch.calls.models import MediaNode
from dispatch.upkeep.doctor.examine import Seen, first_bad
from dispatch.upkeep.doctor.result import Result, State, failed, not_checked, ok, warning

CONNECT_S = 3.0
#: Warned of at the latest so many days before the end, or a fifth of the life before it:
#: who renews short-lived ones does so late.
WARN_DAYS = 14
DAY = 86_400

# OpenSSL's X509_V_ERR_…: what it says of a certificate it does not take.
EXPIRED, NOT_YET, OTHER_NAME, OTHER_ADDRESS = 10, 9, 62, 64
#: Nobody we know vouches for it.
STRANGERS = (2, 18, 19, 20, 21)


@dataclass(frozen=True)
class _Host:
    name: str
    port: int

    def __str__(self) -> str:
        return self.name if self.port == 443 else f"{self.name}:{self.port}"


def certificates(seen: Seen) -> Result:
    """Of the public address and of each node's: valid, for this name, trusted, and how long."""
    hosts = _hosts(seen)
    if not hosts:
        return not_checked("certificates", "No address here begins with https:// or wss://.")
    found = [_one(host) for host in hosts]
    order = (State.FAILED, State.WARNING, State.NOT_CHECKED, State.OK)
    worst = min(found, key=lambda result: order.index(result.state))
    said = " ".join(result.what for result in found if result.state is worst.state)
    facts = {str(host): result.facts for host, result in zip(hosts, found, strict=True)}
    return Result("certificates", worst.state, said, worst.todo, facts=facts)


def _hosts(seen: Seen) -> list[_Host]:
    urls = [settings.PUBLIC_ORIGIN]
    if first_bad(seen, ("database",)) is None:
        try:
            urls += MediaNode.objects.exclude(state=MediaNode.State.OFF).values_list(
                "url", flat=True
            )
        except Error:
            pass  # told by migrations and media
    hosts = []
    for url in urls:
        where = urlsplit(url)
        if where.scheme in ("https", "wss") and where.hostname:
            hosts.append(_Host(where.hostname, where.port or 443))
    return list(dict.fromkeys(hosts))


def _one(host: _Host) -> Result:
    system = ssl.create_default_context()
    try:
        return _lasting(host, _shown(host, system), by="")
    except ssl.SSLCertVerificationError as problem:
        code = problem.verify_code
    except ssl.SSLError:
        what = f"{host} does not speak TLS as browsers do."
        return failed("certificates", what, "See the TLS settings of the proxy before it.")
    except (OSError, ValueError):
        return not_checked("certificates", f"Nothing answers at {host}.")
    if code in STRANGERS and settings.TLS_AUTHORITY:
        return _by_our_own(host)
    return _bad(host, code)


def _by_our_own(host: _Host) -> Result:
    if not Path(settings.TLS_AUTHORITY).is_file():
        return failed(
            "certificates",
            f"The file of our own authority, {settings.TLS_AUTHORITY}, is not there.",
            "Correct TLS_AUTHORITY, or remove it.",
        )
    try:
        ours = ssl.create_default_context(cafile=settings.TLS_AUTHORITY)
        return _lasting(host, _shown(host, ours), by=" (our own authority)")
    except ssl.SSLCertVerificationError as problem:
        return _bad(host, problem.verify_code)
    except OSError:
        return not_checked("certificates", f"Nothing answers at {host}.")


def _shown(host: _Host, context: ssl.SSLContext) -> tuple[float, float]:
    """From when until when the certificate is valid. Raises as `ssl` does."""
    with (
        socket.create_connection((host.name, host.port), timeout=CONNECT_S) as plain,
        context.wrap_socket(plain, server_hostname=host.name) as secure,
    ):
        facts = secure.getpeercert() or {}
    begins, ends = str(facts["notBefore"]), str(facts["notAfter"])
    return float(ssl.cert_time_to_seconds(begins)), float(ssl.cert_time_to_seconds(ends))


def _lasting(host: _Host, valid: tuple[float, float], *, by: str) -> Result:
    begins, ends = valid
    left = (ends - time.time()) / DAY
    if left < min(WARN_DAYS, (ends - begins) / DAY / 5):
        return warning(
            "certificates",
            f"The certificate of {host}{by} ends in {_days(left)}.",
            "Renew it; see why it was not renewed by itself.",
            days_left=round(left, 1),
        )
    what = f"The certificate of {host}{by} is valid for {_days(left)} more."
    return ok("certificates", what, days_left=round(left, 1))


def _bad(host: _Host, code: int) -> Result:
    if code == EXPIRED:
        what, todo = f"The certificate of {host} has expired.", "Renew it now: phones refuse it."
    elif code == NOT_YET:
        what = f"The certificate of {host} is not valid yet."
        todo = "See whether this machine's clock is right; else use the certificate before it."
    elif code in (OTHER_NAME, OTHER_ADDRESS):
        what = f"The certificate shown at {host} is for another name."
        todo = "Get one for this name, or correct PUBLIC_ORIGIN or the node's address."
    elif code in STRANGERS:
        what = f"The certificate of {host} is from an authority that browsers do not know."
        todo = (
            "Use one from a public authority, with its whole chain; for an authority of your own"
            " set TLS_AUTHORITY to its PEM file and install it on the phones."
        )
    else:
        what = f"The certificate of {host} is refused (OpenSSL {code})."
        todo = "Get a new one."
    return failed("certificates", what, todo, openssl=code)


def _days(days: float) -> str:
    if days < 2:
        return f"{max(0.0, days) * 24:.0f} hours"
    return f"{days:.0f} days"
