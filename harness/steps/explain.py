"""Sentences about why an interval is what it is, and what an operator states of meters."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

from pytest_bdd import given, parsers, then

from backend import Settings
from backend.errors import BackendError
from harness.bench import Bench
from harness.console import Console
from harness.errors import Disagreement
from harness.explain import Wish, explain_text

PLACE_SIGNS = "%Y-%m-%dT%H:%M:%SZ"


# ---------------------------------------------------------------------- what is declared


@given(
    parsers.parse(
        'the meter of "{name}" was exchanged at {time},'
        " the old one at {old} kWh and the new one at {new} kWh"
    )
)
def meter_was_exchanged(bench: Bench, name: str, time: str, old: str, new: str) -> None:
    """Let the settings say when a meter was exchanged, and what both meters showed then."""
    _state(bench, name, time, old_end_wh=_wh(old), new_start_wh=_wh(new))


@given(parsers.re(r'the meter of "(?P<name>[^"]+)" was exchanged at (?P<time>\d+:\d\d)$'))
def meter_was_exchanged_unread(bench: Bench, name: str, time: str) -> None:
    """Let the settings say when a meter was exchanged, and nothing more."""
    _state(bench, name, time)


def _state(bench: Bench, name: str, time: str, **readings: str) -> None:
    bench.station(name)
    at = bench.at(time).isoformat()

    def amend(settings: dict[str, Any]) -> None:
        for one in settings["station"]:
            if one["identity"] == name:
                one.setdefault("meter_exchange", []).append({"at": at, **readings})

    bench.amend(amend)


def _wh(kwh: str) -> str:
    whole, _, rest = kwh.partition(".")
    return f"{whole}{rest:0<3}".lstrip("0") or "0"


@given(parsers.parse('the line of "{name}" is restored on the next day at {time}, and it says'))
def restored_and_says(bench: Bench, name: str, time: str, docstring: str) -> None:
    """Restore a puppet's line after the delivery, and let it send a frame."""
    bench.station(name).puppet = True

    async def say(bench: Bench) -> None:
        await bench.puppets[name].restore_line()
        await bench.puppets[name].say(docstring)

    bench.plan(bench.at(time, bench.day + timedelta(days=1)), say)


# ---------------------------------------------------------------------- what is seen


@then(
    parsers.re(
        r'(?P<way>the command|the API|the page) explains "(?P<name>[^"]+)" until (?P<time>\S+)$'
    )
)
def explains(bench: Bench, way: str, name: str, time: str, docstring: str) -> None:
    """Look for each line in what is told of an interval; "…" stands for anything."""
    bench.decide_energy_of(name)
    ask = {"the command": _by_command, "the API": _over_api, "the page": _from_page}[way]
    told = ask(bench, name, time)
    for line in docstring.splitlines():
        pattern = ".*".join(re.escape(part) for part in line.strip().split("…"))
        if not any(re.fullmatch(pattern, one) for one in told):
            raise Disagreement(f"{line.strip()!r} is not told; told is {told}")


@then(parsers.parse('the command refuses to explain {code} at "{instant}" with "{sentence}"'))
def refuses_to_explain(bench: Bench, code: str, instant: str, sentence: str) -> None:
    """Compare the error of the command."""
    try:
        told = _ask(bench, code, instant)
    except BackendError as error:
        if sentence not in str(error):
            raise Disagreement(f"the command refuses with {error}") from None
        return
    raise Disagreement(f"the command tells {told}")


def _ask(bench: Bench, code: str, instant: str) -> str:
    told = bench.settings()
    told["backend"]["database"] = str(bench.database)
    settings = Settings.from_mapping(told)
    return explain_text(settings, Wish(code, instant), bench.clock.now())


def _by_command(bench: Bench, name: str, time: str) -> list[str]:
    code = bench.station(name).metering_code
    assert code is not None
    told = _ask(bench, code, f"{bench.day.isoformat()} {time}")
    return [line.strip() for line in told.splitlines()]


def _path(bench: Bench, name: str, time: str) -> str:
    return f"/stations/{name}/intervals/{bench.at(time).strftime(PLACE_SIGNS)}"


def _over_api(bench: Bench, name: str, time: str) -> list[str]:
    console = Console(bench.backend.web_address, bench.tap)
    text = bench.run(console.read_api(f"/api{_path(bench, name, time)}"))
    return [str(one) for one in json.loads(text)["sentences"]]


def _from_page(bench: Bench, name: str, time: str) -> list[str]:
    console = Console(bench.backend.web_address, bench.tap)
    return _Told(bench.run(console.read_page(_path(bench, name, time)))).lines


class _Told(HTMLParser):
    """Reads the sentences of the page: the items of its list of that class."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a sentence begins."""
        if tag == "ol":
            self._inside = ("class", "told") in attrs
        elif tag == "li" and self._inside:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        """Note where the list ends."""
        if tag == "ol":
            self._inside = False

    def handle_data(self, data: str) -> None:
        """Take what stands in a sentence."""
        if self._inside and self.lines:
            self.lines[-1] += data
