"""Each part killed in turn: said within five seconds with what still works, and taken back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dispatch.tests.e2e import senses, sight
from dispatch.tests.e2e.browsers import Browsers
from dispatch.tests.e2e.lab import Lab
from dispatch.tests.e2e.media import RED
from dispatch.tests.e2e.pages import ConsolePage
from dispatch.tests.e2e.scene import HARBOUR, TOLD, Scene, Town
from scripts.sightline.stack import Stack

WITHIN_S = 5.0
WELL = "All parts working"
#: The provider took none of these texts, the newest ones.
REFUSED = """
from django.utils import timezone
from callers.models import TextMessage
from dispatch.centres.access import system_scope
now = timezone.now()
with system_scope("texts.failing"):
    texts = TextMessage.objects.filter(number__in={numbers})
    print(texts.update(state="failed", accepted_at=None, queued_at=now, failed_at=now))
"""


@pytest.fixture(scope="module")
def town(
    browsers: Browsers,
    lab: Lab,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Town]:
    """A system of its own: what is killed here is no other test's."""
    root: Path = tmp_path_factory.mktemp("failing")
    with Stack(root=root, port=0) as stack:
        shared = Town(stack, browsers, lab, root / "no-traffic.txt")
        yield shared
        request.config.stash.setdefault(TOLD, []).extend(shared.told)


@pytest.fixture(autouse=True)
def whole_again(scene: Scene) -> Iterator[None]:
    """Whatever a test killed, the next one (and the end of this one) finds it running."""
    yield
    mend(scene)


def mend(scene: Scene) -> None:
    for part in scene.stack.parts.values():
        if not part.alive:
            part.start()
            part.wait_ready()


def watching(scene: Scene) -> ConsolePage:
    """A console that has seen all parts work, and whose live regions are listened to."""
    console = scene.console()
    expect(console.connection).to_contain_text(WELL, timeout=30_000)
    senses.ask(console.page, "listen()")
    return console


def told(scene: Scene, console: ConsolePage, part: str, *words: str) -> None:
    """Kill it, and read what the console says of it, and when."""
    scene.stack.parts[part].kill()
    killed = time.monotonic()
    expect(console.connection).to_contain_text(words[0], timeout=10_000)
    took = time.monotonic() - killed
    for more in words[1:]:
        expect(console.connection).to_contain_text(more)
    scene.tell(f"{part} killed: “{words[0]}” after {took:.1f} s")
    assert took <= WITHIN_S


def well_again(scene: Scene, console: ConsolePage, what: str) -> None:
    mend(scene)
    mended = time.monotonic()
    expect(console.connection).to_contain_text(WELL, timeout=25_000)
    scene.tell(f"{what} is back: “{WELL}” after {time.monotonic() - mended:.1f} s")


def said_once(console: ConsolePage, *words: str) -> None:
    """What a screen reader heard of the parts: each once, and nothing between them."""
    heard = [text for _, text in senses.ask(console.page, "said")]
    about = [text for text in heard if any(word in text for word in (*words, WELL))]
    assert len(about) == len(words) + 1, heard
    for word, text in zip((*words, WELL), about, strict=True):
        assert word in text, heard


def test_without_redis_updates_come_later(scene: Scene) -> None:
    console = watching(scene)
    number, _, link = scene.request(console)
    console.select(number)
    caller = scene.caller(link)
    caller.until("ready")
    told(scene, console, "redis", "Updates may come 2 s late", "All else works")
    began = time.monotonic()
    caller.write("can you read this?")
    expect(console.said("can you read this?")).to_be_visible(timeout=6000)
    scene.tell(f"without Redis a message takes {time.monotonic() - began:.1f} s")
    well_again(scene, console, "Redis")


def test_without_the_worker_texts_wait(scene: Scene) -> None:
    console = watching(scene)
    told(scene, console, "worker", "Texts are late", "Video, positions and messages work")
    number = scene.new_number()
    console.send_by_keyboard(number)
    well_again(scene, console, "the worker")
    console.until_stage(console.call_id(number), "delivered")
    said_once(console, "Texts are late")


def test_without_livekit_there_is_no_new_video(scene: Scene) -> None:
    console = watching(scene)
    told(scene, console, "livekit", "Video is down", "Texts, positions and messages work")
    number, call, link = scene.request(console)
    console.select(number)
    caller = scene.caller(link)
    caller.tap()
    console.until_stage(call, "permitted")
    console.until_position(*HARBOUR)
    well_again(scene, console, "LiveKit")
    console.watch().until_back(RED)


def refused(scene: Scene, *numbers: str) -> None:
    said = scene.stack.manage("shell", "-c", REFUSED.format(numbers=list(numbers)))
    assert said.strip().endswith(str(len(numbers)))


def test_a_provider_that_refuses_texts_is_told_from_a_wrong_number(scene: Scene) -> None:
    console = watching(scene)
    first, _, _ = scene.request(console)
    refused(scene, first)
    console.page.wait_for_timeout(5000)  # long enough to have been said
    expect(console.connection).to_contain_text(WELL)
    second, _, _ = scene.request(console)
    refused(scene, first, second)
    began = time.monotonic()
    expect(console.connection).to_contain_text("Texts are refused", timeout=10_000)
    took = time.monotonic() - began
    scene.tell(f"texts refused: said after {took:.1f} s")
    assert took <= WITHIN_S
    scene.request(console)  # this one is taken
    well_again(scene, console, "the text provider")


def test_without_the_database_the_picture_goes_on(scene: Scene) -> None:
    console = watching(scene)
    live = scene.live(console)
    told(
        scene,
        console,
        "postgres",
        "The server cannot reach its database",
        "Picture and sound go on",
    )
    live.watch.until_moving(RED)
    live.caller.write("written meanwhile")
    console.page.wait_for_timeout(6000)  # the stream's own clock has run out: still said so
    expect(console.connection).to_contain_text("The server cannot reach its database")
    live.watch.until_moving(RED)
    expect(console.call(live.number)).to_be_visible()
    well_again(scene, console, "PostgreSQL")
    expect(console.said("written meanwhile")).to_be_visible(timeout=15_000)
    live.watch.until_moving(RED)


def test_two_at_once_are_both_named_the_worse_one_first(scene: Scene) -> None:
    console = watching(scene)
    scene.stack.parts["redis"].kill()
    scene.stack.livekit.kill()
    line = "Video is down · Updates may come 2 s late"
    expect(console.connection).to_contain_text(line, timeout=10_000)
    expect(console.connection).to_contain_text("Texts, positions and messages work")
    top = sight.until(
        console.page,
        lambda: console.page.get_by_role("banner").bounding_box(),
        "the bar",
    )
    well_again(scene, console, "both")
    after = console.page.get_by_role("banner").bounding_box()
    assert after == top, "the bar is as high as before: nothing moved"
