"""
The operator's ways to a backend's commands: by a scenario, over the API, and from the page.

What goes over HTTP is noted in the wiretap, a request and its answer, without what differs from run
to run (ports, cookies). Whatever the way, it comes to one word: the status that the charger
answered, the code with which it refused, or the sentence that says why nothing was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import aiohttp

from backend.errors import BackendError, CommandError, Refused
from harness.targets.face import Commands
from simulators.wiretap import Wiretap

TOKEN = "the operator's own token"
"""Of a bench, which nobody else can reach."""
HTTP_WIRE = "http"
OPERATOR = "operator"
BACKEND = "backend"

WAYS = ("by a scenario", "over the API", "from the page")


async def by_scenario(commands: Commands, station: str, action: str, payload: Any) -> str:
    """Send a command as scenarios do."""
    try:
        answer, _ = await commands.run(station, action, payload)
    except Refused as refused:
        return refused.code
    except CommandError as error:
        return f"{error.field} breaks {error.rule}"
    except BackendError as error:
        return error.what
    return str(answer.get("status", "answered"))


class Console:
    """
    Somebody who reaches a backend over HTTP.

    Parameters:
        address: of its web server.
        tap: where what crosses is noted.
    """

    def __init__(self, address: str, tap: Wiretap) -> None:
        self._address = address
        self._tap = tap

    async def over_api(self, station: str, action: str, payload: Any) -> str:
        """Send a command over the API."""
        path = f"/api/stations/{quote(station, safe='')}/commands/{action}"
        body = json.dumps(payload)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        async with aiohttp.ClientSession(self._address, headers=headers) as session:
            self._note(OPERATOR, f"POST {path} {body}")
            async with session.post(path, data=body) as answer:
                text = await answer.text()
                self._note(BACKEND, f"{answer.status} {text}")
        found = json.loads(text)
        if answer.status == 200:
            return str(found["answer"].get("status", "answered"))
        if "field" in found:
            return f"{found['field']} breaks {found['rule']}"
        return str(found.get("code", found["detail"]))

    async def read_api(self, path: str) -> str:
        """Read something over the API."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(self._address, headers=headers) as session:
            self._note(OPERATOR, f"GET {path}")
            async with session.get(path) as answer:
                text = await answer.text()
                self._note(BACKEND, f"{answer.status} {text}")
        return text

    async def read_page(self, path: str) -> str:
        """Log in and read a page."""
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name, too
        async with aiohttp.ClientSession(self._address, cookie_jar=jar) as session:
            async with session.post("/login", data={"token": TOKEN}) as answer:
                await answer.text()
            self._note(OPERATOR, f"GET {path}")
            async with session.get(path) as answer:
                text = await answer.text()
                self._note(BACKEND, f"{answer.status} {text}")
        return text

    async def from_page(self, station: str, action: str, payload: Any) -> str:
        """Log in, fill in the form of a command, send it, and read what the page then shows."""
        path = f"/stations/{quote(station, safe='')}/commands/{action}"
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name, too
        async with aiohttp.ClientSession(self._address, cookie_jar=jar) as session:
            async with session.post("/login", data={"token": TOKEN}) as answer:
                await answer.text()
            async with session.get(path) as answer:
                form = _Page(await answer.text())
            filled = fields_of(payload)
            self._note(OPERATOR, f"POST {path} {json.dumps(filled)}")
            async with session.post(path, data={"word": form.word, **filled}) as answer:
                page = _Page(await answer.text())
                self._note(BACKEND, f"{answer.status} {page.headline}")
        if page.rule:
            return f"{page.field} breaks {page.rule}"
        return page.headline.removeprefix("Refused: ").replace("Answered", "answered")

    def _note(self, sender: str, text: str) -> None:
        receiver = BACKEND if sender == OPERATOR else OPERATOR
        self._tap.note(HTTP_WIRE, sender, receiver, text)


class _Page(HTMLParser):
    """Finds the word of a form, the headline of an outcome, and which rule was broken."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.word = self.headline = self.field = self.rule = ""
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the word, and where an outcome begins."""
        found = dict(attrs)
        if tag == "input" and found.get("name") == "word":
            self.word = found.get("value") or ""
        if tag == "section" and "outcome" in (found.get("class") or ""):
            self._inside = ["outcome"]
            self.field, self.rule = found.get("data-field") or "", found.get("data-rule") or ""
        elif tag == "h2" and self._inside == ["outcome"]:
            self._inside.append("h2")

    def handle_endtag(self, tag: str) -> None:
        """Note where a headline ends."""
        if tag == "h2":
            self._inside = []

    def handle_data(self, data: str) -> None:
        """Take the headline."""
        if self._inside == ["outcome", "h2"]:
            self.headline += data


def fields_of(payload: Any, within: str = "") -> dict[str, str]:
    """Give a payload as the fields of a form, named by their places in it."""
    if isinstance(payload, Mapping):
        parts = payload.items()
    elif isinstance(payload, list) and all(isinstance(one, Mapping) for one in payload):
        parts = {str(index): one for index, one in enumerate(payload)}.items()
    elif isinstance(payload, list):
        return {within: "\n".join(map(str, payload))}
    else:
        return {within: str(payload)}
    found: dict[str, str] = {}
    for name, one in parts:
        found |= fields_of(one, f"{within}.{name}" if within else str(name))
    return found


def matches(wanted: Any, said: Any) -> bool:
    """Tell whether JSON is as wanted, where ``"…"`` stands for anything."""
    if wanted == "…":
        return True
    if isinstance(wanted, dict) and isinstance(said, dict):
        return wanted.keys() == said.keys() and all(
            matches(wanted[key], said[key]) for key in wanted
        )
    if isinstance(wanted, list) and isinstance(said, list):
        return len(wanted) == len(said) and all(map(matches, wanted, said))
    return bool(wanted == said)


def read_json(text: str) -> Any:
    """Read JSON of a scenario; numbers with a point stay what they are."""
    return json.loads(text, parse_float=Decimal)


def is_json(text: str) -> bool:
    """Tell whether a word of a scenario is JSON, and not the code of an error."""
    return re.match(r"[\[{]", text) is not None
