"""
The API's handlers, one for each operation of the table; thin: they ask, and write down as JSON.

Rule 1: every error is a problem of RFC 9457, with a sentence for a person and a word for a program.
Rule 2: nothing is guessed: an unknown parameter, a wrong type or a broken body is refused.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from aiohttp import web

from backend.adapters.ledger import DeliveryView, Search
from backend.adapters.ocpp_schemas import COMMANDS
from backend.core.masking import masked
from backend.errors import (
    BackendError,
    BadAnswer,
    Busy,
    CommandError,
    DeviceError,
    LineLost,
    NoAnswer,
    NotAllowed,
    NotConnected,
    ReadingError,
    Refused,
    SettingsError,
    StoreError,
)
from backend.settings import StationSettings
from backend.web import shapes
from backend.web.openapi import PROBLEM_TYPE, document
from backend.web.site import Site, profiles_of
from backend.web.table import COMMAND, LIMIT_DEFAULT, LIMIT_MOST, OPERATIONS, TEXT_MOST

#: A thousand readings, with blanks.
READINGS_BYTES_MAX = 512 * 1024

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATUSES: Mapping[type[BackendError], int] = {
    CommandError: 422,
    ReadingError: 422,
    NotConnected: 409,
    NotAllowed: 409,
    Busy: 409,
    Refused: 502,
    BadAnswer: 502,
    NoAnswer: 504,
    LineLost: 504,
    StoreError: 503,
    SettingsError: 404,
}
"""The HTTP status of each error, by its class."""


class Api:
    """The handlers."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._document = json.dumps(document(), default=float, separators=(",", ":"))

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add a route for each operation, and for the document."""
        router.add_route("GET", "/api/openapi.json", self._openapi)
        for operation in (*OPERATIONS, COMMAND):
            handler: Handler = getattr(self, operation.name)
            router.add_route(operation.method, operation.path, handler)

    async def _openapi(self, request: web.Request) -> web.Response:
        return web.Response(text=self._document, content_type="application/json")

    # ------------------------------------------------------------ stations

    async def stations(self, request: web.Request) -> web.Response:
        """Give all stations."""
        _parameters(request)
        found = []
        for one in self._site.settings.stations:
            view = await self._site.station_view(one.identity)
            found.append(shapes.station_summary(one, view))
        return _json(found)

    async def station(self, request: web.Request) -> web.Response:
        """Give one station."""
        _parameters(request)
        one = self._station(request)
        return _json(shapes.station(one, await self._site.station_view(one.identity)))

    async def sessions(self, request: web.Request) -> web.Response:
        """Give the newest sessions of a station."""
        one, most = self._station(request), _limit(request)
        found = await self._site.last_sessions(one.identity, most)
        return _json([shapes.session(each) for each in found])

    async def deviations(self, request: web.Request) -> web.Response:
        """Give the newest deviations of a station."""
        one, most = self._station(request), _limit(request)
        found = await self._site.last_deviations(one.identity, most)
        return _json([shapes.deviation(each) for each in found])

    async def frames(self, request: web.Request) -> web.Response:
        """Give the newest frames of a station."""
        one, most = self._station(request), _limit(request)
        return _json([shapes.frame(each) for each in self._site.last_frames(one.identity, most)])

    async def sent(self, request: web.Request) -> web.Response:
        """Give the newest commands to a station."""
        one, most = self._station(request), _limit(request)
        found = await self._site.last_commands(one.identity, most)
        return _json([shapes.sent_command(each) for each in found])

    async def differences(self, request: web.Request) -> web.Response:
        """Give the days on which a station and the meter in front of it differed."""
        one, most = self._station(request), _limit(request)
        found = await self._site.last_differences(one.identity, most)
        return _json([shapes.difference(each) for each in found])

    async def commands(self, request: web.Request) -> web.Response:
        """Give the commands there are, as the station's model has them."""
        _parameters(request)
        return _json(shapes.all_commands(self._station(request).profile))

    async def command(self, request: web.Request) -> web.Response:
        """Send a command."""
        _parameters(request)
        one, action = self._station(request), request.match_info["action"]
        if action not in COMMANDS:
            raise missing("command", action, "GET …/commands lists them")
        payload = await _body(request)
        answer, chosen = await self._site.commands.run(one.identity, action, payload)
        return _json(
            {
                "station": one.identity,
                "action": action,
                "answer": masked(answer),
                "chosen": chosen,
            }
        )

    def _station(self, request: web.Request) -> StationSettings:
        identity = request.match_info["identity"]
        found = self._site.settings.find_station(identity)
        if found is None:
            raise missing("station", identity, "GET /api/stations lists them")
        return found

    async def day(self, request: web.Request) -> web.Response:
        """Give the energies of a local day."""
        _parameters(request)
        one = self._station(request)
        asked = day_of(request.match_info["day"])
        return _json(shapes.day(one, asked, await self._site.day(one.identity, asked)))

    async def interval(self, request: web.Request) -> web.Response:
        """Tell why an interval is what it is."""
        _parameters(request)
        one = self._station(request)
        asked = instant_of(request.match_info["instant"])
        return _json(shapes.explanation(await self._site.explain(one.identity, asked)))

    # ------------------------------------------------------------ meters

    async def meters(self, request: web.Request) -> web.Response:
        """Give all meters."""
        _parameters(request)
        site = self._site
        views = [(one, await site.meter_view(one.name)) for one in site.settings.meters]
        return _json([shapes.meter(one, view, site.gateway_view(one.name)) for one, view in views])

    async def meter_readings(self, request: web.Request) -> web.Response:
        """Keep readings of a meter."""
        _parameters(request)
        name = request.match_info["name"]
        if all(one.name != name for one in self._site.settings.meters):
            raise missing("meter", name, "GET /api/meters lists them")
        raw = await request.read()
        if len(raw) > READINGS_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(READINGS_BYTES_MAX, len(raw))
        items, text = _loaded(request, raw), raw.decode("utf-8", "backslashreplace")
        received, new = await self._site.keep_readings(name, items, text)
        return _json({"meter": name, "received": received, "new": new})

    # ------------------------------------------------------------ deliveries and models

    async def deliveries(self, request: web.Request) -> web.Response:
        """Give the newest deliveries."""
        most = _limit(request)
        found = (await self._site.deliveries())[::-1][:most]
        return _json([shapes.delivery(each) for each in found])

    async def hold_delivery(self, request: web.Request) -> web.Response:
        """Stop a delivery."""
        return await self._change_delivery(request, self._site.hold_delivery)

    async def release_delivery(self, request: web.Request) -> web.Response:
        """Let a delivery go on."""
        return await self._change_delivery(request, self._site.release_delivery)

    async def _change_delivery(
        self, request: web.Request, change: Callable[[str], Awaitable[DeliveryView | None]]
    ) -> web.Response:
        _parameters(request)
        name = request.match_info["name"]
        if name not in {task.name for task in self._site.settings.tasks}:
            raise missing("task", name, "the settings name it in [[task]]")
        found = await change(name)
        if found is None:
            raise missing("file that waits of task", name, "all that were made have arrived")
        return _json(shapes.delivery(found))

    async def receipts(self, request: web.Request) -> web.Response:
        """Give receipts, as they are searched for."""
        most, search = _limit(request, "text", "day"), search_of(request)
        found = await self._site.find_receipts(search._replace(most=most))
        return _json([shapes.receipt(each) for each in found])

    async def test_connection(self, request: web.Request) -> web.Response:
        """Test a connection."""
        _parameters(request)
        account, name = request.match_info["account"], request.match_info["name"]
        there = ((one.account, one.name) for one in self._site.settings.destinations)
        if (account, name) not in there:
            raise missing("destination", name, "the settings name it in [[destination]]")
        steps = await self._site.test_connection(account, name)
        return _json([shapes.connection_step(one) for one in steps])

    async def profiles(self, request: web.Request) -> web.Response:
        """Give all models."""
        _parameters(request)
        return _json([shapes.profile(one) for one in profiles_of(self._site.settings)])

    async def profile(self, request: web.Request) -> web.Response:
        """Give one model."""
        _parameters(request)
        name = request.match_info["name"]
        for one in profiles_of(self._site.settings):
            if one.name == name:
                return _json(shapes.profile(one))
        raise missing("profile", name, "GET /api/profiles lists them")


# ---------------------------------------------------------------- reading


def _parameters(request: web.Request, *known: str) -> None:
    for name in request.query:
        if name not in known:
            raise CommandError(
                f"{name[:40]!r} is no parameter of this",
                "query",
                "use " + (", ".join(known) or "none"),
                field=name[:40],
                rule="unknown parameter",
            )


def search_of(request: web.Request) -> Search:
    """
    Read what is searched for from a query; nothing of it where that is empty.

    Raises:
        CommandError: The text is too long, or the day is none.
    """
    text, day = request.query.get("text", ""), request.query.get("day", "")
    if len(text) > TEXT_MOST:
        wanted = f"a text of {TEXT_MOST} characters or fewer"
        raise CommandError("text is longer", "query", f"write {wanted}", field="text", rule=wanted)
    return Search(text.strip(), day_of(day) if day else None)


def _limit(request: web.Request, *others: str) -> int:
    _parameters(request, "limit", *others)
    text = request.query.get("limit", str(LIMIT_DEFAULT))
    is_whole = text.isascii() and text.isdigit() and len(text) < 10
    if not is_whole or not 1 <= int(text) <= LIMIT_MOST:
        wanted = f"a whole number from 1 to {LIMIT_MOST}"
        raise CommandError(
            "limit is another", "query", f"write {wanted}", field="limit", rule=wanted
        )
    return int(text)


def day_of(text: str) -> date:
    """
    Read a local day of a path.

    Raises:
        CommandError: It is none of these centuries.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if len(text) != len("2026-03-25") or not 1970 <= day.year <= 2999:
        raise _bad_part("day", text, "a day: 2026-03-25")
    return day


def instant_of(text: str) -> datetime:
    """
    Read an instant of a path.

    Raises:
        CommandError: It has no zone, or is none of these centuries.
    """
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None and 1970 < instant.year < 2999:
            return instant.astimezone(UTC)
    except ValueError:
        pass  # told below, together with what lacks its zone
    raise _bad_part("instant", text, "an instant with its zone: 2026-03-25T14:15:00+01:00")


def _bad_part(name: str, text: str, wanted: str) -> CommandError:
    return CommandError(
        f"{text[:40]!r} is none", f"path, {name}", f"write {wanted}", field=name, rule=wanted
    )


async def _body(request: web.Request) -> Json:
    raw = await request.read()
    if not raw and request.content_length in (None, 0):
        return {}
    found = _loaded(request, raw)
    if not isinstance(found, dict):
        raise CommandError("the payload is no object", "body", "send {…}", rule="type")
    return found


def _loaded(request: web.Request, raw: bytes) -> Any:
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json")
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest(text="the body is no JSON") from error


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


# ---------------------------------------------------------------- writing


def _json(value: object) -> web.Response:
    text = json.dumps(value, default=float, separators=(",", ":"))
    return web.Response(text=text, content_type="application/json")


def missing(what: str, name: str, remedy: str) -> web.HTTPNotFound:
    """Make the error of something that is not there."""
    return web.HTTPNotFound(text=f"there is no {what} {name[:60]!r}; {remedy}")


#: Newer Pythons say it otherwise, and programs go by it.
_PHRASES = {413: "Content Too Large"}


def problem_of(error: Exception) -> web.Response:
    """Write an error as a problem (RFC 9457)."""
    if isinstance(error, web.HTTPException):
        phrase = _PHRASES.get(error.status, HTTPStatus(error.status).phrase)
        kind = phrase.lower().replace(" ", "-")
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return _problem(error.status, error.text or error.reason, {"kind": kind}, headers)
    if isinstance(error, BackendError):
        status = next((STATUSES[one] for one in type(error).__mro__ if one in STATUSES), 422)
        return _problem(status, str(error), _data_of(error), {})
    return _problem(500, "the backend failed; its log says why", {"kind": "failure"}, {})


def _data_of(error: BackendError) -> dict[str, str]:
    if isinstance(error, CommandError | ReadingError):
        return {"kind": "invalid", "field": error.field, "rule": error.rule}
    if isinstance(error, Refused):
        return {"kind": error.kind, "code": error.code}
    if isinstance(error, DeviceError):
        return {"kind": error.kind}
    return {"kind": "settings" if isinstance(error, SettingsError) else "store"}


def _problem(
    status: int, detail: str, more: Mapping[str, str], headers: Mapping[str, str]
) -> web.Response:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return web.Response(
        status=status, text=json.dumps(body), content_type=PROBLEM_TYPE, headers=headers
    )
