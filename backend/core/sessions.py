"""
Charging sessions: one state table.

Rule 1: every change of a session's state is in `TRANSITIONS`.
Rule 2: a Start or a Stop is always confirmed (OCPP 1.6 §4.8, §4.10: refusing only makes the
charger repeat it); what is decided here is only which session it means.
Rule 3: the same Start again gets the same id. The first Stop counts.
Rule 4: no session is ever closed on a guess. A Stop that cannot be matched is an orphan;
its register counts all the same, for energy is taken from registers, not from sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from backend.core.id_tags import canonical
from backend.core.quantities import ENERGY
from backend.core.readings import BEGIN, StartReport, StopReport


class SessionState(StrEnum):
    """How far a session is known."""

    UNKNOWN = "unknown"
    OPEN = "open"
    ENDED = "ended"
    MISSING_STOP = "missing stop"
    ORPHAN = "orphan"


class Event(StrEnum):
    """What can happen to a session."""

    START = "start"
    SAME_START = "same start again"
    NEXT_START = "next start on the connector"
    FREE = "connector free"
    STOP = "stop"


_S, _E = SessionState, Event

TRANSITIONS: Mapping[tuple[SessionState, Event], SessionState] = MappingProxyType(
    {
        (_S.UNKNOWN, _E.START): _S.OPEN,
        (_S.UNKNOWN, _E.STOP): _S.ORPHAN,
        (_S.OPEN, _E.SAME_START): _S.OPEN,
        (_S.OPEN, _E.NEXT_START): _S.MISSING_STOP,
        (_S.OPEN, _E.FREE): _S.MISSING_STOP,
        (_S.OPEN, _E.STOP): _S.ENDED,
        (_S.ENDED, _E.SAME_START): _S.ENDED,
        (_S.ENDED, _E.STOP): _S.ENDED,
        (_S.MISSING_STOP, _E.SAME_START): _S.MISSING_STOP,
        (_S.MISSING_STOP, _E.STOP): _S.ENDED,  # its queue was emptied late
        (_S.ORPHAN, _E.STOP): _S.ORPHAN,
    }
)

_MAX_ID = 2**31 - 1  # what a charger sends beyond it is no id of ours


@dataclass(frozen=True, slots=True)
class Session:
    """
    A charging session.

    Attributes:
        id: the transactionId given in the answer to its Start; 0 before the store gave one.
        connector: 0 where it is not known.
        id_tag: as sent; empty where there was none.
        started: for an orphan its Transaction.Begin, else its end.
        meter_start_wh, meter_stop_wh: as reported; None where they were not.
        ended: None while it is open.
        reason: of the Stop; empty before.
        state: how far it is known.
    """

    id: int
    connector: int
    id_tag: str
    started: datetime
    meter_start_wh: Decimal | None
    ended: datetime | None
    meter_stop_wh: Decimal | None
    reason: str
    state: SessionState


@dataclass(frozen=True, slots=True)
class StartDecision:
    """
    What a Start means.

    Attributes:
        rule: ``new``, ``same-start`` or ``start-without-stop``.
        repeated: the session that this Start had begun already; its id is the answer.
        opened: else the session to be stored; the store gives its id.
        closed: sessions as they are now, closed because their Stop is missing.
    """

    rule: str
    repeated: Session | None
    opened: Session | None
    closed: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class StopDecision:
    """
    What a Stop means.

    Attributes:
        rule: ``by-id``, ``by-evidence``, ``late``, ``second-stop`` or ``orphan``.
        session: as it is now; an orphan has id 0 until the store gives one.
        changed: False where the session stays as it was stored.
        connector: whose register its readings are; 0 where that cannot be told.
    """

    rule: str
    session: Session
    changed: bool
    connector: int


def decide_start(open_or_recent: Sequence[Session], report: StartReport) -> StartDecision:
    """
    Decide what a Start means.

    Parameters:
        open_or_recent: the station's sessions that are open or may be meant once more.
        report: the Start.
    """
    for session in open_or_recent:
        if _is_same_start(session, report):
            after(session.state, Event.SAME_START)
            return StartDecision("same-start", session, None, ())
    opened = Session(
        id=0,
        connector=report.connector,
        id_tag=report.id_tag,
        started=report.instant,
        meter_start_wh=report.meter_start_wh,
        ended=None,
        meter_stop_wh=None,
        reason="",
        state=after(SessionState.UNKNOWN, Event.START),
    )
    others = [
        each
        for each in open_or_recent
        if each.state is SessionState.OPEN and each.connector == report.connector
    ]
    closed = tuple(
        _without_stop(each, Event.NEXT_START, report.instant)
        for each in others
        if each.started <= report.instant
    )
    later = [each for each in others if each.started > report.instant]
    if later:
        # A Start out of a queue: the connector has gone on since, so this one is over too.
        end = min(each.started for each in later)
        opened = _without_stop(opened, Event.NEXT_START, end)
    return StartDecision("start-without-stop" if others else "new", None, opened, closed)


def decide_free(
    sessions: Iterable[Session], connector: int, instant: datetime
) -> tuple[Session, ...]:
    """
    Close what is still open on a connector that has become Available without a Stop.

    The Stop may still come, out of the charger's queue; it then ends the session properly.

    Returns:
        The sessions that changed, as they are now.
    """
    return tuple(
        _without_stop(each, Event.FREE, instant)
        for each in sessions
        if each.state is SessionState.OPEN
        and each.connector == connector
        and each.started <= instant
    )


def decide_stop(
    sessions: Sequence[Session], report: StopReport, only_connector: int = 0
) -> StopDecision:
    """
    Decide what a Stop means.

    An id that no backend gives (none, -1, 0, negative, beyond 31 bits) stands for a session
    whose Start was never answered (OCPP 1.6 errata 3.18): it is matched by evidence. Any
    other id that is not known is some other session's, and closes none.

    Parameters:
        sessions: the station's sessions that may be meant.
        report: the Stop.
        only_connector: the connector of a station that has just one, else 0.
    """
    id_given = report.transaction is not None and 0 < report.transaction <= _MAX_ID
    if id_given:
        named = [each for each in sessions if each.id == report.transaction]
        rule = "by-id"
    else:
        named = [each for each in sessions if _fits(each, report)]
        rule = "by-evidence"
    told = [each for each in sessions if _is_same_stop(each, report)]
    if told and not (id_given and named):
        return StopDecision("second-stop", told[0], False, told[0].connector or only_connector)
    if len(named) != 1:
        return StopDecision("orphan", _orphan(report, only_connector), True, only_connector)
    session = named[0]
    connector = session.connector or only_connector
    if session.state in (SessionState.ENDED, SessionState.ORPHAN):
        return StopDecision("second-stop", session, False, connector)
    late = session.state is SessionState.MISSING_STOP
    return StopDecision("late" if late else rule, _stopped(session, report), True, connector)


def after(state: SessionState, event: Event) -> SessionState:
    """Look the next state up; a pair that is not in the table is a mistake of the caller."""
    return TRANSITIONS[state, event]


def _is_same_start(session: Session, report: StartReport) -> bool:
    return (
        session.state is not SessionState.ORPHAN
        and session.connector == report.connector
        and canonical(session.id_tag) == canonical(report.id_tag)
        and session.started == report.instant
        and session.meter_start_wh == report.meter_start_wh
    )


def _without_stop(session: Session, event: Event, instant: datetime) -> Session:
    return replace(session, state=after(session.state, event), ended=instant)


def _stopped(session: Session, report: StopReport) -> Session:
    return replace(
        session,
        state=after(session.state, Event.STOP),
        ended=max(report.instant, session.started),
        meter_stop_wh=report.meter_stop_wh,
        reason=report.reason,
    )


def _is_same_stop(session: Session, report: StopReport) -> bool:
    return (
        session.state in (SessionState.ENDED, SessionState.ORPHAN)
        and session.ended == report.instant
        and session.meter_stop_wh == report.meter_stop_wh
        and canonical(session.id_tag) == canonical(report.id_tag or session.id_tag)
    )


def _fits(session: Session, report: StopReport) -> bool:
    """Tell whether all that is known of a Stop without id fits a session without Stop."""
    if session.state not in (SessionState.OPEN, SessionState.MISSING_STOP):
        return False
    if report.instant < session.started:
        return False
    if session.ended is not None and report.instant > session.ended:
        return False
    start, stop = session.meter_start_wh, report.meter_stop_wh
    if start is not None and stop is not None and stop < start:
        return False
    begin = _begin_of(report)
    if begin is not None and start is not None and abs(begin[1] - start) > 1:
        return False
    if report.id_tag:
        return canonical(report.id_tag) == canonical(session.id_tag)
    return start is not None and stop is not None


def _begin_of(report: StopReport) -> tuple[datetime, Decimal] | None:
    """Find the register at the beginning in transactionData (context Transaction.Begin)."""
    for reading in report.reception.readings:
        total = reading.measurand == ENERGY and reading.phase is None
        if total and reading.context == BEGIN and reading.value is not None:
            return reading.instant, reading.value
    return None


def _orphan(report: StopReport, connector: int) -> Session:
    begin = _begin_of(report)
    return Session(
        id=0,
        connector=connector,
        id_tag=report.id_tag or "",
        started=report.instant if begin is None else min(begin[0], report.instant),
        meter_start_wh=None if begin is None else begin[1],
        ended=report.instant,
        meter_stop_wh=report.meter_stop_wh,
        reason=report.reason,
        state=after(SessionState.UNKNOWN, Event.STOP),
    )
