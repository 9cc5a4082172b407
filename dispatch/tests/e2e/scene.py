"""One test's actors: dispatchers, phones, and what they have in common (the stack, the ledger)."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect

from dispatch.tests.e2e import sight
from dispatch.tests.e2e.browsers import Browsers, Ledger, Visit, visit
from dispatch.tests.e2e.lab import Lab
from dispatch.tests.e2e.livekit import Rooms
from dispatch.tests.e2e.media import RED, Subject
from dispatch.tests.e2e.pages import LINK, CallerPage, ConsolePage, DemoPhone, sign_in
from scripts.sightline.stack import Stack

#: Measurements that the run prints at its end.
TOLD = pytest.StashKey[list[str]]()
Place = tuple[float, float]
HARBOUR: Place = (41.2689, -72.9151)  # on a coast, so that a drawn map has more than one colour
PHONE = {"width": 360, "height": 640}
DESK = {"width": 1366, "height": 768}
GRANTS = ("geolocation", "screen-wake-lock")
REMEMBERED = (*GRANTS, "camera", "microphone")  # a browser that keeps its permissions
COLLEAGUE = """
from dispatch.centres.models import Centre, Membership, User
user = User.objects.create_user("{email}", "{password}", name="Second Dispatcher")
Membership.objects.create(user=user, centre=Centre.objects.get(slug="demo"))
"""


@dataclass
class Town:
    """What lasts for the whole session."""

    stack: Stack
    browsers: Browsers
    lab: Lab
    redis_traffic: Path
    ledger: Ledger = field(default_factory=Ledger)
    signed_in: dict[str, Any] = field(default_factory=dict)  # storage state by e-mail address
    told: list[str] = field(default_factory=list)  # measurements, for the summary of the run
    numbers: Any = field(default_factory=lambda: itertools.count(100))

    @property
    def origin(self) -> str:
        return self.stack.web_url

    @property
    def rooms(self) -> Rooms:
        key, _, secret = self.stack.env["LIVEKIT_KEYS"].split(",")[0].partition(":")
        return Rooms(self.stack.env["LIVEKIT_API_URL"], key, secret)

    @property
    def hosts(self) -> set[str]:
        """The only hosts that a browser may ask for anything."""
        web, livekit = self.stack.ports["web"], self.stack.ports["livekit"]
        return {f"localhost:{web}", f"caller.test:{web}", f"127.0.0.1:{livekit}"}

    def account(self, who: str) -> tuple[str, str]:
        """E-mail address and password; the second dispatcher is made when first asked for."""
        if who not in self.stack.passwords:
            email, password = "colleague@demo.example", f"not-a-secret-{time.time_ns()}"
            code = COLLEAGUE.format(email=email, password=password)
            self.stack.manage("shell", "-c", code)
            self.stack.passwords[who] = {"email": email, "password": password}
        entry = self.stack.passwords[who]
        return str(entry["email"]), str(entry["password"])


@dataclass
class Live:
    """A call whose picture has been seen to move."""

    number: str
    id: str
    link: str
    caller: CallerPage
    watch: sight.Watch
    first_frame_ms: float


class Scene:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.stack = town.stack
        self.origin = town.origin
        self.visits: list[Visit] = []
        self._phone: DemoPhone | None = None
        self._bench: Page | None = None

    # Actors

    def console(self, who: str = "dispatcher", query: str = "", **options: Any) -> ConsolePage:
        """A signed-in dispatcher with the console open and live."""
        page = self.signed_in(who, **options)
        return ConsolePage(page, self.origin).open(query)

    def signed_in(self, who: str, subject: Subject | None = None, **options: Any) -> Page:
        """A staff member's browser, signed in, on no page in particular. With a `subject` its
        computer has a microphone."""
        email, password = self.town.account(who)
        state = self.town.signed_in.get(email)
        known = {"storage_state": state} if state else {}
        opened = self._visit(who, subject, **({"viewport": DESK} | known | options))
        page = opened.page()
        if state is None:
            sign_in(page, self.origin, email, password)
            self.town.signed_in[email] = opened.context.storage_state()
        return page

    def stranger(self, subject: Subject | None = None, **options: Any) -> Page:
        """A browser that nobody has signed in with. With a `subject` it has a microphone."""
        return self._visit("stranger", subject, **options).page()

    def caller(
        self,
        link: str,
        subject: Subject = RED,
        *,
        place: Place | None = HARBOUR,
        grants: Sequence[str] = GRANTS,
        ask: bool = False,
        script: str = "",
        **options: Any,
    ) -> CallerPage:
        """A phone that opens the link and is shown the page; it has tapped nothing.

        `script` runs before the page's own: what is wrong with this phone (phones.py).
        """
        phone: dict[str, Any] = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
        opened = self._visit(f"caller-{subject.name}", subject, ask=ask, **(phone | options))
        if script:
            opened.context.add_init_script(script)
        opened.context.grant_permissions([*grants], origin=self.origin)
        if place:
            opened.context.set_geolocation(
                {"latitude": place[0], "longitude": place[1], "accuracy": 12}
            )
        return CallerPage(opened.page()).open(link)

    def leave(self, caller: CallerPage) -> None:
        """This phone's browser is closed."""
        next(one for one in self.visits if one.context == caller.page.context).close()

    def lab(self, subject: Subject | None = None) -> Page:
        """A page of ours, outside the app."""
        opened = self._visit("lab", subject)
        opened.foreign = {self.town.lab.netloc}
        page = opened.page()
        page.goto(self.town.lab.url)
        return page

    @property
    def bench(self) -> Page:
        """A page set aside for decoding screenshots."""
        if self._bench is None:
            self._bench = self.lab()
        return self._bench

    @property
    def phone(self) -> DemoPhone:
        if self._phone is None:
            self._phone = DemoPhone(self._visit("demo-phone", None).page(), self.origin)
        return self._phone

    # Steps that most tests begin with

    def new_number(self) -> str:
        return f"+1203555{next(self.town.numbers):04d}"

    def request(self, console: ConsolePage, number: str | None = None) -> tuple[str, str, str]:
        """Send a link: (number, call id, link)."""
        number = number or self.new_number()
        console.send_by_keyboard(number)
        link = self.text_for(number)
        call = console.call_id(number)
        console.until_stage(call, "delivered")
        return number, call, link

    def text_for(self, number: str, known: frozenset[str] = frozenset()) -> str:
        """The link that arrived on the demo phone for this number."""
        link = self.phone.until_link(number, known)
        found = LINK.match(link)
        assert found
        self.town.ledger.links.add(found[1])
        return link

    def live(self, console: ConsolePage, subject: Subject = RED, **options: Any) -> Live:
        """From the number to a picture seen to move."""
        number, call, link = self.request(console)
        console.select(number)
        caller = self.caller(link, subject, **options)
        caller.seated()
        watch = console.watch()
        caller.tap()
        tapped = time.monotonic()
        watch.until_camera()
        shown = (time.monotonic() - tapped) * 1000
        watch.until_moving(subject)
        caller.until("live")
        console.until_stage(call, "first_frame")
        console.until_media(call, "live")
        return Live(number, call, link, caller, watch, shown)

    # The end

    def tell(self, figure: str) -> None:
        """A measurement that the run prints at its end, passed or not."""
        self.town.told.append(figure)

    def strangers(self) -> list[str]:
        return [url for v in self.visits for url in v.strangers(self.town.hosts | v.foreign)]

    def broken(self) -> list[str]:
        return [f"{v.name}: {what}" for v in self.visits for what in v.broken]

    def close(self) -> None:
        """The next test finds an empty board; closed calls stay in the database."""
        for opened in self.visits:
            opened.close()
        self._hang_up()

    def _hang_up(self) -> None:
        email, _ = self.town.account("dispatcher")
        if email not in self.town.signed_in:
            return
        opened = self._visit("hang-up", None, storage_state=self.town.signed_in[email])
        staff = ConsolePage(opened.page(), self.origin)
        for call in staff.api("calls/?state=open")["results"]:
            staff.api(f"calls/{call['id']}/close/", "POST", {})
        opened.close()

    def record(self, folder: Path) -> str:
        """Screenshots into the folder; what pages and parts said, as text."""
        folder.mkdir(parents=True, exist_ok=True)
        said: list[str] = []
        for number, opened in enumerate(self.visits):
            for at, page in enumerate(opened.context.pages):
                path = folder / f"{number}-{opened.name}-{at}.png"
                said.append(f"== {opened.name}: {_without_secret(page.url)}, see {path}")
                try:
                    page.screenshot(path=path, timeout=3000)
                except Error as error:
                    said.append(f"   no screenshot: {str(error).splitlines()[0]}")
            said += [f"   {line[:300]}" for line in opened.console[-25:]]
            said += [f"   BROKEN {line[:300]}" for line in opened.broken]
        for name, part in self.stack.parts.items():
            said += [f"== {name}", *(f"   {line[:300]}" for line in part.tail(12).splitlines())]
        return "\n".join(said)

    def _visit(
        self,
        name: str,
        subject: Subject | None,
        ask: bool = False,
        own: tuple[str, ...] = (),
        **o: Any,
    ) -> Visit:
        browser = self.town.browsers.get(subject, ask=ask, own=own)
        opened = visit(browser, name, self.town.ledger, **o)
        self.visits.append(opened)
        return opened


def _without_secret(url: str) -> str:
    return re.sub(r"#.*", "#…", url)


def expect_text(page: Page, pattern: str, timeout: float = 10) -> None:
    """A person can read this somewhere on the page."""
    text = page.get_by_text(re.compile(pattern, re.I)).filter(visible=True).first
    expect(text).to_be_visible(timeout=timeout * 1000)
