"""
The operator's pages: the chargers, one charger, a command to it, and who may see them.

Rule 1: all of it works without a script; the script only keeps the log of frames fresh.
Rule 2: a command is sent by POST and its outcome shown by GET, so that loading a page again never
sends anything a second time.
Rule 3: nothing that a person could log in with is written into a page.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from aiohttp import web

from backend.adapters.frame_log import SeenFrame
from backend.adapters.gateways import GatewayView
from backend.adapters.ledger import DeliveryView, Receipt
from backend.adapters.meters import MeterView
from backend.adapters.ocpp_frames import shown
from backend.adapters.ocpp_schemas import COMMANDS, GROUPS, Command, schema_for_callers
from backend.adapters.station_views import StationView
from backend.core import days, sentences
from backend.core.days import to_day_label
from backend.core.intervals import RULES, Interval
from backend.core.masking import is_secret_key, masked
from backend.errors import (
    BackendError,
    BadAnswer,
    Busy,
    CommandError,
    LineLost,
    NoAnswer,
    NotAllowed,
    NotConnected,
    Refused,
)
from backend.settings import MeterSettings, StationSettings
from backend.web import energy, shapes
from backend.web.api import day_of, instant_of, missing, search_of
from backend.web.forms import form_of, payload_of, proposals, told, with_one_more
from backend.web.guard import Guard, check_origin
from backend.web.html import (
    STATIC,
    Markup,
    facts,
    fill,
    form_parts,
    join,
    pretty,
    static,
    table,
    tag,
)
from backend.web.site import Site

FRAMES_SHOWN = 60
ROWS_SHOWN = 10
DAYS_SHOWN = 8
RECEIPTS_SHOWN = 200
RECEIPTS_IN_FILE = 100_000
_TYPES = {"page.css": "text/css", "page.js": "text/javascript"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What became of a command, as a person sees it.

    Attributes:
        station, action: what was sent to whom.
        is_good: whether the charger answered.
        headline: the status, or what went wrong.
        detail: the whole answer, or what to do.
        field, rule: of a `CommandError`; programs read them, people the headline.
    """

    station: str
    action: str
    is_good: bool
    headline: str
    detail: Markup
    field: str | None = None
    rule: str | None = None


class Pages:
    """The handlers of the pages."""

    def __init__(self, site: Site, guard: Guard) -> None:
        self._site = site
        self._guard = guard

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_route("GET", "/", self._stations)
        router.add_route("GET", "/login", self._login)
        router.add_route("POST", "/login", self._log_in)
        router.add_route("POST", "/logout", self._log_out)
        router.add_route("GET", "/static/{name}", self._static)
        router.add_route("GET", "/meters", self._meters)
        router.add_route("GET", "/files", self._files)
        router.add_route("GET", "/files/{name}", self._file)
        router.add_route("GET", "/receipts.csv", self._receipts)
        router.add_route("POST", "/tasks/{name}/{change:hold|release}", self._change_delivery)
        router.add_route("GET", "/stations/{identity}", self._station)
        router.add_route("GET", "/stations/{identity}/frames", self._frames)
        router.add_route("GET", "/stations/{identity}/days/{day}", self._day)
        router.add_route("GET", "/stations/{identity}/intervals/{instant}", self._interval)
        router.add_route("GET", "/stations/{identity}/commands/{action}", self._command)
        router.add_route("POST", "/stations/{identity}/commands/{action}", self._send)

    # ------------------------------------------------------------ who may come in

    async def _login(self, request: web.Request) -> web.StreamResponse:
        if self._guard.session_of(request) is not None:
            raise web.HTTPSeeOther("/")
        return _page("Log in", fill("login.html", problem=""), "")

    async def _log_in(self, request: web.Request) -> web.StreamResponse:
        check_origin(request)
        token = str((await request.post()).get("token", ""))
        if not self._guard.knows(token.strip()):
            problem = tag("p", "That is not the token of the settings.", class_="bad", role="alert")
            return _page("Log in", fill("login.html", problem=problem), "", status=403)
        response = web.HTTPSeeOther("/")
        self._guard.log_in(response)
        raise response

    async def _log_out(self, request: web.Request) -> web.StreamResponse:
        await self._guard.check_form(request)
        response = web.HTTPSeeOther("/login")
        self._guard.log_out(request, response)
        raise response

    async def _static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in STATIC:
            raise missing("file", name, "go back")
        return web.Response(body=static(name), content_type=_TYPES[name], charset="utf-8")

    # ------------------------------------------------------------ chargers

    async def _stations(self, request: web.Request) -> web.StreamResponse:
        cards = [
            _card(one, await self._site.station_view(one.identity))
            for one in self._site.settings.stations
        ]
        none = tag("p", "The settings name no charging station yet.", class_="hint")
        body = fill(
            "stations.html",
            cards=join(cards) if cards else none,
            address=f"{self._site.address}/IDENTITY",
        )
        return _page("Charging stations", body, self._guard.person(request).word)

    async def _station(self, request: web.Request) -> web.StreamResponse:
        one = self._settings_of(request)
        view = await self._site.station_view(one.identity)
        body = fill(
            "station.html",
            name=one.name,
            pill=_pill(view),
            facts=_facts(one, view),
            days=_day_links(one, self._site.today()),
            connectors=_connectors(view),
            differences=await self._differences(one),
            commands=_command_links(one),
            sessions=await self._sessions(one.identity),
            sent=await self._sent(one.identity),
            deviations=await self._deviations(one.identity),
            frames_path=f"{_path(one)}/frames",
            frames=_frame_list(self._site.last_frames(one.identity, FRAMES_SHOWN)),
        )
        return _page(one.name, body, self._guard.person(request).word)

    async def _frames(self, request: web.Request) -> web.StreamResponse:
        one = self._settings_of(request)
        inside = _frame_list(self._site.last_frames(one.identity, FRAMES_SHOWN))
        return web.Response(text=inside, content_type="text/html")

    # ------------------------------------------------------------ meters

    async def _meters(self, request: web.Request) -> web.StreamResponse:
        rows = [
            _meter_row(
                one, await self._site.meter_view(one.name), self._site.gateway_view(one.name)
            )
            for one in self._site.settings.meters
        ]
        names = ("Meter", "Read at", "Register", "At", "What is wrong")
        listing = _listing(names, rows, "The settings name no meter yet.")
        body = join([tag("h1", "Meters"), listing])
        return _page("Meters", body, self._guard.person(request).word)

    # ------------------------------------------------------------ files

    async def _files(self, request: web.Request) -> web.StreamResponse:
        search = search_of(request)
        found = await self._site.find_receipts(search._replace(most=RECEIPTS_SHOWN))
        word = self._guard.person(request).word
        waiting, heads = [], set()
        for one in await self._site.deliveries():
            if one.delivered_at is None:
                # Those behind the first one of a task wait for it.
                button = "" if one.task in heads else _delivery_button(one, word)
                heads.add(one.task)
                row = (one.task, _file_link(one.name), one.state, one.tries, one.error or "")
                waiting.append((*row, button))
        arrived = [
            (
                _time(one.arrived),
                _file_link(one.name),
                one.rows,
                _span(one),
                f"{one.size:,} bytes",
                one.server,
                one.tries,
                tag("code", one.sha256[:12], title=one.sha256),
            )
            for one in found
        ]
        day = "" if search.day is None else search.day.isoformat()
        body = fill(
            "files.html",
            text=search.text,
            day=day,
            csv=f"/receipts.csv?text={quote(search.text)}&day={day}",
            waiting=_listing(
                ("Task", "File", "State", "Tries", "Why", ""), waiting, "Every file has arrived."
            ),
            receipts=_listing(
                ("Arrived", "File", "Rows", "Tells of", "Size", "Server", "Tries", "SHA-256"),
                arrived,
                "Nothing of the kind has arrived.",
            ),
        )
        return _page("Files", body, word)

    async def _change_delivery(self, request: web.Request) -> web.StreamResponse:
        await self._guard.check_form(request)
        name, hold = request.match_info["name"], request.match_info["change"] == "hold"
        if name not in {task.name for task in self._site.settings.tasks}:
            raise missing("task", name, "look for it among the files")
        await (self._site.hold_delivery(name) if hold else self._site.release_delivery(name))
        raise web.HTTPSeeOther("/files")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        content = await self._site.content_of(name)
        if content is None:
            raise missing("file", name, "look for it among the files")
        return _download(name, content, "application/octet-stream")

    async def _receipts(self, request: web.Request) -> web.StreamResponse:
        search = search_of(request)._replace(most=RECEIPTS_IN_FILE)
        found = [shapes.receipt(one) for one in await self._site.find_receipts(search)]
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(shapes.SHAPES["Receipt"]["properties"]))
        writer.writeheader()
        writer.writerows(found)
        return _download("receipts.csv", text.getvalue().encode(), "text/csv")

    # ------------------------------------------------------------ energies

    async def _day(self, request: web.Request) -> web.StreamResponse:
        one, day = self._settings_of(request), day_of(request.match_info["day"])
        intervals = await self._site.day(one.identity, day)
        rows = [
            (
                tag("a", energy.clock(each, day), href=_interval_path(one, each)),
                "–" if each.energy_kwh is None else f"{each.energy_kwh:f}",
                tag("span", each.status, class_=f"status {each.status}"),
                RULES[each.rule][1],
            )
            for each in intervals
        ]
        body = fill(
            "day.html",
            station=one.name,
            station_path=_path(one),
            day=to_day_label(day),
            before=f"{_path(one)}/days/{day - timedelta(days=1)}",
            after=f"{_path(one)}/days/{day + timedelta(days=1)}",
            total=energy.total(intervals),
            picture=energy.picture(intervals, day),
            rows=table(("Until", "kWh", "Status", "Why"), rows),
        )
        return _page(f"{to_day_label(day)} – {one.name}", body, self._guard.person(request).word)

    async def _interval(self, request: web.Request) -> web.StreamResponse:
        one = self._settings_of(request)
        found = await self._site.explain(one.identity, instant_of(request.match_info["instant"]))
        day = sentences.day_of(found)
        body = fill(
            "interval.html",
            day=to_day_label(day),
            day_path=f"{_path(one)}/days/{day.isoformat()}",
            title=sentences.title(found),
            told=tag(
                "ol", *(tag("li", each) for each in sentences.sentences(found)), class_="told"
            ),
            readings=_listing(
                sentences.COLUMNS, sentences.rows(found), "No reading reaches into it."
            ),
        )
        return _page(sentences.title(found), body, self._guard.person(request).word)

    async def _sessions(self, identity: str) -> Markup:
        found = await self._site.last_sessions(identity, ROWS_SHOWN)
        rows = [
            (
                one.id,
                one.id_tag or "no card",
                _time(one.started),
                _time(one.ended) or "runs",
                "" if one.meter_start_wh is None else f"{one.meter_start_wh:f}",
                "" if one.meter_stop_wh is None else f"{one.meter_stop_wh:f}",
                one.reason or one.state.value,
            )
            for one in found
        ]
        names = ("Number", "Card", "Began", "Ended", "Wh at start", "Wh at end", "How")
        return _listing(names, rows, "No session yet.")

    async def _differences(self, one: StationSettings) -> Markup:
        """Show where the station and the meter in front of it differ; nothing without one."""
        if one.upstream is None:
            return Markup("")
        found = await self._site.last_differences(one.identity, ROWS_SHOWN)
        rows = [
            (
                each.day,
                f"{each.charger_kwh:f} kWh",
                f"{each.meter_kwh:f} kWh",
                f"{each.left_out} of {each.compared + each.left_out}",
                "agree since" if each.settled_at else "differ",
                _time(each.settled_at or each.found_at),
            )
            for each in found
        ]
        names = ("Day", "Charger", "Meter", "Left out", "State", "Since")
        told = f"{one.upstream.meter} stands in front of it; the {one.upstream.counts} counts."
        return join(
            [
                tag("h2", "Meter in front"),
                tag("p", told, class_="hint"),
                _listing(names, rows, "They have not differed beyond the limits."),
            ]
        )

    async def _sent(self, identity: str) -> Markup:
        found = await self._site.last_commands(identity, ROWS_SHOWN)
        rows = [
            (
                _time(one.sent_at),
                one.action,
                tag("code", shown(one.payload)),
                one.outcome,
                tag("code", one.answer or "–"),
            )
            for one in found
        ]
        names = ("Sent", "Command", "What", "Outcome", "Answer")
        return _listing(names, rows, "No command yet.")

    async def _deviations(self, identity: str) -> Markup:
        found = await self._site.last_deviations(identity, ROWS_SHOWN)
        rows = [
            (_time(one.received), one.action, one.leniency.rule, masked(one.leniency.meaning))
            for one in found
        ]
        return _listing(("Came", "Message", "What", "How it was read"), rows, "None.")

    # ------------------------------------------------------------ commands

    async def _command(self, request: web.Request) -> web.StreamResponse:
        one, command = self._settings_of(request), _command_of(request)
        outcome = None
        number = request.query.get("outcome", "")
        if number.isascii() and number.isdigit() and len(number) < 10:
            outcome = self._guard.person(request).outcomes.get(int(number))
            if outcome is not None and (outcome.station, outcome.action) != (
                one.identity,
                command.action,
            ):
                outcome = None
        proposed = proposals(schema_for_callers(command.action), one.profile.connectors)
        return self._form(request, one, command, proposed, outcome)

    async def _send(self, request: web.Request) -> web.StreamResponse:
        fields = dict(await self._guard.check_form(request))
        one, command = self._settings_of(request), _command_of(request)
        schema = schema_for_callers(command.action)
        more = fields.pop("more", None)
        if more is not None:
            return self._form(request, one, command, with_one_more(more, schema, fields), None)
        try:
            payload = payload_of(schema, fields)
            answer, chosen = await self._site.commands.run(one.identity, command.action, payload)
        except CommandError as error:
            what, remedy = told(error)
            detail, (field, rule) = tag("p", remedy), (error.field, error.rule)
            outcome = Outcome(one.identity, command.action, False, what, detail, field, rule)
            return self._form(request, one, command, _kept(fields), outcome, status=422)
        except BackendError as error:
            outcome = _bad(one, command, error)
        else:
            outcome = _good(one, command, answer, chosen)
        number = self._guard.person(request).keep(outcome)
        raise web.HTTPSeeOther(f"{_path(one)}/commands/{command.action}?outcome={number}")

    def _form(
        self,
        request: web.Request,
        one: StationSettings,
        command: Command,
        values: Mapping[str, str],
        outcome: Outcome | None,
        status: int = 200,
    ) -> web.StreamResponse:
        schema, order = schema_for_callers(command.action), one.profile.id_tag_order
        parts = form_of(command.action, schema, values, order)
        support = shapes.supports(one.profile, command.action)
        note = f"Of the {one.profile.title} it is declared that it does not support this."
        word = self._guard.person(request).word
        body = fill(
            "command.html",
            station=one.name,
            station_path=_path(one),
            title=command.title,
            action=command.action,
            section=command.section,
            note=tag("p", note, class_="note") if support is False else "",
            outcome="" if outcome is None else _outcome(outcome),
            fields=form_parts(parts) if parts else tag("p", "Nothing to fill in.", class_="hint"),
            word=word,
            frames_path=f"{_path(one)}/frames",
            frames=_frame_list(self._site.last_frames(one.identity, FRAMES_SHOWN)),
        )
        return _page(f"{command.title} – {one.name}", body, word, status=status)

    def _settings_of(self, request: web.Request) -> StationSettings:
        identity = request.match_info["identity"]
        found = self._site.settings.find_station(identity)
        if found is None:
            raise missing("station", identity, "go back to the list")
        return found


# ---------------------------------------------------------------- parts of pages


def _page(title: str, body: Markup, word: str, status: int = 200) -> web.Response:
    """
    Put a page together.

    Parameters:
        word: what its forms carry; empty for somebody who is not logged in.
    """
    bar = fill("bar.html", word=word) if word else ""
    text = fill("base.html", title=title, bar=bar, body=body)
    return web.Response(text=text, content_type="text/html", status=status)


def problem_page(status: int, title: str, detail: str) -> web.Response:
    """Give the page that says what is wrong."""
    body = fill("problem.html", title=title, detail=detail)
    text = fill("base.html", title=title, bar="", body=body)
    return web.Response(text=text, content_type="text/html", status=status)


def _path(one: StationSettings) -> str:
    return f"/stations/{quote(one.identity, safe='')}"


def _interval_path(one: StationSettings, each: Interval) -> str:
    return f"{_path(one)}/intervals/{each.end:%Y-%m-%dT%H:%M:%SZ}"


def _meter_row(one: MeterSettings, view: MeterView, read: GatewayView | None) -> list[Any]:
    place = "the API" if one.place is None else f"{one.place.gateway}, {one.place.serial}"
    register = "" if view.last_wh is None else f"{view.last_wh / 1000:f} kWh"
    problems = [] if read is None else [each for each in (read.problem, read.gap_problem) if each]
    wrong = [tag("p", each, class_="bad") for each in problems]
    return [one.name, place, register, _time(view.last_instant), join(wrong)]


def _day_links(one: StationSettings, today: date) -> Markup:
    days_back = (today - timedelta(days=back) for back in range(DAYS_SHOWN))
    links = [
        tag("li", tag("a", to_day_label(day), href=f"{_path(one)}/days/{day}")) for day in days_back
    ]
    return tag("ul", *links, class_="days")


def _time(instant: datetime | None) -> str:
    """Write an instant in local time."""
    return "" if instant is None else days.to_label(instant, "%d.%m.%Y %H:%M:%S", days.LOCAL)


def _pill(view: StationView) -> Markup:
    status = shapes.status_of(view) if view.connected else "offline"
    kind = {"Faulted": "bad", "offline": "off", "Charging": "busy"}.get(status, "good")
    return tag("span", status or "connected", class_=f"pill {kind}")


def _line(view: StationView) -> str:
    if view.since is None:
        return "never connected"
    return f"{'up' if view.connected else 'down'} since {_time(view.since)}"


def _session(view: StationView) -> str:
    if view.session is None:
        return "none"
    return f"{view.session.id_tag or 'no card'} since {_time(view.session.started)}"


def _card(one: StationSettings, view: StationView) -> Markup:
    head = tag("h2", tag("a", one.name, href=_path(one)), _pill(view))
    told = {
        "Identity": one.identity if one.identity != one.name else "",
        "Model": one.profile.title,
        "Line": _line(view),
        "Last heard": _time(view.last_heard) or "never",
        "Session": _session(view),
    }
    return tag("li", head, facts(told))


def _facts(one: StationSettings, view: StationView) -> Markup:
    boot = view.boot
    said = " ".join(
        str(boot[name])
        for name in ("chargePointVendor", "chargePointModel", "firmwareVersion")
        if name in boot
    )
    return facts(
        {
            "Identity": one.identity,
            "Account": one.account,
            "Model": one.profile.title,
            "Says it is": said,
            "Boot": view.registration or "not seen",
            "Line": _line(view),
            "Last heard": _time(view.last_heard) or "never",
            "Session": _session(view),
            **_more(view),
        }
    )


def _connectors(view: StationView) -> Markup:
    rows = [
        (
            "charger" if one.number == 0 else one.number,
            one.status,
            " ".join(filter(None, (one.error if one.error != "NoError" else "", one.vendor_error))),
            one.info,
            _time(one.since),
        )
        for one in view.connectors
    ]
    names = ("Connector", "Status", "Error", "Info", "Since")
    return _listing(names, rows, "It has told no status yet.")


def _more(view: StationView) -> dict[str, str]:
    """Give what is said only where there is something to say."""
    known = view.local_list
    how = "known" if known.is_sure else "not known"
    upkeep = {
        name: f"{one.status} since {_time(one.since)}" if one else ""
        for name, one in (("Diagnostics", view.diagnostics), ("Firmware", view.firmware))
    }
    cards = "1 card" if known.cards == 1 else f"{known.cards} cards"
    listed = f"version {known.version}, {cards}, {how}" if known.version else ""
    return {
        **upkeep,
        "Local list": listed,
        "Reserved": ", ".join(
            f"{one.id}: {one.id_tag} until {_time(one.expires_at)}" for one in view.reservations
        ),
        "Limited by": ", ".join(
            f"{one.id}: {one.purpose} at {one.connector}" for one in view.charging_profiles
        ),
    }


def _command_links(one: StationSettings) -> Markup:
    parts = []
    for group in GROUPS:
        links = [_command_link(one, each) for each in COMMANDS.values() if each.group == group]
        parts += [tag("h3", group), tag("ul", *links, class_="commands")]
    return join(parts)


def _command_link(one: StationSettings, command: Command) -> Markup:
    support = shapes.supports(one.profile, command.action)
    return tag(
        "li",
        tag(
            "a",
            tag("b", command.title),
            tag("span", command.action),
            href=f"{_path(one)}/commands/{command.action}",
            class_="declined" if support is False else None,
        ),
    )


def _listing(names: tuple[str, ...], rows: list[Any], none: str) -> Markup:
    return table(names, rows) if rows else tag("p", none, class_="hint")


def _frame_list(frames: list[SeenFrame]) -> Markup:
    if not frames:
        return tag("p", "No frame since the backend's start.", class_="hint")
    return tag("ol", *(_frame(one) for one in frames))


def _frame(one: SeenFrame) -> Markup:
    who = "charger" if one.incoming else "backend"
    head = tag("span", f"{_time(one.at)} ", tag("b", who), class_="when")
    return tag("li", head, tag("code", one.text), class_="in" if one.incoming else "out")


def _good(
    one: StationSettings, command: Command, answer: Mapping[str, Any], chosen: Mapping[str, Any]
) -> Outcome:
    said, headline = masked(dict(answer)), str(answer.get("status", "Answered"))
    detail = [_keys(said.pop("configurationKey", None))]
    if said and said.keys() != {"status"}:
        detail.append(tag("pre", pretty(said)))
    if chosen:
        detail.append(tag("pre", f"chosen by the backend: {pretty(dict(chosen))}"))
    return Outcome(one.identity, command.action, True, headline, join(detail))


def _keys(listed: object) -> Markup:
    """Write configuration keys as a table; what is none is left out."""
    rows = [
        (one.get("key"), tag("code", one.get("value", "–")), "no" if one.get("readonly") else "yes")
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    ]
    return table(("Key", "Value", "Can be set"), rows) if rows else Markup()


#: What went wrong, in two words; the rest stands below.
_HEADLINES: Mapping[type[BackendError], str] = {
    NotConnected: "Not connected",
    NotAllowed: "Not allowed yet",
    Busy: "Busy",
    BadAnswer: "An answer that cannot be used",
    NoAnswer: "No answer",
    LineLost: "The line was lost",
}


def _bad(one: StationSettings, command: Command, error: BackendError) -> Outcome:
    headline = _HEADLINES.get(type(error), "It did not work")
    if isinstance(error, Refused):
        headline = f"Refused: {error.code}"
    detail = tag("p", f"{one.name} {error.what}; {error.remedy}.")
    return Outcome(one.identity, command.action, False, headline, detail)


def _outcome(outcome: Outcome) -> Markup:
    kind = "good" if outcome.is_good else "bad"
    return tag(
        "section",
        tag("h2", outcome.headline),
        outcome.detail,
        class_=f"outcome {kind}",
        role="status",
        id="outcome",
        data_field=outcome.field,
        data_rule=outcome.rule,
    )


def _kept(fields: Mapping[str, str]) -> dict[str, str]:
    """Give what may stand in a form that is shown again: no secret."""
    if is_secret_key(fields.get("key")):
        return {name: one for name, one in fields.items() if name != "value"}
    return {name: one for name, one in fields.items() if not ("location" in name and "@" in one)}


def _command_of(request: web.Request) -> Command:
    action = request.match_info["action"]
    if action not in COMMANDS:
        raise missing("command", action, "go back to the station")
    return COMMANDS[action]


def _span(one: Receipt) -> str:
    """Write what a file tells of: its days, or its times where these are not whole."""
    if one.first is None or one.last is None:
        return ""
    start, end = days.to_local(one.first), days.to_local(one.last)
    if start.time() == end.time() == time():
        first, last = start.date(), end.date() - timedelta(days=1)
        return to_day_label(first) if first == last else f"{first:%d.%m.%Y} – {last:%d.%m.%Y}"
    return f"{start:%d.%m.%Y %H:%M} – {end:%d.%m.%Y %H:%M}"


def _delivery_button(one: DeliveryView, word: str) -> Markup:
    """Let a person stop a delivery, or have it go on at once."""
    changes = ("release",) if one.state == "held" else ("hold", "release")
    said = {"hold": "Stop", "release": "Go on" if one.state == "held" else "Try now"}
    return join(
        tag(
            "form",
            tag("input", type="hidden", name="word", value=word),
            tag("button", said[change], type="submit", class_="quiet"),
            method="post",
            action=f"/tasks/{quote(one.task)}/{change}",
        )
        for change in changes
    )


def _file_link(name: str) -> Markup:
    return tag("a", name, href=f"/files/{quote(name)}")


def _download(name: str, content: bytes, kind: str) -> web.Response:
    # File names hold letters, digits, dot, underscore and hyphen only, so they need no quoting.
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type=kind, headers=headers)
