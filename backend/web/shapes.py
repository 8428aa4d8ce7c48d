"""
What the API gives, as JSON: for each shape its schema, and the function that makes it.

Instants are ISO 8601 in UTC, energies are texts with every digit, as in the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from backend.adapters.frame_log import SeenFrame
from backend.adapters.gateways import GatewayView
from backend.adapters.ledger import DeliveryView, Receipt
from backend.adapters.meter_differences import DifferenceView
from backend.adapters.meters import MeterView
from backend.adapters.ocpp_schemas import COMMANDS, Command, schema_for_callers
from backend.adapters.records import StoredDeviation
from backend.adapters.station_views import (
    CommandView,
    ConnectorView,
    StationView,
    UpkeepView,
)
from backend.core.device_profile import DeviceProfile
from backend.core.explain import Boundary, ConnectorPart, Evidence, Explanation
from backend.core.intervals import RULES, Interval
from backend.core.masking import masked
from backend.core.meter_readings import (
    INSTANT_PATTERN,
    REGISTER_OBIS,
    REGISTER_PATTERN,
    UNITS,
)
from backend.core.sentences import sentences
from backend.core.sessions import Session
from backend.ports import Step
from backend.settings import MeterSettings, StationSettings

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
FLAG: Json = {"type": "boolean"}
INSTANT: Json = {"type": "string", "format": "date-time"}
ENERGY: Json = {"type": ["string", "null"], "description": "Wh, with every digit"}
KWH: Json = {"type": "string", "description": "kWh"}


def maybe(schema: Json) -> Json:
    """Give the schema of something that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def listed(schema: Json) -> Json:
    """Give the schema of a list."""
    return {"type": "array", "items": schema}


def ref(name: str) -> Json:
    """Name a shape."""
    return {"$ref": f"#/components/schemas/{name}"}


def shape(**properties: Json) -> Json:
    """Give the schema of an object that has all of these and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


KWH_OR_NONE: Json = {
    "type": ["string", "null"],
    "description": "kWh, rounded; null where it is missing",
}
BOUNDARY = shape(
    instant=INSTANT,
    wh_exactly={
        "type": ["string", "null"],
        "description": 'Wh, as a whole number or a fraction: "37000/3"',
    },
    kwh=KWH_OR_NONE,
)
INTERVAL = shape(
    start=INSTANT,
    end=INSTANT,
    energy_kwh=KWH_OR_NONE,
    status={"type": "string", "enum": ["W", "E", "F"]},
    rule=TEXT,
    why=TEXT,
)
UPKEEP = shape(status=TEXT, since=INSTANT)

SHAPES: Mapping[str, Json] = {
    "StationSummary": shape(
        identity=TEXT,
        name=TEXT,
        account=TEXT,
        profile=TEXT,
        connected=FLAG,
        since=maybe(INSTANT),
        last_heard=maybe(INSTANT),
        status=TEXT,
        session=maybe(ref("Session")),
    ),
    "Station": shape(
        identity=TEXT,
        name=TEXT,
        account=TEXT,
        profile=TEXT,
        connected=FLAG,
        since=maybe(INSTANT),
        last_heard=maybe(INSTANT),
        status=TEXT,
        session=maybe(ref("Session")),
        registration=TEXT,
        boot={"type": "object"},
        connectors=listed(ref("Connector")),
        diagnostics=maybe(UPKEEP),
        firmware=maybe(UPKEEP),
        local_list=shape(version=NUMBER, cards=NUMBER, is_sure=FLAG, status=TEXT),
        reservations=listed(
            shape(id=NUMBER, connector=NUMBER, id_tag=TEXT, expires_at=INSTANT, status=TEXT)
        ),
        charging_profiles=listed(
            shape(
                id=NUMBER,
                connector=NUMBER,
                purpose=TEXT,
                stack_level=NUMBER,
                set_at=INSTANT,
                profile={"type": "object"},
            )
        ),
    ),
    "Connector": shape(
        number=NUMBER, status=TEXT, error=TEXT, info=TEXT, vendor_error=TEXT, since=INSTANT
    ),
    "Session": shape(
        id=NUMBER,
        connector=NUMBER,
        id_tag=TEXT,
        started=INSTANT,
        ended=maybe(INSTANT),
        meter_start_wh=ENERGY,
        meter_stop_wh=ENERGY,
        reason=TEXT,
        state=TEXT,
    ),
    "Deviation": shape(
        received=INSTANT, action=TEXT, rule=TEXT, place=TEXT, said=TEXT, meaning=TEXT
    ),
    "Frame": shape(at=INSTANT, incoming=FLAG, text=TEXT),
    "SentCommand": shape(
        id=NUMBER,
        action=TEXT,
        sent_at=INSTANT,
        ended_at=maybe(INSTANT),
        outcome=TEXT,
        payload=TEXT,
        answer=TEXT,
    ),
    "Command": shape(
        action=TEXT,
        title=TEXT,
        section=TEXT,
        supported=maybe(FLAG),
        schema={"type": "object"},
    ),
    "Answer": shape(
        station=TEXT,
        action=TEXT,
        answer={"type": "object", "description": "what the charger answers"},
        chosen={"type": "object", "description": "what the backend has chosen itself"},
    ),
    "ConnectionStep": shape(
        step={**TEXT, "description": "connect, log in, folder, write, list, rename or remove"},
        done=maybe({"type": "boolean", "description": "null where it was not tried"}),
        words={**TEXT, "description": "what came of it; empty where it was not tried"},
    ),
    "Delivery": shape(
        task=TEXT,
        name=TEXT,
        revision=NUMBER,
        state=TEXT,
        tries=NUMBER,
        cause=maybe(TEXT),
        error=maybe(TEXT),
        next_try_at=maybe(INSTANT),
        delivered_at=maybe(INSTANT),
        sha256=TEXT,
        size=NUMBER,
    ),
    "Receipt": shape(
        server=TEXT,
        name=TEXT,
        sha256=TEXT,
        size=NUMBER,
        size_there=maybe(NUMBER),
        rows=NUMBER,
        first=maybe(INSTANT),
        last=maybe(INSTANT),
        created=INSTANT,
        arrived=INSTANT,
        tries=NUMBER,
        already_there=FLAG,
    ),
    "Difference": shape(
        day={**TEXT, "format": "date"},
        meter=TEXT,
        counts={**TEXT, "enum": ["charger", "meter"]},
        charger_kwh=KWH,
        meter_kwh=KWH,
        compared=NUMBER,
        left_out=NUMBER,
        limit_percent=TEXT,
        limit_kwh=KWH,
        found_at=INSTANT,
        settled_at=maybe(INSTANT),
    ),
    "Meter": shape(
        name=TEXT,
        account=TEXT,
        metering_code=maybe(TEXT),
        last_instant=maybe(INSTANT),
        last_wh=ENERGY,
        last_heard=maybe(INSTANT),
        gateway=maybe(TEXT),
        problem=TEXT,
        gap_problem=TEXT,
    ),
    "MeterReading": {
        "type": "object",
        "properties": {
            "instant": {**INSTANT, "pattern": INSTANT_PATTERN},
            "register": {**TEXT, "pattern": REGISTER_PATTERN},
            "unit": {**TEXT, "enum": list(UNITS)},
            "obis": {**TEXT, "default": REGISTER_OBIS},
        },
        "required": ["instant", "register", "unit"],
        "additionalProperties": False,
    },
    "KeptReadings": shape(meter=TEXT, received=NUMBER, new=NUMBER),
    "Profile": shape(
        name=TEXT,
        title=TEXT,
        sends=listed(TEXT),
        answers=listed(TEXT),
        refuses=listed(TEXT),
        measurands={"type": "object", "additionalProperties": TEXT},
        id_tag_order=TEXT,
    ),
    "Day": shape(
        station=TEXT,
        day=TEXT,
        energy_kwh=TEXT,
        intervals=listed(ref("Interval")),
    ),
    "Interval": INTERVAL,
    "Explanation": shape(
        station=TEXT,
        code=TEXT,
        interval=ref("Interval"),
        sentences=listed(TEXT),
        connectors=listed(ref("ConnectorPart")),
        offline=listed(shape(start=maybe(INSTANT), end=maybe(INSTANT))),
        sessions=listed(shape(start=INSTANT, end=maybe(INSTANT))),
        unread=listed(ref("Evidence")),
        delivered=listed(
            shape(
                file_name=TEXT,
                revision=NUMBER,
                made_at=INSTANT,
                energy_kwh=KWH_OR_NONE,
                status=TEXT,
                rule=TEXT,
                arrived_at=maybe(INSTANT),
            )
        ),
        needs_correction=FLAG,
    ),
    "ConnectorPart": shape(
        connector=NUMBER,
        interval=ref("Interval"),
        register_at_start=BOUNDARY,
        register_at_end=BOUNDARY,
        used=listed(ref("Evidence")),
        more_used=NUMBER,
        set_aside=listed(ref("Evidence")),
        more_set_aside=NUMBER,
        breaks=listed(shape(rule=TEXT, before=ref("Evidence"), after=ref("Evidence"))),
        contradictions=listed(
            shape(start=INSTANT, end=INSTANT, by_power_wh=ENERGY, rise_wh=ENERGY)
        ),
    ),
    "Evidence": shape(
        instant=INSTANT,
        wh=ENERGY,
        context=TEXT,
        stamped=maybe(INSTANT),
        by_reception=FLAG,
        by_settings=FLAG,
        rule={**TEXT, "description": "why it was set aside; empty where it is used"},
        said=listed(
            shape(
                instant=INSTANT,
                measurand=TEXT,
                phase=maybe(TEXT),
                value=TEXT,
                unit=maybe(TEXT),
                context=TEXT,
            )
        ),
        frames=listed(
            shape(
                frame=NUMBER,
                received=INSTANT,
                action=TEXT,
                leniencies=listed(shape(rule=TEXT, place=TEXT, said=TEXT, meaning=TEXT)),
            )
        ),
    ),
    "Problem": {
        "type": "object",
        "properties": {
            "type": TEXT,
            "title": TEXT,
            "status": NUMBER,
            "detail": TEXT,
            "kind": TEXT,
            "field": {**TEXT, "description": "which field of the payload is wrong"},
            "rule": {**TEXT, "description": "what it breaks"},
            "code": {**TEXT, "description": "the error code of the charger's CALLERROR"},
        },
        "required": ["type", "title", "status", "detail", "kind"],
        "additionalProperties": False,
    },
}
"""The schemas, by name."""


# ---------------------------------------------------------------- making them


def instant(value: datetime | None) -> str | None:
    """Write an instant."""
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def station_summary(settings: StationSettings, view: StationView) -> Json:
    """Give a StationSummary."""
    return {
        "identity": settings.identity,
        "name": settings.name,
        "account": settings.account,
        "profile": settings.profile.name,
        "connected": view.connected,
        "since": instant(view.since),
        "last_heard": instant(view.last_heard),
        "status": status_of(view),
        "session": None if view.session is None else session(view.session),
    }


def status_of(view: StationView) -> str:
    """Give the status of a charger in one word: of its first connector, or of itself."""
    by_number = {one.number: one.status for one in view.connectors}
    numbers = sorted(by_number, key=lambda number: (number == 0, number))
    return by_number[numbers[0]] if numbers else ""


def station(settings: StationSettings, view: StationView) -> Json:
    """Give a Station."""
    known = view.local_list
    return {
        **station_summary(settings, view),
        "registration": view.registration,
        "boot": masked(dict(view.boot)),
        "connectors": [connector(one) for one in view.connectors],
        "diagnostics": _upkeep(view.diagnostics),
        "firmware": _upkeep(view.firmware),
        "local_list": {
            "version": known.version,
            "cards": known.cards,
            "is_sure": known.is_sure,
            "status": known.status,
        },
        "reservations": [
            {
                "id": one.id,
                "connector": one.connector,
                "id_tag": one.id_tag,
                "expires_at": instant(one.expires_at),
                "status": one.status,
            }
            for one in view.reservations
        ],
        "charging_profiles": [
            {
                "id": one.id,
                "connector": one.connector,
                "purpose": one.purpose,
                "stack_level": one.stack_level,
                "set_at": instant(one.set_at),
                "profile": dict(one.profile),
            }
            for one in view.charging_profiles
        ],
    }


def connector(one: ConnectorView) -> Json:
    """Give a Connector."""
    return {
        "number": one.number,
        "status": one.status,
        "error": one.error,
        "info": one.info,
        "vendor_error": one.vendor_error,
        "since": instant(one.since),
    }


def _upkeep(view: UpkeepView | None) -> Json | None:
    return None if view is None else {"status": view.status, "since": instant(view.since)}


def session(one: Session) -> Json:
    """Give a Session."""
    return {
        "id": one.id,
        "connector": one.connector,
        "id_tag": one.id_tag,
        "started": instant(one.started),
        "ended": instant(one.ended),
        "meter_start_wh": _exact(one.meter_start_wh),
        "meter_stop_wh": _exact(one.meter_stop_wh),
        "reason": one.reason,
        "state": one.state.value,
    }


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def deviation(one: StoredDeviation) -> Json:
    """Give a Deviation."""
    return {
        "received": instant(one.received),
        "action": one.action,
        "rule": one.leniency.rule,
        "place": one.leniency.where,
        "said": masked(one.leniency.said),
        "meaning": masked(one.leniency.meaning),
    }


def frame(one: SeenFrame) -> Json:
    """Give a Frame."""
    return {"at": instant(one.at), "incoming": one.incoming, "text": one.text}


def sent_command(one: CommandView) -> Json:
    """Give a SentCommand."""
    return {
        "id": one.id,
        "action": one.action,
        "sent_at": instant(one.sent_at),
        "ended_at": instant(one.ended_at),
        "outcome": one.outcome,
        "payload": one.payload,
        "answer": one.answer,
    }


def command(one: Command, profile: DeviceProfile) -> Json:
    """Give a Command, and whether a model supports it as far as that is declared."""
    return {
        "action": one.action,
        "title": one.title,
        "section": f"OCPP 1.6 §{one.section}",
        "supported": supports(profile, one.action),
        "schema": schema_for_callers(one.action),
    }


def supports(profile: DeviceProfile, action: str) -> bool | None:
    """Tell whether a model supports a command; None where nobody has said so."""
    if action in profile.answers:
        return True
    return False if action in profile.refuses else None


def connection_step(one: Step) -> Json:
    """Give a ConnectionStep."""
    return {"step": one.name, "done": one.is_done, "words": one.words}


def delivery(one: DeliveryView) -> Json:
    """Give a Delivery."""
    return {
        "task": one.task,
        "name": one.name,
        "revision": one.revision,
        "state": one.state,
        "tries": one.tries,
        "cause": one.cause,
        "error": one.error,
        "next_try_at": instant(one.next_try_at),
        "delivered_at": instant(one.delivered_at),
        "sha256": one.sha256,
        "size": one.size,
    }


def receipt(one: Receipt) -> Json:
    """Give a Receipt."""
    return {
        "server": one.server,
        "name": one.name,
        "sha256": one.sha256,
        "size": one.size,
        "size_there": one.size_there,
        "rows": one.rows,
        "first": instant(one.first),
        "last": instant(one.last),
        "created": instant(one.created),
        "arrived": instant(one.arrived),
        "tries": one.tries,
        "already_there": one.already_there,
    }


def difference(one: DifferenceView) -> Json:
    """Give a Difference."""
    return {
        "day": one.day,
        "meter": one.meter,
        "counts": one.counts,
        "charger_kwh": _exact(one.charger_kwh),
        "meter_kwh": _exact(one.meter_kwh),
        "compared": one.compared,
        "left_out": one.left_out,
        "limit_percent": _exact(one.limit_percent),
        "limit_kwh": _exact(one.limit_kwh),
        "found_at": instant(one.found_at),
        "settled_at": instant(one.settled_at),
    }


def meter(settings: MeterSettings, view: MeterView, read: GatewayView | None) -> Json:
    """
    Give a Meter.

    Parameters:
        read: how reading it at its gateway stands, if it is read at one.
    """
    place = settings.place
    code = None if settings.activation is None else settings.activation.metering_code
    return {
        "name": settings.name,
        "account": settings.account,
        "metering_code": code,
        "last_instant": instant(view.last_instant),
        "last_wh": _exact(view.last_wh),
        "last_heard": instant(view.heard_at),
        "gateway": None if place is None else place.gateway,
        "problem": "" if read is None else read.problem,
        "gap_problem": "" if read is None else read.gap_problem,
    }


def profile(one: DeviceProfile) -> Json:
    """Give a Profile."""
    return {
        "name": one.name,
        "title": one.title,
        "sends": list(one.sends),
        "answers": list(one.answers),
        "refuses": list(one.refuses),
        "measurands": dict(one.measurands),
        "id_tag_order": one.id_tag_order,
    }


def day(station: StationSettings, of: date, intervals: Sequence[Interval]) -> Json:
    """Give a Day; its energy is the sum of what is known."""
    return {
        "station": station.identity,
        "day": of.isoformat(),
        "energy_kwh": f"{energy_of(intervals):f}",
        "intervals": [interval(one) for one in intervals],
    }


def energy_of(intervals: Sequence[Interval]) -> Decimal:
    """Add up what is known."""
    return sum((one.energy_kwh for one in intervals if one.energy_kwh is not None), Decimal(0))


def interval(one: Interval) -> Json:
    """Give an Interval."""
    return {
        "start": instant(one.start),
        "end": instant(one.end),
        "energy_kwh": _exact(one.energy_kwh),
        "status": str(one.status),
        "rule": one.rule,
        "why": RULES[one.rule][1],
    }


def explanation(one: Explanation) -> Json:
    """Give an Explanation."""
    return {
        "station": one.station,
        "code": one.code,
        "interval": interval(one.interval),
        "sentences": sentences(one),
        "connectors": [_part(part) for part in one.connectors],
        "offline": [_span(span) for span in one.offline],
        "sessions": [_span(span) for span in one.sessions],
        "unread": [_evidence(each) for each in one.unread],
        "delivered": [
            {
                "file_name": each.file_name,
                "revision": each.revision,
                "made_at": instant(each.made_at),
                "energy_kwh": _exact(each.energy_kwh),
                "status": each.status,
                "rule": each.rule,
                "arrived_at": instant(each.arrived_at),
            }
            for each in one.delivered
        ],
        "needs_correction": one.needs_correction,
    }


def _part(part: ConnectorPart) -> Json:
    return {
        "connector": part.connector,
        "interval": interval(part.interval),
        "register_at_start": _boundary(part.start),
        "register_at_end": _boundary(part.end),
        "used": [_evidence(each) for each in part.used],
        "more_used": part.more_used,
        "set_aside": [_evidence(each) for each in part.set_aside],
        "more_set_aside": part.more_set_aside,
        "breaks": [
            {
                "rule": str(each.rule),
                "before": _evidence(each.before),
                "after": _evidence(each.after),
            }
            for each in part.breaks
        ],
        "contradictions": [
            {
                "start": instant(each.start),
                "end": instant(each.end),
                "by_power_wh": _exact(each.by_power_wh),
                "rise_wh": _exact(each.rise_wh),
            }
            for each in part.contradictions
        ],
    }


def _boundary(one: Boundary) -> Json:
    return {
        "instant": instant(one.instant),
        "wh_exactly": None if one.wh is None else str(one.wh),
        "kwh": _exact(one.kwh),
    }


def _span(span: tuple[datetime | None, datetime | None]) -> Json:
    return {"start": instant(span[0]), "end": instant(span[1])}


def _evidence(one: Evidence) -> Json:
    shown = one.shown
    return {
        "instant": instant(shown.instant if shown else one.readings[0].instant),
        "wh": _exact(shown.wh) if shown else None,
        "context": shown.context if shown else one.readings[0].context,
        "stamped": instant(shown.stamped) if shown else None,
        "by_reception": shown.by_reception if shown else False,
        "by_settings": shown.by_settings if shown else False,
        "rule": one.rule,
        "said": [
            {
                "instant": instant(each.instant),
                "measurand": each.measurand,
                "phase": each.phase,
                "value": masked(each.raw_value),
                "unit": each.raw_unit,
                "context": each.context,
            }
            for each in one.readings
        ],
        "frames": [
            {
                "frame": each.frame,
                "received": instant(each.received),
                "action": each.action,
                "leniencies": [
                    {
                        "rule": lenient.rule,
                        "place": lenient.where,
                        "said": masked(lenient.said),
                        "meaning": masked(lenient.meaning),
                    }
                    for lenient in each.leniencies
                ],
            }
            for each in one.said
        ],
    }


def all_commands(profile: DeviceProfile) -> list[Json]:
    """Give all commands, as one model has them."""
    return [command(one, profile) for one in COMMANDS.values()]
