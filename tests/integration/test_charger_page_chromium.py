"""The charger's own page in a real Chromium, used as a person would."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections.abc import Coroutine, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.page_site import Site, a_site

from simulators.charger_inch.registry import all_quirks

CHROMIUM = shutil.which("chromium") or ""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESKTOP = (360, 740), (1280, 900)
PARTS = ("charger", "settings", "keys", "habits", "journal")

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="Chromium is not installed; .ci/run installs Debian's package chromium"
)


class Served:
    """A charger with its page in a thread, in real time."""

    def __init__(self, **how: Any) -> None:
        self._how = how
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._site = a_site(real=True, **how)

    def __enter__(self) -> Served:
        self._thread.start()
        self.site: Site = self.run(self._site.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._site.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something in the site's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    """Start Chromium once for all."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, headless=True
        )
        yield browser
        browser.close()


class Visit:
    """A page that is open, and what was noticed of it."""

    def __init__(
        self, browser: Browser, site: Site, size: tuple[int, int] = DESKTOP, scheme: Any = "light"
    ) -> None:
        width, height = size
        self._context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page: Page = self._context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.add(urlsplit(request.url).netloc))
        self.page.set_default_timeout(5_000)
        self.page.goto(site.page.address)
        expect(self.page.locator("#word")).not_to_have_text("…")

    def __enter__(self) -> Page:
        return self.page

    def __exit__(self, *_: object) -> None:
        self._context.close()


def button(page: Page, name: str) -> Any:
    """Give the button whose first word is this."""
    return page.get_by_role("button", name=re.compile(f"^{name}"))


def test_a_person_charges(browser: Browser) -> None:
    """Plug in, show the card, see it charge and the meter count, unplug."""
    with Served() as served:
        visit = Visit(browser, served.site)
        with visit as page:
            expect(page.locator("#status")).to_contain_text("Available")
            expect(button(page, "Unplug the car")).to_be_disabled()

            button(page, "Plug in").click()
            expect(page.locator("#word")).to_have_text("Preparing")
            expect(button(page, "Plug in")).to_be_disabled()

            button(page, "Show the card").click()
            expect(page.locator("#word")).to_have_text("Charging")
            expect(page.locator("#display")).to_have_text("charging")
            expect(page.locator("#power")).to_have_text(re.compile(r"2[12]\.\d"))
            expect(page.locator("#transaction-card")).to_have_text("FA2AFD77")
            first = page.locator("#energy").inner_text()
            expect(page.locator("#energy")).not_to_have_text(first)
            assert float(page.locator("#energy").inner_text()) > float(first)
            expect(page.locator("#chart .curve-line")).to_have_count(1)

            page.get_by_role("button", name="Unplug the cable, at both ends").click()
            expect(page.locator("#word")).to_have_text("Available")
            expect(page.locator("#power")).to_have_text("0.00")

        assert [] == visit.complaints
        assert {urlsplit(served.site.page.address).netloc} == visit.asked
        assert "StopTransaction" in served.site.backend.actions_of("WB-1")


def test_an_interval_is_changed(browser: Browser) -> None:
    """It is saved among the settings, seen among the keys, and refused where it is none."""
    with Served() as served, Visit(browser, served.site) as page:
        page.get_by_role("link", name="Settings").click()
        field = page.get_by_label("Sampled values while charging").first
        field.fill("often")
        page.get_by_role("button", name="Save Sampled values while charging").click()
        form = page.locator("#intervals form").first
        expect(form.locator(".problem")).to_have_text(
            "MeterValueSampleInterval 'often': it takes a whole number from 0 to 86400"
        )

        field.fill("300")
        page.get_by_role("button", name="Save Sampled values while charging").click()
        expect(form.locator(".done")).to_have_text("Saved.")
        expect(form.locator(".problem")).to_have_text("")

        page.get_by_role("link", name="Keys").click()
        page.get_by_label("Search the keys").fill("sampleinterval")
        expect(page.locator("#key-count")).to_have_text("1 of 46 keys")
        expect(page.get_by_label("MeterValueSampleInterval", exact=True)).to_have_value("300")


def test_what_is_refused_is_said_beside_its_button(browser: Browser) -> None:
    """Somebody was quicker, and a card that is none: one sentence each, where it belongs."""
    # The page learns of nothing by itself: it still believes that nobody has plugged in.
    with Served(push_every_s=60) as served, Visit(browser, served.site) as page:
        served.run(served.site.charger.plug_in())
        button(page, "Plug in").click()
        expect(page.locator("#plug-in .problem")).to_have_text(
            "charger WB-1: cannot plug in: a car is plugged in already; unplug it first"
        )
        expect(button(page, "Plug in")).to_be_disabled()
        expect(page.locator("#word")).to_have_text("Preparing")

        page.get_by_label("Number of the card").fill("12")
        page.keyboard.press("Enter")
        expect(page.locator("#show-card .problem")).to_contain_text("write its number as 8, 14")
        expect(page.locator("#plug-in .problem")).not_to_be_empty()


def test_a_mistyped_backend_is_corrected(browser: Browser) -> None:
    """The page says why there is no line, and the button can be used again."""
    with Served() as served, Visit(browser, served.site) as page:
        page.get_by_role("link", name="Settings").click()
        address = page.get_by_label("Address, without the identity")
        save = button(page, "Save and move")
        address.fill("ws://127.0.0.1:9/ocpp")
        save.click()
        expect(page.locator("#backend-problem")).to_contain_text("nobody answers at ws://127.0.0.1")
        expect(save).to_be_enabled()

        for _ in range(2):
            address.fill(served.site.backend.address)
            save.click()
            expect(page.locator("#line-word")).to_have_text("Online")
            expect(save).to_be_enabled()
        expect(page.locator("#backend-problem")).to_have_text("")


def test_keyboard_habits_and_another_identity(browser: Browser) -> None:
    """A switch turns with the space bar; the charger comes back under the name that was typed."""
    with Served() as served, Visit(browser, served.site) as page:
        page.get_by_role("link", name="Habits").press("Enter")
        toggle = page.get_by_role("switch", name=re.compile("^clock-aligned-early"))
        page.get_by_label("early_ms").fill("100")
        toggle.press(" ")
        expect(page.locator("#habit-count")).to_have_text(f"3 of {len(all_quirks())} are on")
        expect(page.locator("#habit-clock-aligned-early .done")).to_have_text("Saved.")
        assert "early_ms=100" in str(served.site.charger.faults.on[-1])

        page.get_by_role("link", name="Settings").press("Enter")
        page.get_by_label("Big-endian, as printed").press(" ")
        expect(page.locator("#order .done")).to_have_text("Saved.")
        page.get_by_label("Name at the backend").fill("Dorfplatz")
        page.keyboard.press("Enter")
        expect(page.locator("#brief")).to_have_text("Starting")
        assert served.site.charger.big_endian_cards


def test_a_charger_that_is_gone(browser: Browser) -> None:
    """The page says that what it shows is old."""
    with Served() as served, Visit(browser, served.site) as page:
        expect(page.locator("#lost")).to_be_hidden()
        served.run(served.site.page.stop())
        expect(page.locator("#lost")).to_be_visible()
        expect(page.locator("#line-word")).to_have_text("Unknown")


TOO_SMALL = """() => [...document.querySelectorAll(
  'button, nav a, select, label.choice, label.check, .habit, input'
)].filter((one) => one.checkVisibility() && !one.matches('.choice *, .check *, .habit *'))
  .filter((one) => one.getBoundingClientRect().height < 44)
  .map((one) => `${one.getBoundingClientRect().height} ${one.outerHTML.slice(0, 90)}`)"""

NAMELESS = """() => [...document.querySelectorAll('input:not([type=hidden]), select')]
  .filter((one) => !one.labels?.length && !one.getAttribute('aria-label'))
  .map((one) => one.outerHTML)"""

TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

TOO_FAINT = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const color = rgba(getComputedStyle(one).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !node.checkVisibility() || node.closest('.away, svg, select, noscript')) continue;
    const [one, other] = [light(rgba(getComputedStyle(node).color)), light(behind(node))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) found.push(`${contrast.toFixed(2)} ${node.outerHTML.slice(0, 90)}`);
  }
  return found;
}"""


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "dark")])
def test_it_can_be_used(browser: Browser, size: tuple[int, int], scheme: str) -> None:
    """Nothing is too wide, too small to touch, too faint to read, or without a name."""
    with Served() as served, Visit(browser, served.site, size, scheme) as page:
        served.run(served.site.charger.break_down("INCH-002"))
        expect(page.locator("#word")).to_have_text("Faulted")
        for part in PARTS:
            page.locator(f"nav a[href='#{part}']").click()
            expect(page.locator(f"#{part}")).to_be_visible()
            for complaint in (TOO_SMALL, NAMELESS, TOO_FAINT):
                assert [] == page.evaluate(complaint), part
            assert 0 == page.evaluate(TOO_WIDE), part
