"""The gateway's page in a real Chromium, used as a person would."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.gateway_web import SITE, START, GatewaySite, ServedGateway

from simulators.iskra_sg.faults import AbsentDevice
from simulators.iskra_sg.rest import MASK

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
SECTIONS = {
    "status": "SG Status",
    "settings": "SG Settings",
    "measurements": "Measurements",
    "counters": "Energy Counters",
    "profile": "Load Profile",
    "recorder": "Recorder Graph",
    "devices": "External Devices",
    "bicoms": "Bicom Control",
    "files": "File Manager",
    "upgrade": "SG Upgrade",
    "bench": "Bench",
}
"""The sections by their anchor, in the manual's words; the bench is ours."""
TABS = ("General", "Communication", "IR Devices", "RS485", "Recorders", "Automation")

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="Chromium is not installed; .ci/run installs Debian's package chromium"
)


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
        self,
        browser: Browser,
        site: GatewaySite,
        size: tuple[int, int] = DESKTOP,
        scheme: Any = "light",
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
        self.page.goto(site.rest.address)

    def __enter__(self) -> Page:
        return self.page

    def __exit__(self, *_: object) -> None:
        self._context.close()


def go(page: Page, section: str) -> Any:
    """Go to a section, by the menu where there is one, and give it."""
    menu = page.get_by_role("button", name="Menu")
    if menu.is_visible():
        menu.click()
    page.get_by_role("link", name=SECTIONS[section], exact=True).click()
    expect(page.locator(f"#{section}")).to_be_visible()
    return page.locator(f"#{section}")


def test_a_person_looks_and_switches(browser: Browser) -> None:
    """What meters measure is seen; a switch is moved, the power follows; nobody else is asked."""
    with ServedGateway() as served:
        visit = Visit(browser, served.site)
        with visit as page:
            expect(page.locator("#status")).to_contain_text("IS000122")
            expect(page).to_have_title("SG-E1 IS000122")
            measured = go(page, "measurements")
            expect(measured).to_contain_text("2900.0 W")
            page.locator("#measurements select").select_option(label="[RS485 3] WM1-6 (36)")
            expect(measured.locator("h2")).to_have_text(["Phase 1", "Total", "Others"])

            go(page, "bicoms")
            page.get_by_role("button", name="ON: Right IR").click()
            expect(page.locator("#bicoms .state").first).to_have_text("State: on")
            measured = go(page, "measurements")
            page.locator("#measurements select").select_option(label="[Left IR] WM3M4C (33)")
            expect(measured).to_contain_text("4900.0 W")
            expect(go(page, "counters")).to_contain_text("Direction: import5000.0")

            served.run(served.site.gateway.faults.switch_on(AbsentDevice(33)))
            expect(page.locator("#counters .problem")).to_have_text(
                "the device at Left IR does not answer"
            )
            expect(go(page, "devices")).to_contain_text("Not Detected")
        # A device that is silent is a 409, which the browser writes down as well.
        assert [] == [one for one in visit.complaints if "409" not in one]
        assert {urlsplit(served.site.rest.address).netloc} == visit.asked


def test_settings_are_saved_and_the_lock_locks(browser: Browser) -> None:
    """Only what was changed is sent; with the lock on the page asks who one is."""
    with ServedGateway() as served:
        visit = Visit(browser, served.site)
        with visit as page:
            go(page, "settings")
            page.get_by_label("Description").fill("Halle 7")
            page.get_by_label("Enabled").first.check()
            page.locator("#panel").get_by_label("Username").fill("anna")
            page.get_by_role("button", name="Save settings").click()
            expect(page.locator("#login")).to_be_visible()
            settings = served.site.gateway.now.settings
            assert ("Halle 7", "Location") == (settings.description, settings.location)
            assert settings.authentication.password == "iskra"

            page.locator("#login").get_by_label("Username").fill("anna")
            page.locator("#login").get_by_label("Password").fill("falsch")
            page.get_by_role("button", name="Log in").click()
            expect(page.locator("#login .problem")).to_contain_text("is wrong")
            page.locator("#login").get_by_label("Password").fill("iskra")
            page.get_by_role("button", name="Log in").click()
            expect(page.locator("#panel")).to_contain_text("General Settings")
            expect(page.locator("#panel .secret").first).to_have_value(MASK)

            page.get_by_role("tab", name="RS485").click()
            page.get_by_role("button", name="Scan for RS485 devices").click()
            page.get_by_role("button", name="Add MC000002").click()
            expect(page.locator("#panel")).to_contain_text("RS485 device 5")
            page.get_by_role("tab", name="Communication").click()
            page.get_by_label("MQTT", exact=True).first.check()
            page.get_by_label("Server", exact=True).first.fill("broker.example")
            page.get_by_label("Port", exact=True).first.fill("0")
            page.get_by_role("button", name="Save settings").click()
            expect(page.locator(".bar .problem")).to_contain_text("a port is 1 to 65535, not 0")
            page.get_by_role("button", name="Logout").click()
            expect(page.locator("#login")).to_be_visible()
        assert [] == [one for one in visit.complaints if not re.search("40[03]", one)]


def test_pictures_are_drawn_and_calculated(browser: Browser) -> None:
    """A load profile and a recorder are drawn, and an equation adds and subtracts devices."""
    with ServedGateway(real=False) as served:
        served.run(served.site.pass_time(START + timedelta(hours=80)))
        with Visit(browser, served.site) as page:
            go(page, "profile")
            expect(page.locator("#profile-graph rect.up")).to_have_count(64)
            page.get_by_label("Graph type").select_option("line")
            expect(page.locator("#profile-graph path.up")).to_have_count(1)
            page.locator("#profile-day").select_option(index=1)
            expect(page.locator("#profile-days tbody tr").nth(1)).to_contain_text("69.6 kWh")

            page.get_by_label("Graph mode").select_option("calculated")
            page.get_by_role("button", name="Show equation").click()
            page.get_by_role("button", name="+ New equation").click()
            page.get_by_role("button", name="Add", exact=True).click()
            terms = page.locator("#equations")
            terms.get_by_label("Operator").select_option("-1")
            terms.get_by_label("Device").select_option(label="[RS485 1] IE38MD (35)")
            terms.get_by_label("Phase").select_option("L1")
            page.get_by_role("button", name="Add", exact=True).click()
            # 2.9 kW less the 1.2 kW of one phase: 425 Wh in a quarter hour.
            expect(page.locator("#profile-days tbody tr").nth(1)).to_contain_text("40.8 kWh")

            go(page, "recorder")
            expect(page.locator("#recorder-graph rect.up")).to_have_count(2)
            with page.expect_download() as download:
                page.get_by_role("link", name="Export CSV").click()
            assert "IS000122-recorder-1-daily.csv" == download.value.suggested_filename
            assert "69600,yes" in Path(download.value.path()).read_text("utf-8")


def test_hands_at_the_bench(browser: Browser, tmp_path: Path) -> None:
    """Loads are fed, faults switched, the button touched, files uploaded, an automation enabled."""
    with ServedGateway() as served, Visit(browser, served.site, PHONE) as page:
        bench = go(page, "bench")
        bench.get_by_label("L1, W").fill("3000")
        bench.get_by_role("button", name="Feed").click()
        expect(bench).to_contain_text("3000, 0, 0 W on L1, L2, L3")
        bench.get_by_role("switch", name=re.compile("^no-network")).check()
        expect(bench.get_by_role("switch", name=re.compile("^no-network"))).to_be_checked()
        bench.get_by_label("Ahead of the true time, s").fill("-90")
        bench.get_by_role("button", name="Set", exact=True).click()
        expect(page.locator("#bench-clock")).to_have_text("It is 90 s behind, and drifts by 0 ppm.")
        bench.get_by_role("button", name="Touch and hold").dispatch_event("pointerdown")
        assert served.site.gateway.now.button.is_touched
        bench.get_by_role("button", name="Touch and hold").dispatch_event("pointerup")
        expect(page.locator("#led")).to_have_attribute("data-rhythm", "slow")

        go(page, "files")
        file = tmp_path / "automation.json"
        file.write_text(
            '{"automations": [{"description": "Boiler", "enabled": false, "mode": "on_change", '
            '"condition": null, "on_true": [], "on_false": []}]}'
        )
        page.locator("#files input[type=file]").set_input_files(file)
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("#file-rows")).to_contain_text("automation.json")
        go(page, "settings")
        page.get_by_role("tab", name="Automation").click()
        page.get_by_role("button", name="Enable", exact=True).click()
        expect(page.locator("#panel")).to_contain_text("Enabled, on change")
        assert served.site.gateway.now.automations.automations[0].enabled


def test_a_gateway_that_is_gone(browser: Browser) -> None:
    """The page says that what it shows is old, and goes on when the gateway is there again."""
    with ServedGateway() as served, Visit(browser, served.site) as page:
        expect(page.locator("#status")).to_contain_text("IS000122")
        served.run(served.site.rest.stop())
        expect(page.locator("#lost")).to_be_visible()
        served.run(served.site.rest.start())
        expect(page.locator("#lost")).to_be_hidden()


TOO_SMALL = """() => [...document.querySelectorAll(
  'button, nav a, select, label.choice, label.switch, input, summary'
)].filter((one) => one.checkVisibility() && !one.matches('.choice *, .switch *'))
  .filter((one) => one.getBoundingClientRect().height < 44)
  .map((one) => `${one.getBoundingClientRect().height} ${one.outerHTML.slice(0, 90)}`)"""

NAMELESS = """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
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


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")])
def test_it_can_be_used(browser: Browser, size: tuple[int, int], scheme: str) -> None:
    """Nothing is too wide, too small to touch, too faint to read, or without a name."""
    links = {"link_1": {"kind": "mqtt"}, "link_2": {"kind": "tcp"}}
    data = {**SITE, "settings": {**SITE["settings"], **links}}
    with ServedGateway(data) as served, Visit(browser, served.site, size, scheme) as page:
        for section in SECTIONS:
            go(page, section)
            expect(page.locator(f"body[data-shown={section}]")).to_be_visible()
            for tab in TABS if section == "settings" else ("",):
                if tab:
                    page.get_by_role("tab", name=tab).click()
                    expect(page.locator("#panel h2").first).to_be_visible()
                for complaint in (TOO_SMALL, NAMELESS, TOO_FAINT):
                    assert [] == page.evaluate(complaint), (section, tab)
                assert 0 == page.evaluate(TOO_WIDE), (section, tab)
