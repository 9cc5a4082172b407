"""The browsers and the real stack that all end-to-end tests share."""

from __future__ import annotations

import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from dispatch.tests.e2e.browsers import Browsers
from dispatch.tests.e2e.lab import ROOT, Lab
from dispatch.tests.e2e.leaks import Monitor
from dispatch.tests.e2e.scene import TOLD, Scene, Town
from scripts.sightline.stack import Stack

HERE = Path(__file__).parent
CACHE = ROOT / "var/e2e"  # var/ is never committed
FAILURES = CACHE / "failures"
# The search for secrets looks at what all the others left behind.
LAST = ("test_video_down", "test_secrets")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        module = item.path.stem
        return LAST.index(module) + 1 if module in LAST else 0

    own = [item for item in items if item.path.is_relative_to(HERE)]
    for item in own:
        item.add_marker(pytest.mark.e2e)
    items.sort(key=place)


@pytest.fixture(scope="session")
def browsers() -> Iterator[Browsers]:
    with sync_playwright() as playwright:
        running = Browsers(playwright, CACHE / "media")
        yield running
        running.close()


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    server = Lab()
    yield server
    server.close()


@pytest.fixture(scope="session")
def town(
    browsers: Browsers,
    lab: Lab,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Town]:
    """PostgreSQL, Redis, LiveKit, web, worker and beat, all real and all private."""
    shutil.rmtree(FAILURES, ignore_errors=True)
    root = tmp_path_factory.mktemp("stack")
    # caller.test: a name that browsers do not trust without TLS, unlike localhost.
    hosts = {"ALLOWED_HOSTS": "localhost,127.0.0.1,caller.test"}
    with Stack(root=root, port=0, env=hosts) as stack:
        monitor = Monitor(stack.redis_url, root / "redis-traffic.txt")
        shared = Town(stack, browsers, lab, monitor.record)
        yield shared
        request.config.stash.setdefault(TOLD, []).extend(shared.told)
        monitor.close()


@pytest.fixture
def scene(town: Town) -> Iterator[Scene]:
    """This test's actors. Afterwards: nobody asked a stranger, nothing broke unseen."""
    acting = Scene(town)
    yield acting
    strangers, broken = acting.strangers(), acting.broken()
    acting.close()
    assert not strangers, f"requests beyond our own hosts: {strangers[:5]}"
    assert not broken, f"uncaught on a page: {broken[:5]}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """A failed test leaves pictures of every page, and says what pages and parts said."""
    outcome = yield
    report = outcome.get_result()
    actors = getattr(item, "funcargs", {}).values()
    acting = next((one for one in actors if isinstance(one, Scene)), None)
    if report.when == "call" and report.failed and acting is not None:
        name = re.sub(r"\W+", "-", item.name)
        report.sections.append(("pages and parts", acting.record(FAILURES / name)))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    figures = config.stash.get(TOLD, [])
    if figures:
        terminalreporter.section("measured")
        for figure in figures:
            terminalreporter.write_line(figure)
