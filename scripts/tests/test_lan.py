"""The address in the network, the certificate authority, and the codes of `make run-lan`."""

from __future__ import annotations

import shutil
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from scripts.sightline import authority, lan
from scripts.sightline.codes import BORDER, HALVES, OFF, ON, lines
from scripts.sightline.lan import Lan
from scripts.sightline.livekit import LiveKit
from scripts.sightline.ports import is_free
from scripts.sightline.say import Trouble

HOME = Lan(address="192.168.7.20", name="desk.local")
PUBLIC = Lan(address="203.0.113.7", name="desk.local")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("somewhere", "is not an IPv4 address"),
        ("fe80::1", "is not an IPv4 address"),
        ("127.0.0.1", "no phone can reach"),
        ("0.0.0.0", "no phone can reach"),  # noqa: S104 - refused
        ("203.0.113.7", "is not an address of this machine"),
    ],
)
def test_an_address_that_cannot_work_is_one_clear_line(
    given: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAN_IP", given)
    with pytest.raises(Trouble) as caught:
        lan.find()
    assert said in str(caught.value)
    assert caught.value.hint


def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAN_IP", raising=False)

    class Alone(socket.socket):
        def connect(self, address: object) -> None:
            raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", Alone)
    with pytest.raises(Trouble, match="no way into a network"):
        lan.find()


def test_a_name_that_is_no_host_name_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert HOME.names == ("192.168.7.20", "desk.local", "localhost", "127.0.0.1")
    for host, name in (("Desk-2.example", "desk-2.local"), ("my_desk", ""), ("", "")):
        monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
        monkeypatch.setattr(lan, "_of_default_route", lambda: "192.168.7.20")
        monkeypatch.delenv("LAN_IP", raising=False)
        assert lan.find() == Lan(address="192.168.7.20", name=name)


def test_ports_have_to_be_free_in_the_network_too() -> None:
    # Any address of this machine but 127.0.0.1 will do for one.
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert is_free(port)
        assert not is_free(port, address="127.0.0.2")


def test_the_authority_is_kept_and_the_server_gets_a_new_certificate(tmp_path: Path) -> None:
    first = authority.certificates(tmp_path, lan=HOME)
    assert first.fresh
    ours, server = first.fingerprint, first.certificate.read_bytes()
    again = authority.certificates(tmp_path, lan=Lan(address="10.1.2.3", name="desk.local"))
    assert (again.fresh, again.fingerprint) == (False, ours)
    assert again.certificate.read_bytes() != server
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_an_authority_that_may_not_speak_for_the_address_is_replaced(tmp_path: Path) -> None:
    first = authority.certificates(tmp_path, lan=HOME).fingerprint
    moved = authority.certificates(tmp_path, lan=PUBLIC)
    assert moved.fresh
    assert moved.fingerprint != first
    assert not authority.certificates(tmp_path, lan=PUBLIC).fresh


def test_an_authority_near_its_end_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority, "AUTHORITY_DAYS", authority.RENEW_AUTHORITY_DAYS - 1)
    first = authority.certificates(tmp_path, lan=HOME).fingerprint
    monkeypatch.undo()
    second = authority.certificates(tmp_path, lan=HOME)
    assert second.fresh
    assert second.fingerprint != first
    assert not authority.certificates(tmp_path, lan=HOME).fresh


def test_the_authority_is_useless_against_other_names(tmp_path: Path) -> None:
    """Whoever steals its key can forge no website of the internet."""
    made = authority.certificates(tmp_path, lan=HOME)
    forged = authority._make_leaf(
        made.authority, tmp_path / "sightline-ca.key", tmp_path, names=("bank.example",)
    )
    openssl = shutil.which("openssl")
    assert openssl
    judged = subprocess.run(
        [openssl, "verify", "-no-CApath", "-no-CAstore", "-CAfile", made.authority, forged],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode != 0
    assert "permitted subtree violation" in judged.stderr


def test_media_is_offered_in_one_place(tmp_path: Path) -> None:
    import json

    def rtc(address: str) -> dict[str, object]:
        server = LiveKit(
            base=tmp_path,
            port=1,
            tcp_port=2,
            udp_port=3,
            keys="key:secret",
            webhook="http://127.0.0.1:4/lk/webhook",
            log_dir=tmp_path,
            address=address,
        )
        server.prepare()
        settings = json.loads(server.config.read_text())
        assert settings["bind_addresses"] == ["127.0.0.1"]  # signalling: by the TLS host only
        found: dict[str, object] = settings["rtc"]
        return found

    assert rtc("")["node_ip"] == "127.0.0.1"
    assert rtc("192.168.7.20")["node_ip"] == "192.168.7.20"
    assert rtc("192.168.7.20")["ips"] == {"includes": ["192.168.7.20/32"]}


def test_a_code_on_the_terminal_is_the_whole_matrix() -> None:
    import segno

    url = "https://192.168.7.20:8443/console/"
    drawn = lines(url)
    parts = {character: bits for bits, character in HALVES.items()}
    read: list[list[int]] = []
    for line in drawn:
        bits = [parts[character] for character in line.removeprefix(ON).removesuffix(OFF)]
        read += [[top for top, _ in bits], [bottom for _, bottom in bits]]
    code = segno.make(url, error="l", micro=False)
    wanted = [[int(bit) for bit in row] for row in code.matrix_iter(border=BORDER)]
    assert read[: len(wanted)] == wanted
    assert all(len(line) == len(drawn[0]) for line in drawn)
