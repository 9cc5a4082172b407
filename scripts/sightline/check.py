"""`make test`: everything that has to hold, on private services, with one summary at the end."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import tempfile
from pathlib import Path

from .install import frontend, install, node, python
from .paths import PYTHON, REQUIREMENTS, ROOT, STATIC, VENV
from .say import timed
from .stack import Stack
from .steps import Report, Step

BIN = VENV / "bin"
END_TO_END = "dispatch/tests/e2e"
MACHINE = "dispatch/tests/machine"
CODE = ["dispatch", "callers", "scripts", "bench", "manage.py"]


def everything() -> int:
    install(tests=True)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="sightline-test-") as directory:
        with Stack(Path(directory), parts=("postgres", "redis")) as services:
            report.run_all([*_python_steps(), *_front_end_steps()])
            if report.call("migrations apply, demo data", lambda: _prepare(services)).ok:
                report.run_all(_django_steps(services))
            report.run(_unit_step(services, []))
        report.run(_ground_step())
        report.run(_end_to_end_step([]))
    return report.finish()


def lint() -> int:
    """Format, lint, types and imports alone; no services."""
    install(tests=True)
    report = Report()
    report.run_all([*_python_steps(), *_front_end_steps()])
    return report.finish()


def unit(arguments: list[str]) -> int:
    install(tests=True)
    report = Report()
    with (
        tempfile.TemporaryDirectory(prefix="sightline-test-") as directory,
        Stack(Path(directory), parts=("postgres", "redis")) as services,
    ):
        report.run(_unit_step(services, arguments))
    return report.finish()


def end_to_end(arguments: list[str]) -> int:
    install(tests=True)
    report = Report()
    report.run(_end_to_end_step(arguments))
    return report.finish()


def sizes() -> int:
    install(tests=True)
    report = Report()
    with (
        tempfile.TemporaryDirectory(prefix="sightline-test-") as directory,
        Stack(Path(directory), parts=("postgres", "redis")) as services,
    ):
        _prepare(services)
        report.run(_sizes_step(services, live=True))
    return report.finish()


def bench_first_frame(arguments: list[str]) -> int:
    return _bench("first_frame", arguments)


def bench_glass(arguments: list[str]) -> int:
    return _bench("glass", arguments)


def bench_fanout(arguments: list[str]) -> int:
    return _bench("fanout", arguments)


def bench_intake(arguments: list[str]) -> int:
    return _bench("intake", arguments)


def chaos(arguments: list[str]) -> int:
    return _bench("chaos", arguments)


def _bench(module: str, arguments: list[str]) -> int:
    """One measurement; it says itself what it requires, and fails where that is not met."""
    install(tests=True)
    report = Report()
    command = [str(PYTHON), "-m", f"bench.{module}", *arguments]
    report.run(Step(f"bench, {module}", command, env=_settings(development=True), live=True))
    return 0 if report.ok else 1


def soak(arguments: list[str]) -> int:
    """Random rounds of the state machine, then real processes killed under it. Bounded in time.

    `--seed` repeats one round of the machine, `--kill-seed` the kills; either alone.
    """
    parser = argparse.ArgumentParser(prog="make soak", allow_abbrev=False)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--kill-seed", type=int)
    asked = parser.parse_args(arguments)
    install(tests=True)
    report = Report()
    if asked.kill_seed is None:
        where = [f"{MACHINE}/soak.py", f"--soak-minutes={asked.minutes}"]
        if asked.seed is not None:
            where.append(f"--soak-seed={asked.seed}")
        with (
            tempfile.TemporaryDirectory(prefix="sightline-soak-") as directory,
            Stack(Path(directory), parts=("postgres", "redis")) as services,
        ):
            report.run(_unit_step(services, where))
    if asked.seed is None and asked.kills:
        command = [str(PYTHON), "-m", "dispatch.tests.machine.kills", f"--runs={asked.kills}"]
        if asked.kill_seed is not None:
            command.append(f"--seed={asked.kill_seed}")
        report.run(Step("processes killed", command, env=_settings(development=True), live=True))
    return report.finish()


def screenshots() -> int:
    install(tests=True)
    report = Report()
    report.run(Step("screenshots", [str(PYTHON), "-m", "scripts.screenshots"], live=True))
    return 0 if report.ok else 1


def newcomer() -> int:
    """The proof in a fresh Debian root; see scripts/newcomer.py."""
    install(tests=True)
    report = Report()
    command = [str(PYTHON), "-m", "scripts.newcomer"]
    report.run(Step("newcomer", command, env=_settings(development=True), live=True))
    return 0 if report.ok else 1


def try_dockerfile() -> int:
    """Its steps in fresh Debian roots; see scripts/try_dockerfile.py."""
    install(tests=True)
    report = Report()
    command = [str(PYTHON), "-m", "scripts.try_dockerfile"]
    report.run(Step("Dockerfile", command, env=_settings(), live=True))
    return 0 if report.ok else 1


def protocol() -> int:
    """Write the TypeScript side of the socket protocol anew."""
    install(tests=True)
    report = Report()
    command = [str(PYTHON), "-m", "scripts.protocol_ts"]
    report.run(Step("protocol in TypeScript", command, env=_settings()))
    return 0 if report.ok else 1


def messages(arguments: list[str]) -> int:
    """Take the sentences of the caller's side to the catalogues and to TypeScript."""
    install(tests=True)
    report = Report()
    command = [str(PYTHON), "-m", "scripts.messages", *arguments]
    report.run(Step("messages", command, env=_settings(), live=True))
    return 0 if report.ok else 1


def reformat() -> int:
    install(tests=True)
    report = Report()
    report.run(Step("ruff format", [str(BIN / "ruff"), "format", "."]))
    report.run(Step("ruff check --fix", [str(BIN / "ruff"), "check", "--fix", "."]))
    return 0 if report.ok else 1


def lock() -> int:
    """Resolve the direct dependencies again; the only command that changes the pins."""
    install()
    python.require(python.TOOL_FILES["lock"], name="lock")
    sources = [ROOT / "requirements.in", ROOT / "requirements-dev.in"]
    sources += sorted(REQUIREMENTS.glob("*.in"))
    for source in sources:
        with timed(f"Locking {source.relative_to(ROOT)}"):
            subprocess.run(  # noqa: S603
                [
                    *(str(BIN / "uv"), "pip", "compile", "--quiet", "--universal"),
                    *("--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"),
                    *("--custom-compile-command", "make lock", *_upgrade()),
                    *(source.name, "-o", source.with_suffix(".txt").name),
                ],
                cwd=source.parent,
                check=True,
            )
    return 0


def _upgrade() -> list[str]:
    return ["--upgrade"] if os.environ.get("UPGRADE") else []


def _python_steps() -> list[Step]:
    ruff, environment = str(BIN / "ruff"), _settings()
    return [
        Step("ruff format", [ruff, "format", "--check", "."]),
        Step("ruff check", [ruff, "check", "."]),
        Step("mypy", [str(BIN / "mypy"), *CODE], env=environment),
        Step("import-linter", [str(BIN / "lint-imports"), "--no-cache"]),
    ]


def _front_end_steps() -> list[Step]:
    def npm(name: str, script: str, *, skip: str = "") -> Step:
        return Step(
            name, ["npm", "run", "--silent", script], cwd=STATIC, env=environment, skip=skip
        )

    environment = node.environment()
    tests = any((STATIC / "src").rglob("*.test.ts*"))
    return [
        npm("eslint", "lint"),
        npm("tsc", "types"),
        npm("vitest", "test", skip="" if tests else "no tests yet"),
        # Into a directory of its own: the one that is served may be in use.
        Step(
            "front-end build",
            ["npm", "run", "--silent", "build", "--", "--outDir", str(_scratch("build"))],
            cwd=STATIC,
            env=environment,
        ),
    ]


def _django_steps(services: Stack) -> list[Step]:
    manage = [str(PYTHON), "manage.py"]
    return [
        Step("makemigrations --check", [*manage, "makemigrations", "--check"], env=services.env),
        Step(
            "check --deploy",
            [*manage, "check", "--deploy", "--fail-level", "WARNING"],
            env=services.env | _settings(),
        ),
        Step(
            "API schema",
            [*manage, "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull],
            env=services.env,
        ),
        Step(
            "protocol in TypeScript",
            [str(PYTHON), "-m", "scripts.protocol_ts", "--check"],
            env=services.env,
        ),
        Step(
            "every sentence in every language",
            [str(PYTHON), "-m", "scripts.messages", "--check"],
            env=services.env,
        ),
        _sizes_step(services),
    ]


def _sizes_step(services: Stack, *, live: bool = False) -> Step:
    command = [str(PYTHON), "-m", "scripts.sightline.sizes", str(frontend.DIST)]
    return Step("size budgets", command, env=services.env, live=live)


def _unit_step(services: Stack, arguments: list[str]) -> Step:
    where = arguments or ["dispatch", "callers"]
    return Step(
        "pytest, unit and integration",
        [str(BIN / "pytest"), "-m", "not e2e", f"--ignore={END_TO_END}", *where],
        env=services.env,
        live=True,
    )


def _ground_step() -> Step:
    # It starts and ends services of its own, again and again.
    command = [str(BIN / "pytest"), "scripts"]
    return Step("pytest, services and supervisor", command, env=_settings(), live=True)


def _end_to_end_step(arguments: list[str]) -> Step:
    # Its fixtures start whole systems of their own.
    command = [str(BIN / "pytest"), *(arguments or [END_TO_END])]
    return Step("pytest, end to end", command, env=_settings(development=True), live=True)


def _prepare(services: Stack) -> None:
    services.migrate()
    services.seed()


def _settings(*, development: bool = False) -> dict[str, str]:
    """Settings as in production, with keys made for the moment."""
    return {
        "DJANGO_SETTINGS_MODULE": "dispatch.settings",
        "DEVELOPMENT": str(development).lower(),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "LINK_KEY": secrets.token_hex(32),
        "LIVEKIT_KEYS": f"key:{secrets.token_urlsafe(36)}",
        "PUBLIC_ORIGIN": "https://sightline.example",
        "ALLOWED_HOSTS": "sightline.example",
        "SMS_PROVIDER": "demo" if development else "console",
    }


def _scratch(name: str) -> Path:
    path = ROOT / "var" / "scratch" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
