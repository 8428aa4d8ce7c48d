"""The report in a real Chromium, read as a person would."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from harness.catalogue import Requirement
from harness.outcomes import JudgedCell, Outcome, Place, Run, Verdict
from harness.report import html_report
from simulators.wiretap import Crossing

CHROMIUM = shutil.which("chromium") or ""
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
FRAMES = tuple(
    Crossing(START + timedelta(minutes=i), "ocpp1.6", "WB", "backend", f'[2,"{i}","Call{i}",{{}}]')
    for i in range(300)
)
FILE = "code;kWh\n" + "".join(f"CH1;{i}.000\n" for i in range(300))

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="Chromium is not installed; .ci/run installs Debian's package chromium"
)


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    """Start Chromium once for all."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], headless=True
        )
        yield browser
        browser.close()


@pytest.fixture(name="page")
def _page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Open the report of one scenario that passed and one that did not; nothing may be refused."""
    told = {"feature": "Lamps", "requirements": ("ABC-01",), "evidence": FRAMES}
    verdicts = [
        Verdict(scenario="On", outcome=Outcome.PASSED, **told),  # type: ignore[arg-type]
        Verdict(
            scenario="Off",
            outcome=Outcome.FAILED,
            deciding=(FRAMES[150],),
            files=(("a.csv", FILE),),
            judged=(JudgedCell("a.csv", Place(202, 2), "200", "7"),),
            **told,  # type: ignore[arg-type]
        ),
    ]
    path = tmp_path / "report.html"
    rows = [Requirement("ABC-01", "must", "", "It shines.")]
    path.write_text(html_report(Run("x"), rows, verdicts), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    yield page
    page.close()
    assert [] == said


def test_an_arrow_leads_to_its_frame(page: Page) -> None:
    """The list of frames opens, and in it the frame, as it was sent."""
    page.locator("#s2 svg.sq a.d").click()

    frame = page.locator("#s2-151")
    expect(frame.locator("pre").first).to_be_visible()
    expect(frame).to_contain_text('[2,"150","Call150",{}]')


def test_what_is_wrong_in_a_file_is_seen_at_once(page: Page) -> None:
    """Though it stands in the two hundredth line."""
    expect(page.locator("#s2 td.j0").first).to_be_visible()
    expect(page.locator("#s2 td.j0").first).to_have_text("200.000 ✗ expected 7")


def test_a_scenario_that_is_closed_opens_for_its_link(page: Page) -> None:
    """From the matrix; its drawing is as wide as there is room."""
    page.locator('#matrix ~ * a[href="#s1"]').first.click()

    drawing = page.locator("#s1 svg.sq")
    expect(drawing).to_be_visible()
    width = drawing.bounding_box()
    assert width is not None
    assert 640 <= width["width"] <= 1240


def test_the_filter_leaves_what_it_is_told(page: Page) -> None:
    """By word, and by verdict."""
    page.fill("#words", "off")
    expect(page.locator("#told")).to_have_text("1 of 2 scenarios")
    expect(page.locator("#s1")).to_be_hidden()
