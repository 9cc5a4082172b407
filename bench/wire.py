"""A wire with delay: hands every frame from one interface to the other, a fixed time later.

    python -m bench.wire NEAR FAR MILLISECONDS
    python -m bench.wire --plain INTERFACE

Run inside the network namespace that holds both interfaces. The second form makes an interface
send whole packets with their checksums: what a virtual one leaves undone for a kernel that
receives it would reach a raw socket as it is, and be thrown away at the other end.
"""

from __future__ import annotations

import array
import fcntl
import heapq
import itertools
import select
import socket
import struct
import sys
import time

ALL_PROTOCOLS = 0x0003
BUFFER = 4 << 20  # bytes a socket may hold while we are elsewhere
SO_RCVBUFFORCE = 33
SIOCETHTOOL = 0x8946
# Set to zero: receive and send checksums, scatter-gather, segmentation by the receiver.
SWITCHES = (0x15, 0x17, 0x19, 0x1F, 0x24, 0x2C)  # RXCSUM, TXCSUM, SG, TSO, GSO, GRO


def plain(interface: str) -> None:
    """Turn off what only pretends to send."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for switch in SWITCHES:
            value = array.array("B", struct.pack("II", switch, 0))
            request = struct.pack("16sP", interface.encode(), value.buffer_info()[0])
            try:
                fcntl.ioctl(control.fileno(), SIOCETHTOOL, request)
            except OSError as error:
                if error.errno != 95:  # EOPNOTSUPP: it has no such thing, so it is off
                    raise


def tap(interface: str) -> socket.socket:
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    found.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    found.bind((interface, 0))
    found.setblocking(False)
    return found


def carry(near: socket.socket, far: socket.socket, delay: float) -> None:
    """For ever. `delay` in seconds, each way; order is kept."""
    other = {near: far, far: near}
    waiting: list[tuple[float, int, socket.socket, bytes]] = []
    number = itertools.count()
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, out, frame = heapq.heappop(waiting)
            try:
                out.send(frame)
            except OSError:
                continue  # its queue is full or its end is down: a wire loses frames
        wait = waiting[0][0] - now if waiting else None
        ready, _, _ = select.select([near, far], [], [], wait)
        for source in ready:
            while True:
                try:
                    frame, origin = source.recvfrom(65535)
                except BlockingIOError:
                    break
                if origin[2] != socket.PACKET_OUTGOING:
                    due = time.monotonic() + delay
                    heapq.heappush(waiting, (due, next(number), other[source], frame))


def main(arguments: list[str]) -> None:
    if arguments[0] == "--plain":
        plain(arguments[1])
        return
    near, far, milliseconds = arguments
    for end in (near, far):
        plain(end)
    sockets = tap(near), tap(far)
    sys.stdout.write("carrying\n")
    sys.stdout.flush()
    carry(*sockets, float(milliseconds) / 1000)


if __name__ == "__main__":
    main(sys.argv[1:])
