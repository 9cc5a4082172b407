"""This machine in its local network: the address under which phones reach it."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from dataclasses import asdict, dataclass

from .say import Trouble

# Never sent to: connecting a UDP socket only asks the kernel which way it would go. The address
# is kept for documentation (RFC 5737), so nothing on the way there can be special.
FAR_AWAY = ("198.51.100.1", 9)
HINT = "say which one with LAN_IP=, for example: LAN_IP=192.168.1.20 make run-lan"


@dataclass(frozen=True)
class Lan:
    """`address` is IPv4; `name` is what mDNS calls this machine, "" where it has no fit name."""

    address: str
    name: str

    @property
    def names(self) -> tuple[str, ...]:
        """Every host name and address that pages and certificates are for."""
        return tuple(name for name in (self.address, self.name, "localhost", "127.0.0.1") if name)

    def as_dict(self) -> dict[str, str]:
        return asdict(self)

    def here(self) -> bool:
        """Whether the machine still has the address: networks change while laptops sleep."""
        return _is_ours(self.address)


def find() -> Lan:
    """The address of the default route, or the one in LAN_IP. Raises Trouble."""
    given = os.environ.get("LAN_IP", "").strip()
    address = _given(given) if given else _of_default_route()
    return Lan(address=address, name=_mdns_name(socket.gethostname()))


def _of_default_route() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(FAR_AWAY)
        except OSError:
            raise Trouble(
                "This machine has no way into a network, so no phone can reach it.",
                hint=f"join a network; or, if it has an address without a default route, {HINT}",
            ) from None
        address = str(probe.getsockname()[0])
    if ipaddress.ip_address(address).is_loopback:
        raise Trouble("The default route leads back to this machine.", hint=HINT)
    return address


def _given(text: str) -> str:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise Trouble(f"LAN_IP={text} is not an IPv4 address.", hint=HINT) from None
    if address.is_loopback or address.is_unspecified:
        raise Trouble(f"LAN_IP={text} is an address that no phone can reach.", hint=HINT)
    if not _is_ours(text):
        raise Trouble(
            f"LAN_IP={text} is not an address of this machine.",
            hint="`ip -4 address` lists those it has.",
        )
    return text


def _is_ours(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _mdns_name(host: str) -> str:
    label = host.split(".")[0].lower()
    return f"{label}.local" if re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label) else ""
