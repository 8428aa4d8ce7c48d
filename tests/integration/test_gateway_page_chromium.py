"""The gateway's page in a real Chromium, used as a person would."""

from __future__ import annotations

import json
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

from simulators.iskra_sg import rest
from simulators.iskra_sg.faults import AbsentDevice
from simulators.iskra_sg.links import add_links
from simulators.iskra_sg.loads import Flow
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
        *,
        has_own_time: bool = False,
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
        if has_own_time:
            self.page.clock.install()
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


def look_again(page: Page) -> None:
    """Have the page ask the gateway now, as it does every two seconds."""
    page.evaluate("dispatchEvent(new Event('refresh'))")


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
            look_again(page)
            expect(measured).to_contain_text("4900.0 W")
            expect(go(page, "counters")).to_contain_text("Direction: import5000.0")

            served.run(served.site.gateway.faults.switch_on(AbsentDevice(33)))
            look_again(page)
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
        with page.expect_response("**/bench/button"):
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
        expect(page.get_by_label("Automation description")).to_have_value("Boiler")
        page.get_by_role("button", name="Enabled", exact=True).click()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#panel .done").first).to_have_text("Saved.")
        assert served.site.gateway.now.automations.automations[0].enabled


def test_a_gateway_that_is_gone(browser: Browser) -> None:
    """The page says by itself that what it shows is old, and goes on when the gateway is back."""
    with ServedGateway() as served, Visit(browser, served.site, has_own_time=True) as page:
        expect(page.locator("#status")).to_contain_text("IS000122")
        served.run(served.site.rest.stop())
        page.clock.run_for(2000)
        expect(page.locator("#lost")).to_be_visible()
        served.run(served.site.rest.start())
        page.clock.run_for(2000)
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


def can_be_used(page: Page, where: object) -> None:
    """Make sure that nothing is too small to touch, too faint to read, nameless or too wide."""
    for complaint in (TOO_SMALL, NAMELESS, TOO_FAINT):
        assert [] == page.evaluate(complaint), where
    assert 0 == page.evaluate(TOO_WIDE), where


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
                can_be_used(page, (section, tab))


# ---------------------------------------------------------------- automations

SHEET = Path(rest.__file__).with_name("README.md").read_text("utf-8")
HVAC = json.loads(SHEET.partition("this is example 4.5.6.1:\n\n```json\n")[2].partition("```")[0])
"""The example of the manual, as the device sheet has it."""
AUTOMATED: Any = {
    **SITE,
    "settings": {**SITE["settings"], "features": {"automation": True}},
    "load": [{"name": "house", "power_w": 2900}, {"name": "charger"}],
    "device": [
        {"port": "left-ir", "model": "WM3M4C", "serial": "W4124940", "loads": ["house", "charger"]},
        {"port": "right-ir", "model": "IR Bicom", "serial": "IB000001"},
        {"port": "rs485", "model": "BI432", "serial": "BI010001", "address": 31},
    ],
    "inputs": {},
}
COLOURS = {"true": "rgb(19, 121, 91)", "false": "rgb(179, 38, 30)", "unknown": "rgb(120, 134, 145)"}
"""Green, red and grey."""


def automations(page: Page) -> Any:
    """Go to the automations."""
    go(page, "settings")
    page.get_by_role("tab", name="Automation").click()
    expect(page.locator(".circuit")).to_be_visible()
    return page.locator("#panel")


def press(page: Page, *names: str) -> None:
    """Press buttons, one after the other."""
    for name in names:
        page.get_by_role("button", name=name, exact=True).last.click()


def fill(page: Page, **fields: str) -> None:
    """Fill fields of the window that is open."""
    for name, value in fields.items():
        page.get_by_role("dialog").last.get_by_label(name.replace("_", " ")).fill(value)


def choose(page: Page, **fields: str) -> None:
    """Choose from the lists of the window that is open, by what is shown."""
    for name, value in fields.items():
        field = page.get_by_role("dialog").last.get_by_label(name.replace("_", " ")).first
        field.select_option(label=value)


def add_actions(page: Page, title: str, value: str, function: str, message: str) -> None:
    """Add the three actions of figures 65 to 70."""

    def begin(device: str) -> None:
        press(page, f"Add an action: {title}", "Edit action: Not configured")
        choose(page, Device=device)

    begin("Modbus")
    choose(page, Function_code="6", Type="Int16")
    fill(page, Slave_address="4", Register="3011", Value=value)
    press(page, "✕ Close")
    begin("Bicom")
    choose(page, Select_device="[Right IR] IR Bicom", Function=function)
    page.keyboard.press("Escape")
    begin("MQTT")
    choose(page, Link="Link 1")
    fill(page, Subtopic="status", Message=message)
    page.keyboard.press("Escape")


def lit(page: Page, condition: str, on_true: str, on_false: str) -> None:
    """Expect these states, and their colours of the blocks and of the lines."""
    look_again(page)
    parts = (("#panel .node", condition), ("#panel .outcome >> nth=0", on_true))
    for place, state in (*parts, ("#panel .outcome >> nth=1", on_false)):
        expect(page.locator(place)).to_have_class(re.compile(rf"\b{state}$"))
        line = "one => getComputedStyle(one, '::after').borderTopColor"
        block = page.locator(place).locator("xpath=descendant-or-self::*[contains(@class, 'box')]")
        expect(block.first).to_have_css("border-top-color", COLOURS[state])
        assert COLOURS[state] == page.locator(place).evaluate(line)


def test_an_automation_is_built_by_hand_and_seen_live(browser: Browser) -> None:
    """Example 4.5.6.1 is built as the manual does it; its blocks and lines are red, green, grey."""
    with ServedGateway(AUTOMATED, real=False) as served, Visit(browser, served.site) as page:
        gateway = served.site.gateway
        served.run(add_links(gateway).automations.start())
        panel = automations(page)
        panel.get_by_label("Automation description").fill("HVAC")
        press(page, "Enabled", "Add to the automation", "CONDITION")
        press(page, "Edit condition: Not configured", "+ Add new input")
        press(page, "Edit input: Not configured")
        choose(page, Property="Meter", Select_device="[Left IR] WM3M4C (33)")
        choose(page, Measurement="Active Power (W)", Phase="Total")
        press(page, "✕ Close")
        choose(page, Operator=">")
        fill(page, Value="10000", Hysteresis="500")
        expect(page.get_by_role("dialog").locator("output")).to_have_text("9.5 kW - 10.5 kW")
        page.keyboard.press("Escape")
        add_actions(page, "On True", "5", "Off", "ECO mode turned on")
        add_actions(page, "On False", "4", "On", "ECO mode turned off")
        expect(panel).to_contain_text("There are changes that are not saved.")
        press(page, "Save")
        expect(panel).to_contain_text("Saved.")
        _, told = served.run(served.site.get("api/automation"))
        for one in told["automations"]:
            del one["live"]
        assert {"enabled": True, **HVAC} == told

        press(page, "Live")
        lit(page, "unknown", "unknown", "unknown")
        served.run(served.site.pass_time(START + timedelta(seconds=2)))
        lit(page, "false", "false", "true")
        gateway.now.feed("charger", Flow.of_watts((8000, 0, 0)))
        served.run(served.site.pass_time(START + timedelta(seconds=4)))
        lit(page, "true", "true", "false")
        expect(panel.locator(".values")).to_have_text(
            "Meter [Left IR] (33) Active Power10900 WAsked for> 10000 ± 500 W"
        )
        served.run(gateway.faults.switch_on(AbsentDevice(33)))
        served.run(served.site.pass_time(START + timedelta(seconds=6)))
        lit(page, "unknown", "true", "false")


def test_automations_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    """Keys suffice, a refusal stands at its block, and of the deepest tree nothing is too wide."""
    with ServedGateway(AUTOMATED, real=False) as served, Visit(browser, served.site, PHONE) as page:
        panel = automations(page)
        panel.get_by_role("button", name="Add to the automation").focus()
        for key in ("Enter", "Tab", "Enter", "Enter", "Enter"):  # an OR, and an AND in it
            page.keyboard.press(key)
        expect(panel.locator(".gate .title")).to_have_text(["OR", "AND"])
        press(page, "Save")
        refused = panel.locator(".box.refused")
        expect(refused.locator(".title")).to_have_text("AND")
        expect(refused).to_contain_text("of []: give a gate one condition at least")
        press(page, "Add to AND", "CONDITION", "Edit condition: Not configured")
        press(page, "+ Add new input", "Edit input: Not configured")
        choose(page, Property="Time")
        can_be_used(page, "windows")
        page.keyboard.press("Escape")
        fill(page, Value="6", Hysteresis="")
        press(page, "✕ Close", "Save")
        expect(panel.locator(".condition.refused")).to_contain_text("hysteresis ''")
        press(page, "Edit condition: Time: hour > 6 ± ")
        expect(page.get_by_role("dialog").locator(".problem")).to_contain_text("give a number")
        fill(page, Hysteresis="0")
        page.go_back()  # as a phone's button does
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.go_forward()
        expect(panel).to_contain_text("Time: hour > 6")
        press(page, "Duplicate automation 1", "Save")
        expect(panel).to_contain_text("Saved.")
        panel.get_by_text("As text").click()
        text = panel.get_by_label("Text of automation 2")
        text.fill(text.input_value().replace('"or"', '"xor"'))
        press(page, "Save text")
        expect(panel.locator("details .problem")).to_contain_text("give one of and, or")
        text.fill(text.input_value().replace('"xor"', '"and"'))
        press(page, "Save text")
        expect(panel.locator(".gate .title")).to_have_text(["AND", "AND"])

        deep = HVAC["automations"][0]
        for _ in range(8):
            deep = {**deep, "condition": {"gate": "and", "of": [deep["condition"]] * 2}}
            deep["condition"]["of"][1:] = [HVAC["automations"][0]["condition"]]
        file = tmp_path / "deep.json"
        file.write_text(json.dumps({"automations": [deep]}))
        panel.locator("input[type=file]").set_input_files(file)
        expect(panel.locator(".gate")).to_have_count(8)
        can_be_used(page, "edit")
        press(page, "Live")
        expect(panel.locator(".unknown.node")).to_have_count(17)
        can_be_used(page, "live")
        with page.expect_download() as download:
            page.get_by_role("link", name="Export").click()
        assert {"automations": [deep]} == json.loads(Path(download.value.path()).read_text())
        press(page, "Edit", "Erase automation 1", "Save")
        expect(panel).to_contain_text("Saved.")
        assert [] == served.run(served.site.get("api/automation"))[1]["automations"]
