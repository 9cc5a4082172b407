"""`make run`: install what is missing, start everything, say where it is, stay until Ctrl-C.

`make run-lan` is the same for the phones of the local network, over HTTPS.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import lan as network
from .install import install
from .lan import Lan
from .paths import PYTHON, ROOT, VAR
from .ports import Ports
from .say import Trouble, complain, say
from .stack import Stack
from .supervisor import Stop, Supervisor

LOCK = VAR / "run.lock"
RUNNING = VAR / "running.json"  # the ports of the running stack, for `make password`


def run() -> int:
    return _run(None)


def run_lan() -> int:
    return _run(network.find())


def _run(lan: Lan | None) -> int:
    VAR.mkdir(exist_ok=True)
    wanted = _explicit_port()
    with only_one():
        if wanted:  # before minutes are spent on installing
            early = Ports(address=lan.address if lan else "")
            early.insist("lan" if lan else "web", wanted)
            early.release()
        began = time.monotonic()
        install(lan=lan is not None)
        stack = Stack(VAR, port=wanted, temporary=False, lan=lan)
        supervisor = Supervisor(stack)
        try:
            front = "a TLS host, " if lan else ""
            say(f"Starting PostgreSQL, Redis, LiveKit, {front}web, worker and beat …")
            supervisor.start()
            _note(stack)
            if os.environ.get("VERBOSE"):
                threading.Thread(target=_echo, args=(stack,), daemon=True).start()
            if lan:
                threading.Thread(target=_mind_the_address, args=(lan,), daemon=True).start()
            say(welcome(stack, time.monotonic() - began))
            supervisor.watch()
        except Stop:
            pass
        except Trouble:
            # The accounts may exist by now, and their passwords are told only once.
            if any(account.get("password") for account in stack.passwords.values()):
                say("\n".join(accounts(stack)))
            raise
        finally:
            say("\nStopping …")
            RUNNING.unlink(missing_ok=True)
            supervisor.stop()
            say("Stopped.")
    return 0


def install_only() -> int:
    install(tests=bool(os.environ.get("TESTS")))
    return 0


def password() -> int:
    """New passwords for the two demo accounts; the old ones end."""
    with attached() as stack:
        stack.new_passwords()
        for line in accounts(stack):
            say(line)
    return 0


def manage(arguments: list[str]) -> int:
    """A management command against the running stack, or against its database alone."""
    with attached() as stack:
        command = [str(PYTHON), "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=os.environ | stack.env, check=False).returncode  # noqa: S603


def doctor(arguments: list[str]) -> int:
    """Look at every part of the running stack. Starting one would heal what is to be judged."""
    if not (RUNNING.exists() and _locked()):
        raise Trouble(
            "Sightline does not run from this checkout, so there is nothing to look at.",
            hint="start it with `make run`; elsewhere: python manage.py doctor, with its settings.",
        )
    return manage(["doctor", *arguments])


@contextmanager
def attached() -> Iterator[Stack]:
    """The running stack; where none runs, its database and Redis, started for the moment."""
    if RUNNING.exists() and _locked():
        facts = json.loads(RUNNING.read_text())
        lan = Lan(**facts["lan"]) if facts["lan"] else None
        yield Stack(VAR, ports=facts["ports"], temporary=False, lan=lan)
        return
    with only_one():
        install()
        stack = Stack(VAR, port=None, parts=("postgres", "redis"), temporary=False)
        with stack:
            stack.migrate()
            stack.seed()
            yield stack


def welcome(stack: Stack, seconds: float) -> str:
    demo = f"https://localhost:{stack.ports['lan']}" if stack.lan else stack.web_url
    only_here = " (on this computer only: its texts hold links)" if stack.lan else ""
    lines = [
        "",
        f"Sightline is ready ({seconds:.0f} s).",
        "",
        f"  Console      {stack.web_url}/console/",
        f"  Admin        {stack.web_url}/admin/",
        f"  Demo phone   {demo}/demo/phone/{only_here}",
        "",
        *accounts(stack),
        "",
        *(invitation(stack) if stack.lan else ()),
        f"Logs are in {_short(stack.log_dir)}. Ctrl-C stops everything.",
    ]
    return "\n".join(lines)


def invitation(stack: Stack) -> list[str]:
    """What a phone needs: to trust the authority once, and a code to scan."""
    caddy, ports = stack.caddy, stack.ports
    made = caddy.certificates
    return [
        f"Each phone once: open {caddy.trust_url} (or scan this) and follow its three steps.",
        *_code(caddy.trust_url),
        *([f"  SHA-256 {made.fingerprint}"] if made else ()),
        *(
            ["  The certificate is new: phones that trusted an older one need these steps again."]
            if made and made.fresh
            else ()
        ),
        "Then, for each call, press “Show QR” on the console and scan it with the phone.",
        "The console on another screen:",
        *_code(f"{stack.web_url}/console/"),
        "",
        "While this runs, every device in this network can open these pages: use it to try things",
        "out, not for a real emergency. The browser here warns of the certificate until",
        f"it trusts {_short(made.authority) if made else 'it'} too.",
        f"Does a phone not get through? Open TCP {ports['lan']}, {ports['trust']},"
        f" {ports['livekit_tcp']} and UDP {ports['livekit_udp']} in the firewall here.",
        "",
    ]


def _code(url: str) -> list[str]:
    """The address as a QR code, where a person looks on."""
    if not sys.stdout.isatty():
        return []
    command = [str(PYTHON), "-m", "scripts.sightline.codes", url]
    drawn = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603
    return drawn.stdout.decode().splitlines()


def _note(stack: Stack) -> None:
    facts = {
        "pid": os.getpid(),
        "url": stack.web_url,
        "ports": stack.ports.as_dict(),
        "lan": stack.lan.as_dict() if stack.lan else None,
    }
    RUNNING.write_text(json.dumps(facts))


def _mind_the_address(lan: Lan) -> None:
    """Certificate and media are bound to it, so a new one takes a new start."""
    while lan.here():
        time.sleep(5)
    complain(f"This computer no longer has the address {lan.address}: stop this, and start again.")


def accounts(stack: Stack) -> list[str]:
    lines = []
    for role, account in stack.passwords.items():
        if account.get("password"):
            lines.append(f"  {role.capitalize():<14} {account['email']}  {account['password']}")
    if lines:
        return [*lines, "  These passwords are shown once; `make password` makes new ones."]
    return ["  Passwords were shown at the first start; `make password` makes new ones."]


@contextmanager
def only_one() -> Iterator[None]:
    """One running stack per checkout. The lock ends with the process, however it ends."""
    with LOCK.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Trouble(f"Sightline already runs from this checkout{_where()}.") from None
        yield


def _where() -> str:
    try:
        facts = json.loads(RUNNING.read_text())
        return f": {facts['url']}/console/ (process {facts['pid']})"
    except (OSError, ValueError, KeyError):
        return " (it is still starting, or stopping)"


def _locked() -> bool:
    with LOCK.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _explicit_port() -> int | None:
    given = os.environ.get("PORT", "").strip()
    if not given:
        return None
    if not given.isdigit():
        raise Trouble(f"PORT={given} is not a number.", hint="for example: PORT=8123 make run")
    return int(given)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _echo(stack: Stack) -> None:
    """VERBOSE=1: what the parts write to their logs, each line with the name of its part."""
    places = {part.log: part.log.stat().st_size for part in stack.parts.values()}
    while True:
        for part in stack.parts.values():
            if part.log.stat().st_size < places[part.log]:
                places[part.log] = 0  # a new file
            with part.log.open(errors="replace") as log:
                log.seek(places[part.log])
                for line in log:
                    say(f"{part.name:<8} | {line.rstrip()}")
                places[part.log] = log.tell()
        time.sleep(0.3)
