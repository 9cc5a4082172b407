"""A newcomer's proof: a clone in a fresh Debian with git, make and Python, and `make run`.

    make newcomer          (as root; needs debootstrap; 10 to 20 minutes on a small machine)

The root is a chroot in this machine's network namespace, so that its "localhost" is ours: the main
job is done by HTTP as docs/driving.md says it, and by this machine's Chromium, which judges the
caller's picture on the console by the stamps in its decoded frames. Then Ctrl-C, and nothing may
be left. The times and a short log go to docs/newcomer.md.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import sync_playwright

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.browsers import Browsers
from dispatch.tests.e2e.lab import Lab
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.scene import Scene, Town
from scripts.debian import SUITE, Root, private_mounts
from scripts.sightline.livekit import answers
from scripts.sightline.paths import ROOT, VAR
from scripts.sightline.ports import listens
from scripts.sightline.say import Trouble, complain, say
from scripts.sightline.stack import Stack
from scripts.terminal import Terminal

INCLUDE = ("git", "make", "python3", "ca-certificates")
CHECKOUT = "/root/sightline"
# SUITE=trixie make newcomer: another Debian, on a page of its own
REPORT = ROOT / "docs" / ("newcomer.md" if SUITE == "bookworm" else f"newcomer-{SUITE}.md")
BLOCKS = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
ACCOUNT = re.compile(r"^  (Dispatcher|Administrator)\s+(\S+@\S+)\s+(\S+)\s*$", re.M)
ADDRESS = re.compile(r"^  (Console|Admin|Demo phone)\s+(http://\S+)", re.M)
FIRST, AGAIN = 2400, 120  # seconds until it has to be ready
PROCESSES = 8  # make, the supervisor and six parts: at least


@dataclass
class Proof:
    """What was done, how long it took, and what it said."""

    steps: list[tuple[str, float, str]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def step(self, name: str, work: Callable[[], str]) -> None:
        """Run one step; it proves itself by not raising, and returns what it found."""
        say(f"{name} …")
        began = time.monotonic()
        found = work()
        self.steps.append((name, time.monotonic() - began, found))
        say(f"  {self.steps[-1][1]:.1f} s  {found}")


class Newcomer:
    def __init__(self, root: Root, proof: Proof) -> None:
        self.root = root
        self.proof = proof
        self.accounts: dict[str, tuple[str, str]] = {}
        self.addresses: dict[str, str] = {}
        self.ports: dict[str, int] = {}
        self.terminal: Terminal | None = None

    def clone(self) -> str:
        """What is committed, through a bundle: nothing of this checkout's directories gets in."""
        with tempfile.TemporaryDirectory() as directory:
            bundle = Path(directory) / "sightline.bundle"
            command = ["git", "bundle", "create", "-q", str(bundle), "HEAD"]
            subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
            self.root.write("/root/sightline.bundle", bundle.read_bytes())
        self.root.run("git", "clone", "-q", "/root/sightline.bundle", CHECKOUT)
        commit = self.root.run("git", "-C", CHECKOUT, "log", "-1", "--format=%h %ad", "--date=iso")
        return f"commit {commit.strip()}"

    def start(self, seconds: float) -> str:
        """`make run` on a terminal, until its three addresses answer."""
        command = self.root.command("make", "-C", CHECKOUT, "run")
        self.terminal = Terminal(command, environment=self.root.environment)
        self.terminal.until("Ctrl-C stops everything", seconds)
        said = self.terminal.text
        for name, email, password in ACCOUNT.findall(said):
            self.accounts[name.lower()] = (email, password)
        self.addresses = dict(ADDRESS.findall(said))
        facts = self.root.directory / CHECKOUT.lstrip("/") / "var" / "running.json"
        self.ports = json.loads(facts.read_text())["ports"]
        for name in ("Console", "Admin", "Demo phone"):
            if not answers(self.addresses[name]):
                raise Trouble(f"{name} does not answer at {self.addresses.get(name)}.")
        return ", ".join(f"{name} {url}" for name, url in self.addresses.items())

    @property
    def origin(self) -> str:
        return self.addresses["Console"].removesuffix("/console/")

    def by_http(self) -> str:
        """The shell blocks of docs/driving.md, in order."""
        script = "\n".join(BLOCKS.findall((ROOT / "docs/driving.md").read_text()))
        email, password = self.accounts["dispatcher"]
        told = {
            "ORIGIN": self.origin,
            "EMAIL": email,
            "PASSWORD": password,
            "NUMBER": "+12035550142",
        }
        done = subprocess.run(  # noqa: S603 - our own page's blocks
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            env=os.environ | told | {"NO_PROXY": "localhost,127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0 or "call_closed" not in done.stdout:
            said = (done.stdout + done.stderr).replace(password, "…")
            raise Trouble("The main job by HTTP stopped.", detail=said[-2000:])
        return f"{len(done.stdout.splitlines())} answers, from sign-in to the closed call"

    def by_picture(self) -> str:
        """A dispatcher and a caller in Chromium, and the caller's frames on the console."""
        with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
            far = Stack(Path(directory), ports=self.ports, parts=())
            far.passwords = {
                name: {"email": email, "password": password}
                for name, (email, password) in self.accounts.items()
            }
            browsers, lab = Browsers(playwright, VAR / "e2e" / "media"), Lab()
            scene = Scene(Town(far, browsers, lab, Path(directory) / "unused"))
            try:
                live = scene.live(scene.console())
                frames = live.watch.until_moving(RED, frames=60)
                sight.assert_udp(live.caller.page, self.ports["livekit_udp"])
                strangers, broken = scene.strangers(), scene.broken()
            finally:
                scene.close()
                browsers.close()
                lab.close()
        if strangers or broken:
            raise Trouble("The pages were not at ease.", detail=f"{strangers[:5]} {broken[:5]}")
        stamps = {frame.stamp for frame in frames} - {None}
        return (
            f"first frame {live.first_frame_ms:.0f} ms after the tap; then {len(frames)} frames "
            f"with {len(stamps)} different stamps, longest still {sight.standstill(frames):.2f} s"
        )

    def stop(self) -> str:
        """Ctrl-C on its terminal; then no process and no listening port of it is left."""
        if self.terminal is None:
            raise Trouble("Nothing was started.")
        lived = len(self.root.processes())
        if lived < PROCESSES:
            raise Trouble(f"Only {lived} processes were seen in the root: the look is blind.")
        self.terminal.write(b"\x03")
        self.terminal.until("Stopped.", 60)
        self.terminal.wait(30)
        left = self.root.processes()
        if left:
            raise Trouble("Processes are left.", detail="\n".join(map(str, left.items())))
        open_ports = [name for name, port in self.ports.items() if listens(port)]
        if open_ports:
            raise Trouble(f"Still listening: {', '.join(open_ports)}.")
        self.proof.log += ["$ make run", *self.terminal.lines, ""]
        return f"{lived} processes before; none after, and no listening port"

    def end(self) -> None:
        """Whatever happened: nothing of it runs on."""
        if self.terminal:
            self.terminal.end()
        for pid in self.root.processes():
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass


def main() -> int:
    proof = Proof()
    began = time.monotonic()
    directory = Path(tempfile.mkdtemp(prefix="sightline-newcomer-", dir="/var/tmp")) / "root"
    root = Root(directory, include=INCLUDE)
    newcomer = Newcomer(root, proof)
    try:
        proof.step(f"A fresh Debian ({SUITE}) with {', '.join(INCLUDE)}", root.open)
        proof.step("git clone", newcomer.clone)
        proof.step("make run, the first time", lambda: newcomer.start(FIRST))
        proof.step("The main job by HTTP", newcomer.by_http)
        proof.step("The main job with a picture", newcomer.by_picture)
        proof.step("Ctrl-C", newcomer.stop)
        proof.step("make run, the second time", lambda: newcomer.start(AGAIN))
        proof.step("Ctrl-C again", newcomer.stop)
    finally:
        newcomer.end()
        root.close()
        directory.parent.rmdir()
    left = root.mounts()
    if left:
        raise Trouble(f"Mounts are left: {', '.join(left)}.")
    if directory.exists():
        raise Trouble(f"{directory} is left.")
    proof.steps.append(("Looking for what is left", 0.0, "no mount, no file"))
    REPORT.write_text(report(proof, time.monotonic() - began))
    say(f"Written: {REPORT.relative_to(ROOT)}")
    return 0


def report(proof: Proof, seconds: float) -> str:
    """The page in docs/: what was proven, on what machine, and what it said."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.machine()}"
    rows = "\n".join(f"| {name} | {took:.1f} | {found} |" for name, took, found in proof.steps)
    log = "\n".join(redacted(line) for line in proof.log)
    return f"""# A newcomer's first minutes, measured

`make newcomer` puts a clone into a fresh Debian root that has only git, make, Python and the
certificates to reach the package registries, runs `make run` there as a person would, does the main
job, presses Ctrl-C, and looks for what is left. It writes this page.

Last run: {time.strftime("%Y-%m-%d")}, {machine}; {seconds / 60:.0f} minutes in all.

| step | seconds | found |
|---|---:|---|
{rows}

The root is a chroot, so its kernel and network are those of the machine it runs on; the browser is
that machine's Chromium. Passwords are left out of the log, which shows the seconds since each
`make run`.

```text
{log.strip()}
```
"""


def redacted(line: str) -> str:
    return re.sub(r"(@demo\.example\s+)\S+", r"\1…", line).rstrip()


if __name__ == "__main__":
    try:
        private_mounts()
        sys.exit(main())
    except Trouble as trouble:
        complain(f"\n{trouble}")
        sys.exit(1)
