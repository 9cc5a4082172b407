"""A private PostgreSQL with PostGIS: own data directory, own loopback port, no system service."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
from pathlib import Path

from .part import Part
from .paths import private_dir
from .say import Trouble

INSTALLED = Path("/usr/lib/postgresql")
MARK = "sightline-ready"  # the cluster was set up to the end

BOOTSTRAP = """
\\connect template1
CREATE EXTENSION IF NOT EXISTS postgis;
\\connect postgres
SELECT format('CREATE ROLE sightline LOGIN NOSUPERUSER CREATEDB PASSWORD %L', :'password')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sightline') \\gexec
SELECT 'CREATE DATABASE sightline OWNER sightline'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'sightline') \\gexec
"""


def versions() -> list[int]:
    """Installed major versions that have PostGIS, newest first."""
    found = []
    for server in INSTALLED.glob("*/bin/postgres"):
        version = server.parent.parent.name
        control = Path(f"/usr/share/postgresql/{version}/extension/postgis.control")
        library = next((server.parent.parent / "lib").glob("postgis-*.so"), None)
        if version.isdigit() and library and control.exists():
            found.append(int(version))
    return sorted(found, reverse=True)


class Postgres(Part):
    name = "postgres"
    title = "PostgreSQL"
    death_signal = signal.SIGINT  # a fast shutdown, so that nothing has to be recovered
    stop_signals = (signal.SIGINT, signal.SIGQUIT)
    stop_grace = 10.0
    ready_within = 60.0

    def __init__(
        self,
        *,
        base: Path,
        port: int,
        password: str,
        admin_password: str,
        log_dir: Path,
        temporary: bool = False,
    ) -> None:
        super().__init__(log_dir=log_dir)
        self.port = port
        self.temporary = temporary
        self._password = password
        self._admin_password = admin_password
        self.user = _unprivileged_user() if os.geteuid() == 0 else "-"
        self.home = _home(base, self.user)
        self.directory = self.home
        self.data = self.home / "data"
        self.bin = self._choose_version()

    @property
    def url(self) -> str:
        return f"postgis://sightline:{self._password}@127.0.0.1:{self.port}/sightline"

    def prepare(self) -> None:
        if not (self.data / MARK).exists():
            # A set-up that was cut short leaves half a cluster; nothing of value is in it.
            shutil.rmtree(self.data, ignore_errors=True)
            self._initdb()
        if (self.data / "postmaster.pid").exists():
            # Left by a run that was killed. `pg_ctl stop` looks at this directory alone.
            self._run(["pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w"], check=False)

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "120",
            "shared_buffers": "64MB" if self.temporary else "128MB",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # Personal data and secrets stay out of the log: no statements, no key values.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        if self.temporary:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self.data), *options]

    def ready(self) -> bool:
        probe = [str(self.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(probe, check=False).returncode == 0  # noqa: S603

    def finish(self) -> None:
        if (self.data / MARK).exists():
            return
        script = f"\\set password '{self._password}'\n{BOOTSTRAP}"
        result = self.psql(script, database="postgres")
        if result.returncode != 0:
            raise Trouble(
                "The new database could not be set up.",
                tried="CREATE EXTENSION postgis; CREATE ROLE sightline; CREATE DATABASE sightline",
                detail=result.stderr.strip(),
                hint=f"remove {self.home} and start again.",
            )
        (self.data / MARK).touch()

    def psql(self, script: str, *, database: str) -> subprocess.CompletedProcess[str]:
        """Run SQL as the superuser of this cluster, the script on standard input."""
        arguments = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database]
        where = ["-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(  # noqa: S603
            [str(self.bin / "psql"), *arguments, *where],
            input=script,
            env=os.environ | {"PGPASSWORD": self._admin_password},
            capture_output=True,
            text=True,
            check=False,
        )

    def remove(self) -> None:
        """For temporary stacks: take the data away."""
        shutil.rmtree(self.home, ignore_errors=True)

    def _initdb(self) -> None:
        secret = self.home / ".password"
        secret.touch(mode=0o600)
        secret.write_text(self._admin_password)
        _give(secret, self.user)
        try:
            self._run(
                [
                    *("initdb", "-D", str(self.data), "-U", "postgres", "--pwfile", str(secret)),
                    *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
                ]
            )
        finally:
            secret.unlink(missing_ok=True)

    def _run(self, command: list[str], *, check: bool = True) -> None:
        account = pwd.getpwnam(self.user) if self.user != "-" else None
        result = subprocess.run(  # noqa: S603
            [str(self.bin / command[0]), *command[1:]],
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        if check and result.returncode != 0:
            raise Trouble(
                f"{command[0]} failed.",
                tried=" ".join(command),
                detail=(result.stderr or result.stdout).strip()[-1500:],
                hint="see whether the disk is full, or another PostgreSQL uses the directory.",
            )

    def _choose_version(self) -> Path:
        installed = versions()
        if not installed:
            raise Trouble(
                "PostgreSQL with PostGIS is not installed.",
                hint="run `make install`, or: apt-get install postgresql postgresql-postgis",
            )
        chosen = installed[0]
        kept = self.data / "PG_VERSION"
        if kept.exists():
            made_by = int(re.sub(r"\D.*", "", kept.read_text()) or 0)
            if made_by not in installed:
                raise Trouble(
                    f"The data in {self.data} was made by PostgreSQL {made_by}, "
                    f"and only {', '.join(map(str, installed))} is installed.",
                    hint=f"install PostgreSQL {made_by}, or move {self.home} away to start empty.",
                )
            chosen = made_by
        return INSTALLED / str(chosen) / "bin"


def _unprivileged_user() -> str:
    """PostgreSQL refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise Trouble("PostgreSQL does not run as root, and this machine has no other user for it.")


def _home(base: Path, user: str) -> Path:
    """`base/postgres`, or a directory under /var/tmp if `user` cannot get to the former."""
    name = hashlib.sha256(str(base.resolve()).encode()).hexdigest()[:16]
    fallback = Path("/var/tmp") / f"sightline-{os.geteuid()}-{name}"  # noqa: S108 - checked below
    if not fallback.exists() and _can_enter(base, user):
        home = base / "postgres"
    else:
        home = fallback
    if not home.exists():
        private_dir(home)
        _give(home, user)
    facts = home.lstat()
    owner = pwd.getpwnam(user).pw_uid if user != "-" else os.geteuid()
    if home.is_symlink() or facts.st_uid != owner or facts.st_mode & 0o077:
        raise Trouble(
            f"{home} is not a private directory of the database's user.",
            hint="someone else made it, or its rights were changed; remove it and start again.",
        )
    return home


def _can_enter(base: Path, user: str) -> bool:
    if user == "-":
        return True
    account = pwd.getpwnam(user)
    test = ["/usr/bin/test", "-x", str(base)]
    try:
        result = subprocess.run(  # noqa: S603
            test,
            cwd="/",
            check=False,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
        )
    except OSError:
        return False
    return result.returncode == 0


def _give(path: Path, user: str) -> None:
    if user != "-":
        account = pwd.getpwnam(user)
        os.chown(path, account.pw_uid, account.pw_gid)
