"""A certificate authority of one's own, for the pages that phones in the local network open.

Phones give camera and position to HTTPS pages only, and nobody sells certificates for private
addresses. A phone that trusts this authority trusts it for private addresses and `.local` names
alone: its name constraints (RFC 5280, 4.2.1.10) make it useless against anybody's bank.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import shutil
import ssl
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .lan import Lan
from .paths import private_dir
from .say import Trouble

NAME = "sightline-ca.crt"
# Phones have to be told anew when it ends, so it lasts; Apple takes up to 825 days.
AUTHORITY_DAYS = 825
RENEW_AUTHORITY_DAYS = 60
# Made at every start, so only a run that lasts longer than this would outlive it.
LEAF_DAYS = 397
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")


@dataclass(frozen=True)
class Certificates:
    """Files: the authority (PEM), and the server's certificate and key. `fresh`: just made."""

    authority: Path
    certificate: Path
    key: Path
    fresh: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the authority, as phones show it."""
        digest = hashlib.sha256(self.der).hexdigest().upper()
        return " ".join(digest[at : at + 2] for at in range(0, 64, 2))

    @property
    def der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.authority.read_text())


def certificates(directory: Path, *, lan: Lan) -> Certificates:
    """A certificate for all names of this machine, by the directory's own authority.

    That is made where missing, and replaced when it nears its end or is not allowed to speak for
    the machine's address. Raises Trouble when openssl is missing or refuses.
    """
    private_dir(directory)
    authority, key = directory / NAME, directory / "sightline-ca.key"
    made = False
    if not (authority.exists() and key.exists()) or _ends_soon(authority):
        _make_authority(authority, key, lan=lan)
        made = True
    leaf = _make_leaf(authority, key, directory, names=lan.names)
    if not _holds(authority, leaf, lan.address):
        if made:
            raise Trouble(f"The new certificate for {lan.address} does not hold.", hint=_again(key))
        _make_authority(authority, key, lan=lan)
        made = True
        leaf = _make_leaf(authority, key, directory, names=lan.names)
    return Certificates(authority, leaf, directory / "server.key", fresh=made)


def _make_authority(authority: Path, key: Path, *, lan: Lan) -> None:
    day = time.strftime("%Y-%m-%d")
    place = f" on {lan.name.removesuffix('.local')}" if lan.name else ""
    with tempfile.TemporaryDirectory(dir=authority.parent, prefix="new-") as directory:
        new = Path(directory)
        config = new / "config"
        config.write_text(
            "[req]\nprompt = no\ndistinguished_name = dn\nx509_extensions = ca\n"
            f"[dn]\nCN = Sightline{place[:40]}, {day}\n"
            "[ca]\nbasicConstraints = critical, CA:TRUE, pathlen:0\n"
            "keyUsage = critical, keyCertSign\n"
            "subjectKeyIdentifier = hash\n"
            f"nameConstraints = critical, {_constraints(lan.address)}\n"
        )
        files = ("-keyout", str(new / "key"), "-out", str(new / "crt"))
        validity = ("-days", str(AUTHORITY_DAYS), "-set_serial", _serial())
        _openssl("req", "-x509", *CURVE, "-config", str(config), *files, *validity)
        (new / "key").replace(key)
        (new / "crt").replace(authority)


def _make_leaf(authority: Path, key: Path, directory: Path, *, names: tuple[str, ...]) -> Path:
    with tempfile.TemporaryDirectory(dir=directory, prefix="new-") as scratch:
        new = Path(scratch)
        config = new / "config"
        config.write_text(
            "[req]\nprompt = no\ndistinguished_name = dn\n"
            "[dn]\nCN = Sightline\n"
            "[leaf]\nbasicConstraints = critical, CA:FALSE\n"
            "keyUsage = critical, digitalSignature\n"
            "extendedKeyUsage = serverAuth\n"  # Apple refuses certificates without it
            "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
            f"subjectAltName = {', '.join(map(_subject, names))}\n"
        )
        with_config = ("-config", str(config))
        request = ("-keyout", str(new / "key"), "-out", str(new / "csr"))
        _openssl("req", "-new", *CURVE, *with_config, *request)
        _openssl(
            *("x509", "-req", "-in", str(new / "csr"), "-out", str(new / "crt")),
            *("-CA", str(authority), "-CAkey", str(key), "-set_serial", _serial()),
            *("-days", str(LEAF_DAYS), "-extfile", str(config), "-extensions", "leaf"),
        )
        (new / "key").replace(directory / "server.key")
        (new / "crt").replace(directory / "server.crt")
    return directory / "server.crt"


def _constraints(address: str) -> str:
    networks = [ipaddress.ip_network(network) for network in (*PRIVATE, "127.0.0.0/8")]
    own = ipaddress.ip_address(address)
    if not any(own in network for network in networks):
        networks.append(ipaddress.ip_network(f"{address}/32"))
    allowed = [f"permitted;IP:{net.network_address}/{net.netmask}" for net in networks]
    return ", ".join([*allowed, "permitted;DNS:local", "permitted;DNS:localhost"])


def _subject(name: str) -> str:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return f"DNS:{name}"
    return f"IP:{name}"


def _ends_soon(authority: Path) -> bool:
    seconds = str(RENEW_AUTHORITY_DAYS * 86400)
    command = [_program(), "x509", "-checkend", seconds, "-noout", "-in", str(authority)]
    return subprocess.run(command, capture_output=True, check=False).returncode != 0  # noqa: S603


def _holds(authority: Path, leaf: Path, address: str) -> bool:
    """As a browser judges it: signed by the authority, within its constraints, for the address."""
    judge = ("-CAfile", str(authority), "-purpose", "sslserver", "-verify_ip", address)
    command = [_program(), "verify", "-no-CApath", "-no-CAstore", *judge, str(leaf)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def _serial() -> str:
    return str(secrets.randbits(127) + 1)


def _openssl(*arguments: str) -> None:
    done = subprocess.run(  # noqa: S603
        [_program(), *arguments], capture_output=True, text=True, check=False, umask=0o077
    )
    if done.returncode != 0:
        raise Trouble(
            "A certificate could not be made.",
            tried=f"openssl {arguments[0]}",
            detail=done.stderr.strip()[-800:],
            hint="see the lines above.",
        )


def _program() -> str:
    program = shutil.which("openssl")
    if program is None:
        raise Trouble("openssl is missing.", hint="apt-get install openssl")
    return program


def _again(key: Path) -> str:
    return f"remove {key.parent} and start again."
