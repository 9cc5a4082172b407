"""A fresh Debian root to try things in, and the way of this machine to its registries.

Needs root and debootstrap. Mounts live in a private mount namespace (`private_mounts`), so none
can outlast the process that made them. The installed base is kept as a tarball under var/.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.sightline.paths import VAR, private_dir
from scripts.sightline.say import Trouble

SUITE = os.environ.get("SUITE", "bookworm")
CACHE = VAR / "debian"
INSIDE = "SIGHTLINE_PRIVATE_MOUNTS"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#: Files that say how this machine reaches its registries; copied where they exist.
CONFIGURATION = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/npmrc")
OF_HOME = (".npmrc", ".config/pip/pip.conf", ".pip/pip.conf", ".config/go/env")
AUTHORITIES = Path("/usr/local/share/ca-certificates")
#: Variables that do the same.
PREFIXES = ("PIP_", "NPM_CONFIG_", "SSL_CERT_", "UV_")
NAMES = ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
GO = ("GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOPROXY", "GOPRIVATE", "GOINSECURE")
APT = ("proxy", "check-valid-until", "check-date", "cainfo", "verify-peer")


def private_mounts() -> None:
    """Run this program again in a mount namespace of its own, once. Does not return then."""
    if os.environ.get(INSIDE):
        return
    if os.geteuid() != 0:
        raise Trouble("A fresh Debian root takes root.", hint="run it as root, or with sudo.")
    for tool in ("debootstrap", "unshare", "chroot"):
        if shutil.which(tool) is None:
            raise Trouble(f"{tool} is missing.", hint=f"apt-get install {tool}")
    again = [sys.executable, "-m", _module(), *sys.argv[1:]]
    command = ["unshare", "--mount", "--propagation", "private", *again]
    os.execvpe(command[0], command, os.environ | {INSIDE: "1"})  # noqa: S606 - the same program


def _module() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name.removesuffix(".__main__") if spec else ""


class Root:
    """One fresh root: unpacked from the base, with /proc, /dev and /sys, thrown away at the end."""

    def __init__(self, directory: Path, *, include: Sequence[str]) -> None:
        self.directory = directory
        self.include = tuple(include)
        self.environment = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb"}

    def open(self) -> str:
        """Make it; what it was made from."""
        cached = _tarball(self.include).exists()
        base = _base(self.include)
        self.directory.mkdir(mode=0o755)
        _run("tar", "-xpf", str(base), "-C", str(self.directory))
        self._mount()
        self._carry_network()
        return f"{base.stat().st_size / 1e6:.0f} MB, {'from the cache' if cached else 'installed'}"

    def close(self) -> None:
        """Unmount and remove it."""
        for place in reversed(self.mounts()):
            _run("umount", place)
        # Never across a mount that would not go.
        _run("rm", "-rf", "--one-file-system", str(self.directory))

    def mounts(self) -> list[str]:
        """What is mounted under the root now, outermost first."""
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        places = [line.split()[4] for line in lines]
        return sorted(place for place in places if place.startswith(f"{self.directory}/"))

    def processes(self) -> dict[int, str]:
        """Processes that live in the root: pid → command line."""
        found: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if (entry / "root").readlink() == self.directory:
                    words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(entry.name)] = words.decode(errors="replace").strip()
            except OSError:
                continue  # gone meanwhile, or a thread of the kernel
        return found

    def command(self, *words: str, user: str = "") -> list[str]:
        """What runs these words in the root, as root or as one of its users."""
        return ["chroot", *((f"--userspec={user}",) if user else ()), str(self.directory), *words]

    def run(self, *words: str, **environment: str) -> str:
        """Run to the end; its output. Raises Trouble with the last lines."""
        return _run(*self.command(*words), environment=self.environment | environment)

    def write(self, path: str, content: str | bytes, *, mode: int = 0o644) -> None:
        place = self.directory / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)  # it may be a link to somewhere outside
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        place.chmod(mode)

    def _mount(self) -> None:
        place = self.directory
        _run("mount", "-t", "proc", "proc", str(place / "proc"))
        _run("mount", "-t", "sysfs", "-o", "ro", "sysfs", str(place / "sys"))
        _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(place / "dev"))
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            (place / "dev" / name).touch()
            _run("mount", "--bind", f"/dev/{name}", str(place / "dev" / name))
        for name, options in (("pts", "devpts"), ("shm", "tmpfs")):
            (place / "dev" / name).mkdir()
            _run("mount", "-t", options, options, str(place / "dev" / name))
        (place / "dev" / "fd").symlink_to("/proc/self/fd")

    def _carry_network(self) -> None:
        """The same registries by the same ways as this machine: no other network is needed."""
        home = Path.home()
        for path in CONFIGURATION:
            if Path(path).exists():
                self.write(path, Path(path).read_bytes())
        for name in OF_HOME:
            if (home / name).exists():
                self.write(f"/root/{name}", (home / name).read_bytes(), mode=0o600)
        for authority in AUTHORITIES.glob("*.crt") if AUTHORITIES.is_dir() else ():
            self.write(str(authority), authority.read_bytes())
        self.environment |= _environment(self.directory)
        sources = "".join(f"deb {line}\n" for line in _sources())
        if sources:
            self.write("/etc/apt/sources.list", sources)
        self.write("/etc/apt/apt.conf.d/99this-machine", _apt_configuration())
        self.run("update-ca-certificates")


def _base(include: Sequence[str]) -> Path:
    """The tarball of the installed base, made when it is first asked for."""
    tarball = _tarball(include)
    if tarball.exists():
        return tarball
    private_dir(CACHE)
    unpacked, partial = tarball.with_suffix(".new"), tarball.with_suffix(".part")
    _run("rm", "-rf", "--one-file-system", str(unpacked))
    mirror = [line.split()[0] for line in _sources()][:1]
    options = ["--variant=minbase", f"--include={','.join(include)}"]
    _run("debootstrap", *options, SUITE, str(unpacked), *mirror)
    _run("tar", "-cpf", str(partial), "-C", str(unpacked), ".")
    _run("rm", "-rf", "--one-file-system", str(unpacked))
    partial.replace(tarball)
    return tarball


def _tarball(include: Sequence[str]) -> Path:
    return CACHE / f"{'-'.join((SUITE, *include))}.tar"


def _sources() -> list[str]:
    """`URI suite component` of Debian's own archives in this machine's lists, for our suite."""
    wanted = "$(ORIGIN)|$(REPO_URI) $(RELEASE) $(COMPONENT)"
    said = _run("apt-get", "indextargets", "--format", wanted)
    lines = {line.partition("|")[2] for line in said.splitlines() if line.startswith("Debian|")}
    fitting = [line for line in lines if line.split()[1].startswith(SUITE)]
    return sorted(fitting, key=lambda line: (line.split()[1] != SUITE, line))


def _apt_configuration() -> str:
    lines = _run("apt-config", "dump", "Acquire").splitlines()
    return "".join(f"{line}\n" for line in lines if line.split(" ")[0].lower().endswith(APT))


def _environment(directory: Path) -> dict[str, str]:
    """Variables for the registries, but for those that name what is not in the root."""
    known = dict(os.environ)
    found = {
        name: value
        for name, value in known.items()
        if name.upper().startswith(PREFIXES) or name.upper() in (*NAMES, *PROXIES)
    }
    if shutil.which("go"):
        for name in GO:
            if value := _run("go", "env", name).strip():
                found[name] = value
    if shutil.which("npm"):
        found["NPM_CONFIG_REGISTRY"] = _run("npm", "config", "get", "registry").strip()
    return {
        name: value
        for name, value in found.items()
        if not value.startswith("/") or (directory / value.lstrip("/")).exists()
    }


def _run(*words: str, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(  # noqa: S603
        list(words),
        env=dict(environment) if environment is not None else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise Trouble(f"{words[0]} failed.", tried=" ".join(words), detail=last)
    return done.stdout
