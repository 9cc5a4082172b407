"""Ports on loopback or in the local network: free ones, and the same ones at the next start."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from .say import Trouble

# Below Linux's range for outgoing connections (32768 and up), so that no browser or
# database client takes a port between our choosing it and the part's binding it.
LOWEST, HIGHEST = 20000, 32000


def is_free(port: int, *, udp: bool = False, address: str = "") -> bool:
    """On loopback, and on `address` (IPv4) where one is given."""
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    places = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    if address:
        places.append((socket.AF_INET, address))
    for family, place in places:
        try:
            probe = socket.socket(family, kind)
        except OSError:
            continue  # a machine without IPv6
        with probe:
            if not udp:
                # Connections that linger in TIME_WAIT must not look like a taken port.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((place, port))
            except OSError as error:
                if error.errno == 99:  # EADDRNOTAVAIL: no ::1 here
                    continue
                return False
    return True


def listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class Ports:
    """The ports of one stack. With a file, choices are remembered across starts."""

    def __init__(self, file: Path | None = None, *, address: str = "") -> None:
        """`address`: one in the local network, on which the ports must be free as well."""
        self._address = address
        self._file = file
        self._remembered: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._claims: list[socket.socket] = []
        if file is not None and file.exists():
            try:
                self._remembered = {str(k): int(v) for k, v in json.loads(file.read_text()).items()}
            except (ValueError, AttributeError):
                self._remembered = {}

    def choose(self, name: str, *, prefer: Iterable[int] = (), udp: bool = False) -> int:
        for port in (self._remembered.get(name), *prefer):
            if port and self._claim(port, udp=udp):
                break
        else:
            port = self._random(udp=udp)
        self._taken[name] = port
        return port

    def insist(self, name: str, port: int) -> int:
        """The port the person asked for, or nothing."""
        if not 1 <= port <= 65535:
            raise Trouble(f"Port {port} does not exist; choose one from 1024 to 65535.")
        if not self._claim(port):
            raise Trouble(
                f"Port {port} is taken by another program; choose another, "
                "or leave PORT out and a free one is found."
            )
        self._taken[name] = port
        return port

    def remember(self) -> None:
        if self._file is not None:
            self._file.write_text(json.dumps(self._remembered | self._taken, indent=1) + "\n")

    def as_dict(self) -> dict[str, int]:
        return dict(self._taken)

    def adopt(self, ports: dict[str, int]) -> None:
        """Take over the ports of a stack that runs already."""
        self._taken = dict(ports)

    def __getitem__(self, name: str) -> int:
        return self._taken[name]

    def release(self) -> None:
        for claim in self._claims:
            claim.close()
        self._claims.clear()

    def _claim(self, port: int, *, udp: bool = False) -> bool:
        """Whether the port is free, and no other stack that is starting has chosen it.

        Seconds pass between choosing a port and its part's binding it. A name in the
        kernel's abstract namespace says meanwhile whose it is, and goes with the process.
        """
        if port in self._taken.values() or not self._is_free(port, udp=udp):
            return False
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0sightline-port-{port}")
        except OSError:
            claim.close()
            return False
        self._claims.append(claim)
        return True

    def _is_free(self, port: int, *, udp: bool) -> bool:
        return is_free(port, udp=udp, address=self._address)

    def _random(self, *, udp: bool) -> int:
        for _ in range(200):
            port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
            if self._claim(port, udp=udp):
                return port
        raise Trouble("No free loopback port found.", tried=f"200 between {LOWEST} and {HIGHEST}")
