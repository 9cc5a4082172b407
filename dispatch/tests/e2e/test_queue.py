"""What the caller wrote, and where they were, arrives once and in order on any network."""

from __future__ import annotations

import re

from playwright.sync_api import Route, WebSocketRoute, expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.pages import CallerPage, ConsolePage
from dispatch.tests.e2e.scene import HARBOUR, REMEMBERED, Scene

SOCKET = re.compile(r"/s/[^/]+/ws$")
ITEMS = re.compile(r"/s/[^/]+/items$")


class Network:
    """The caller's, as bad as it may be. Before the page is opened."""

    def __init__(self, caller: CallerPage) -> None:
        self.page = caller.page
        self.sockets = True
        self.swallow = 0  # answers to posts that are lost on the way back
        self.swallowed: list[str] = []
        self._open: list[WebSocketRoute] = []
        self.page.route_web_socket(SOCKET, self._socket)
        self.page.route(ITEMS, self._items)

    def offline(self) -> None:
        self.page.context.set_offline(True)
        self.block_sockets()

    def online(self) -> None:
        self.page.context.set_offline(False)

    def block_sockets(self) -> None:
        self.sockets = False
        for one in self._open:
            one.close()
        self._open.clear()

    def _socket(self, socket: WebSocketRoute) -> None:
        if self.sockets:
            socket.connect_to_server()
            self._open.append(socket)
        else:
            socket.close()

    def _items(self, route: Route) -> None:
        if self.swallow <= 0:
            route.continue_()
            return
        self.swallow -= 1
        self.swallowed.append(route.request.post_data or "")
        route.fetch()  # the server has it, and says so
        route.abort("connectionreset")


class Kept:
    """What the database holds of a call."""

    def __init__(self, scene: Scene, call: str) -> None:
        self.scene, self.call = scene, call

    def words(self) -> list[str]:
        """As every page of the caller's side is told them, in that order."""
        return self._rows(
            "SELECT body->>'text' FROM feed_entry"
            " WHERE stream = 'caller:' || :'call' AND kind = 'chat' ORDER BY seq"
        )

    def messages(self) -> int:
        (counted,) = self._rows("SELECT count(*) FROM calls_chatmessage WHERE call_id = :'call'")
        return int(counted)

    def places(self) -> list[str]:
        """The latitudes of the track, in the order in which the phone was there."""
        return self._rows(
            "SELECT round(ST_Y(point)::numeric, 4) FROM callers_fix"
            " WHERE call_id = :'call' ORDER BY device_at, id"
        )

    def fixes_told_twice(self) -> list[str]:
        """Moments of the phone's clock with more than one row; each is sent once by its page."""
        return self._rows(
            "SELECT device_at FROM callers_fix"
            " WHERE call_id = :'call' GROUP BY boot, device_at HAVING count(*) > 1"
        )

    def _rows(self, query: str) -> list[str]:
        plain = "\\pset tuples_only on\n\\pset format unaligned\n"
        script = f"{plain}\\set call '{self.call}'\n{query};"
        done = self.scene.stack.postgres.psql(script, database="sightline")
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if line]


def move(caller: CallerPage, latitude: float) -> str:
    """The phone is somewhere else; the latitude as Kept.places tells it."""
    caller.page.context.set_geolocation(
        {"latitude": latitude, "longitude": HARBOUR[1], "accuracy": 12}
    )
    return f"{latitude:.4f}"


def until_there(console: ConsolePage, kept: Kept, words: list[str], places: list[str]) -> None:
    def there() -> bool:
        return kept.words()[-1:] == words[-1:] and set(places) <= set(kept.places())

    sight.until(console.page, there, f"{words[-1]} and {places[-1]} in the database", 30)


def test_words_and_places_arrive_once_and_in_order(scene: Scene) -> None:
    console = scene.console()
    number, call, link = scene.request(console)
    console.select(number)
    caller = scene.caller("about:blank", grants=REMEMBERED)
    network, kept = Network(caller), Kept(scene, call)
    words: list[str] = []
    places: list[str] = []

    def write(*texts: str) -> None:
        for text in texts:
            caller.write(text)
            words.append(text)

    def walk(*latitudes: float) -> None:
        for latitude in latitudes:
            places.append(move(caller, latitude))
            # It has been looked for: the next place is another fix.
            caller.page.wait_for_timeout(150)

    caller.open(link)
    caller.until("ready")
    caller.tap()
    console.until_position(*HARBOUR)
    write("one")
    walk(41.3001)
    expect(console.said("one")).to_be_visible()

    # Offline, and a reload in the very moment in which the network is back.
    network.offline()
    write("two", "three")
    walk(41.3002, 41.3003)
    caller.page.wait_for_timeout(2_000)
    assert kept.words() == ["one"], "nothing came through"
    network.online()
    caller.page.reload()
    caller.until("live")
    write("four")
    walk(41.3004)

    # Sockets stay blocked: HTTP alone carries everything, and its answers get lost.
    network.swallow = 3
    write("five", "six")
    walk(41.3005)
    sight.until(console.page, lambda: network.swallow <= 0, "answers lost", 30)
    write("seven")
    until_there(console, kept, words, places)
    assert sum("five" in body for body in network.swallowed) >= 1, "it was sent more than once"

    # The socket again, and it dies with words in it.
    network.sockets = True
    caller.page.reload()
    caller.until("live")
    write("eight")
    network.block_sockets()
    write("nine")
    network.sockets = True
    walk(41.3006)
    write("ten")
    until_there(console, kept, words, places)

    assert kept.words() == words
    assert kept.messages() == len(words)
    assert kept.fixes_told_twice() == []
    walked = [place for place in kept.places() if place in places]
    assert list(dict.fromkeys(walked)) == places
    numbers = re.compile(f"^({'|'.join(words)})$")
    shown = console.timeline.get_by_text(numbers).all_inner_texts()
    assert shown in (words, words[::-1]), "newest last, or first"
