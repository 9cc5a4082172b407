"""A network of our own with two ends, in namespaces: the office, and a phone behind a slow link.

    office  lo, the stack and the dispatcher's browser; 198.18.77.1
      │     tbf: what goes to the phone
    wire    two interfaces and a process that delays every frame
      │     tbf: what comes from the phone
    phone   lo, the caller's browser; 198.18.77.2

Nothing in it leads anywhere else: neither end can reach the machine's network or the internet.
Needs root, for namespaces.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.sightline.paths import ROOT

CLONE_NEWNET = 0x40000000
OFFICE, PHONE = "198.18.77.1", "198.18.77.2"  # RFC 2544: set aside for measurements
CARDS = {OFFICE: "02:00:00:00:77:01", PHONE: "02:00:00:00:77:02"}


@dataclass(frozen=True)
class Link:
    """A mobile network as its user has it."""

    rtt_ms: float
    down_kbit: int
    up_kbit: int

    def __str__(self) -> str:
        down, up = self.down_kbit / 1000, self.up_kbit / 1000
        return f"{self.rtt_ms:g} ms RTT, {down:g} Mbit/s down, {up:g} up"


SLOW = Link(rtt_ms=150, down_kbit=1600, up_kbit=750)


def possible() -> bool:
    return os.geteuid() == 0 and all(shutil.which(name) for name in ("ip", "tc"))


class Lane:
    """As a context: this process, and all that it starts, is in the office from then on."""

    def __init__(self, link: Link) -> None:
        self.link = link
        mark = f"sl{os.getpid()}"
        self.office, self.wire, self.phone = f"{mark}-office", f"{mark}-wire", f"{mark}-phone"
        # Fifteen letters is all that an interface's name may have.
        self.interface = f"{mark}o"
        self._ends = (f"{mark}wo", f"{mark}wp")
        self._far = f"{mark}p"
        self._home = -1
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self._clear()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clear()

    def open(self, ports: list[int]) -> None:
        """Let the phone reach these loopback ports of the office as its own loopback ports.

        Its pages then have the very addresses that the office's have: a secure context, and
        answers compressed as over HTTPS, without a certificate.
        """
        numbers = [str(port) for port in ports]
        self._start("forward", OFFICE, "127.0.0.1", *numbers, inside=self.office)
        self._start("forward", "127.0.0.1", OFFICE, *numbers, inside=self.phone)

    def program(self, executable: str, folder: Path) -> str:
        """A program that is this one, on the phone."""
        ip = shutil.which("ip")
        path = folder / f"phone-{Path(executable).name}"
        path.write_text(f'#!/bin/sh\nexec {ip} netns exec {self.phone} {executable} "$@"\n')
        path.chmod(0o755)
        return str(path)

    def _build(self) -> None:
        for name in (self.office, self.wire, self.phone):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        near, far = self._ends
        # Made inside, so that no browser of this machine sees its network change.
        ip("-n", self.wire, "link", "add", near, "type", "veth", "peer", "name", self.interface)
        ip("-n", self.wire, "link", "add", far, "type", "veth", "peer", "name", self._far)
        ip("-n", self.wire, "link", "set", self.interface, "netns", self.office)
        ip("-n", self.wire, "link", "set", self._far, "netns", self.phone)
        for end in self._ends:
            ip("-n", self.wire, "link", "set", end, "up")
        self._start("wire", near, far, str(self.link.rtt_ms / 2), inside=self.wire)
        self._end(self.office, self.interface, OFFICE, PHONE, self.link.down_kbit)
        self._end(self.phone, self._far, PHONE, OFFICE, self.link.up_kbit)
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY)
        with Path("/run/netns", self.office).open() as office:
            enter(office.fileno())

    def _end(self, space: str, interface: str, own: str, other: str, kbit: int) -> None:
        command = ["ip", "netns", "exec", space, sys.executable, "-m", "bench.wire"]
        subprocess.run([*command, "--plain", interface], cwd=ROOT, check=True)
        ip("-n", space, "addr", "add", f"{own}/30", "dev", interface)
        ip("-n", space, "link", "set", interface, "address", CARDS[own], "up")
        # Known from the start: asking who has an address would cost the first packet a round trip.
        ip("-n", space, "neigh", "add", other, "lladdr", CARDS[other], "dev", interface)
        # Browsers find their own address by asking for a route to somewhere.
        ip("-n", space, "route", "add", "default", "via", other)
        for server in name_servers():  # nobody waits for an answer that cannot come
            ip("-n", space, "route", "add", "unreachable", server)
        shape = ["tbf", "rate", f"{kbit}kbit", "burst", "5kb", "latency", "500ms"]
        run("tc", "-n", space, "qdisc", "add", "dev", interface, "root", *shape)

    def _start(self, module: str, *arguments: str, inside: str) -> None:
        command = ["ip", "netns", "exec", inside, sys.executable, "-m", f"bench.{module}"]
        started = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self._running.append(started)
        assert started.stdout
        if not started.stdout.readline():
            raise RuntimeError(f"bench.{module} {' '.join(arguments)} did not start")

    def _clear(self) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait()
        if self._home >= 0:
            enter(self._home)
            os.close(self._home)
        for name in (self.office, self.wire, self.phone):
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("netns", "del", name)


def name_servers() -> set[str]:
    """The IPv4 addresses that this machine asks for names."""
    try:
        lines = Path("/etc/resolv.conf").read_text().splitlines()
    except FileNotFoundError:
        return set()
    words = [line.split() for line in lines if line.startswith("nameserver ")]
    found = {word[1] for word in words if len(word) > 1 and ":" not in word[1]}
    return {server for server in found if not server.startswith("127.")}


def enter(descriptor: int) -> None:
    """Move this thread, and what it starts, into a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def ip(*arguments: str) -> None:
    run("ip", *arguments)


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
