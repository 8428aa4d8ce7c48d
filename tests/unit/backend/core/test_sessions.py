"""Charging sessions: which one a Start or a Stop means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from backend.core.device_profile import GENERIC
from backend.core.readings import StartReport, StopReport, read_start, read_stop
from backend.core.sessions import (
    TRANSITIONS,
    Event,
    Session,
    SessionState,
    StartDecision,
    after,
    decide_free,
    decide_start,
    decide_stop,
)

NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN, ENDED = SessionState.OPEN, SessionState.ENDED
MISSING_STOP, ORPHAN = SessionState.MISSING_STOP, SessionState.ORPHAN


def session(number: int = 7, **fields: Any) -> Session:
    """Make a session that is open since noon."""
    return replace(
        Session(number, 1, "FA2AFD77", NOON, Decimal(1000), None, None, "", OPEN), **fields
    )


def start(**fields: Any) -> StartReport:
    """Make a Start at noon."""
    payload = {
        "connectorId": 1,
        "idTag": "FA2AFD77",
        "meterStart": 1000,
        "timestamp": NOON.isoformat(),
        **fields,
    }
    return read_start(payload, GENERIC, NOON + 24 * HOUR)


def stop(**fields: Any) -> StopReport:
    """Make a Stop an hour after noon."""
    payload = {
        "transactionId": 7,
        "idTag": "FA2AFD77",
        "meterStop": 5000,
        "timestamp": (NOON + HOUR).isoformat(),
        **fields,
    }
    return read_stop(payload, GENERIC, NOON + 24 * HOUR)


def begin(meter: int, minutes: int = 0) -> list[dict[str, Any]]:
    """Make transactionData with the register at the beginning."""
    at = (NOON + timedelta(minutes=minutes)).isoformat()
    sample = {"value": str(meter), "unit": "Wh", "context": "Transaction.Begin"}
    return [
        {
            "timestamp": at,
            "sampledValue": [{"value": "1", "unit": "A", "measurand": "Current.Import"}, sample],
        }
    ]


class TestTheTable:
    """Every change of state is in one table."""

    def test_what_is_not_in_it_does_not_happen(self) -> None:
        """A pair that is missing is a mistake of the caller."""
        possible = set(product(SessionState, Event)) - set(TRANSITIONS)
        assert (OPEN, Event.START) in possible
        for state, event in possible:
            with pytest.raises(KeyError):
                after(state, event)

    def test_an_ended_session_stays_ended(self) -> None:
        """Nothing leads out of it."""
        assert {ENDED} == {new for (state, _), new in TRANSITIONS.items() if state is ENDED}


def _told(decision: StartDecision) -> tuple[str, Session | None, tuple[Session, ...]]:
    """Give the rule of a decision, whom it repeats and whom it closes."""
    return decision.rule, decision.repeated, decision.closed


class TestStart:
    """A Start opens a session, or is one that is known."""

    def test_a_new_session(self) -> None:
        """It is open and waits for its id."""
        decision = decide_start([], start())
        assert ("new", None, ()) == _told(decision)
        assert session(0) == decision.opened

    @pytest.mark.parametrize("state", [OPEN, ENDED, MISSING_STOP])
    def test_the_same_start_again(self, state: SessionState) -> None:
        """Its answer was lost: it gets the id it has, whatever became of the session."""
        known = session(state=state, ended=None if state is OPEN else NOON + HOUR)
        decision = decide_start([known], start(idTag="fa:2a:fd:77"))
        assert ("same-start", known, ()) == _told(decision)
        assert decision.opened is None

    @pytest.mark.parametrize(
        "other",
        [
            {"connectorId": 2},
            {"idTag": "77FD2AFA"},
            {"meterStart": 1001},
            {"timestamp": (NOON + timedelta(seconds=1)).isoformat()},
        ],
    )
    def test_another_start(self, other: dict[str, Any]) -> None:
        """One difference makes it another session."""
        assert decide_start([session()], start(**other)).opened is not None

    def test_an_orphan_is_no_start(self) -> None:
        """However much it looks like one: its Start never came."""
        orphan = session(state=ORPHAN, ended=NOON + HOUR)
        assert ("new", None, ()) == _told(decide_start([orphan], start()))

    def test_a_start_behind_a_stop(self) -> None:
        """The session that has ended stays as it is."""
        ended = session(state=ENDED, ended=NOON + HOUR)
        later = start(timestamp=(NOON + 2 * HOUR).isoformat(), meterStart=5000)
        assert ("new", None, ()) == _told(decide_start([ended], later))

    def test_a_start_without_a_stop_before(self) -> None:
        """The open session of the connector is closed; its Stop is missing."""
        at = NOON + 2 * HOUR
        decision = decide_start([session()], start(timestamp=at.isoformat(), meterStart=5000))
        assert "start-without-stop" == decision.rule
        assert (session(state=MISSING_STOP, ended=at),) == decision.closed
        assert decision.opened is not None
        assert OPEN is decision.opened.state

    def test_two_starts_of_one_instant(self) -> None:
        """The one that comes later is the later."""
        decision = decide_start([session()], start(idTag="77FD2AFA"))
        assert (session(state=MISSING_STOP, ended=NOON),) == decision.closed
        assert decision.opened is not None
        assert OPEN is decision.opened.state

    def test_other_connectors_go_on(self) -> None:
        """A session of connector 2 is not closed by a Start on connector 1."""
        decision = decide_start([session(connector=2)], start(meterStart=7))
        assert ("new", ()) == (decision.rule, decision.closed)

    def test_a_late_start_out_of_a_queue(self) -> None:
        """It is older than the open session, so it closes nothing and is over itself."""
        later = session(started=NOON + HOUR)
        decision = decide_start([later], start())
        assert ((), session(0, state=MISSING_STOP, ended=NOON + HOUR)) == (
            decision.closed,
            decision.opened,
        )

    def test_a_late_start_before_several(self) -> None:
        """It is over when the first of them begins."""
        later = [session(8, started=NOON + 2 * HOUR), session(9, started=NOON + HOUR)]
        opened = decide_start(later, start()).opened
        assert session(0, state=MISSING_STOP, ended=NOON + HOUR) == opened


class TestStopById:
    """A Stop names its session by the id that was given."""

    def test_a_stop(self) -> None:
        """The session ends with what the Stop says."""
        decision = decide_stop([session(), session(8)], stop(reason="Remote"))
        assert ("by-id", True, 1) == (decision.rule, decision.changed, decision.connector)
        assert (
            session(state=ENDED, ended=NOON + HOUR, meter_stop_wh=Decimal(5000), reason="Remote")
            == decision.session
        )

    @pytest.mark.parametrize("state", [ENDED, ORPHAN])
    def test_a_second_stop(self, state: SessionState) -> None:
        """The first counts."""
        ended = session(state=state, ended=NOON + HOUR, meter_stop_wh=Decimal(4000))
        decision = decide_stop([ended], stop())
        assert ("second-stop", ended, False, 1) == (
            decision.rule,
            decision.session,
            decision.changed,
            decision.connector,
        )

    def test_a_stop_that_comes_late(self) -> None:
        """It ends a session that had been closed without it."""
        closed = session(state=MISSING_STOP, ended=NOON + 2 * HOUR)
        decision = decide_stop([closed], stop())
        assert ("late", True, 1) == (decision.rule, decision.changed, decision.connector)
        assert (ENDED, NOON + HOUR) == (decision.session.state, decision.session.ended)

    def test_the_smallest_id(self) -> None:
        """It is 1, and needs no evidence."""
        assert "by-id" == decide_stop([session(1)], stop(transactionId=1, idTag="X")).rule

    def test_a_stop_before_the_start(self) -> None:
        """No session ends before it began, whatever the clock of the charger says."""
        early = stop(timestamp=(NOON - HOUR).isoformat())
        assert NOON == decide_stop([session()], early).session.ended

    def test_an_id_nobody_gave(self) -> None:
        """It closes no session, however well it would fit; its register counts all the same."""
        decision = decide_stop([session()], stop(transactionId=9999), only_connector=1)
        assert ("orphan", True, 1) == (decision.rule, decision.changed, decision.connector)
        assert (
            Session(
                0,
                1,
                "FA2AFD77",
                NOON + HOUR,
                None,
                NOON + HOUR,
                Decimal(5000),
                "Local",
                ORPHAN,
            )
            == decision.session
        )

    def test_a_session_without_connector(self) -> None:
        """Its readings are the only connector's."""
        assert 1 == decide_stop([session(connector=0)], stop(), only_connector=1).connector


class TestStopByEvidence:
    """An id that no backend gives stands for a Start that was never answered."""

    @pytest.mark.parametrize("number", [-1, 0, -16, None, 2**63 - 1, "x"])
    def test_no_id(self, number: object) -> None:
        """Card, register and time tell the session."""
        decision = decide_stop([session()], stop(transactionId=number))
        assert ("by-evidence", 7, ENDED) == (
            decision.rule,
            decision.session.id,
            decision.session.state,
        )

    def test_without_a_card(self) -> None:
        """The register alone tells it, if both are known."""
        assert "by-evidence" == decide_stop([session()], stop(transactionId=-1, idTag=None)).rule
        unknown = session(meter_start_wh=None)
        assert "orphan" == decide_stop([unknown], stop(transactionId=-1, idTag=None)).rule
        assert "by-evidence" == decide_stop([unknown], stop(transactionId=-1)).rule
        nowhere = stop(transactionId=-1, idTag=None, meterStop=None)
        assert "orphan" == decide_stop([session()], nowhere).rule

    @pytest.mark.parametrize(
        "other",
        [
            {"idTag": "77FD2AFA"},
            {"meterStop": 999},
            {"timestamp": (NOON - HOUR).isoformat()},
            {"transactionData": begin(1002)},
            {"transactionData": begin(998)},
        ],
    )
    def test_evidence_against(self, other: dict[str, Any]) -> None:
        """One contradiction is enough; a wrong session is never closed."""
        assert "orphan" == decide_stop([session()], stop(transactionId=-1, **other)).rule

    @pytest.mark.parametrize(
        "other",
        [
            {"timestamp": NOON.isoformat()},
            {"timestamp": (NOON + 2 * HOUR).isoformat()},
            {"meterStop": 1000},
            {"transactionData": begin(1001)},
            {"transactionData": begin(999)},
        ],
    )
    def test_evidence_that_just_fits(self, other: dict[str, Any]) -> None:
        """A session without duration, or without energy, is one all the same."""
        closed = session(state=MISSING_STOP, ended=NOON + 2 * HOUR)
        assert "late" == decide_stop([closed], stop(transactionId=-1, **other)).rule

    def test_the_largest_id_is_one(self) -> None:
        """It names its session and needs no evidence."""
        number = 2**31 - 1
        assert "by-id" == decide_stop([session(number)], stop(transactionId=number, idTag="X")).rule
        assert "orphan" == decide_stop([session(8)], stop(transactionId=number)).rule

    def test_two_that_fit(self) -> None:
        """Then it is neither."""
        decision = decide_stop([session(7), session(8)], stop(transactionId=0))
        assert "orphan" == decision.rule

    def test_transaction_data_speaks_for_it(self) -> None:
        """The register at the beginning is that of the Start."""
        decision = decide_stop([session()], stop(transactionId=-1, transactionData=begin(1000)))
        assert "by-evidence" == decision.rule
        unknown = session(meter_start_wh=None)
        decision = decide_stop([unknown], stop(transactionId=-1, transactionData=begin(7)))
        assert "by-evidence" == decision.rule

    def test_a_session_that_has_ended(self) -> None:
        """It has its Stop already; another one is not its own."""
        ended = session(state=ENDED, ended=NOON + 2 * HOUR, meter_stop_wh=Decimal(6000))
        assert "orphan" == decide_stop([ended], stop(transactionId=-1)).rule

    def test_a_session_closed_since(self) -> None:
        """A Stop within its time fits, one behind it does not."""
        closed = session(state=MISSING_STOP, ended=NOON + 2 * HOUR)
        assert "late" == decide_stop([closed], stop(transactionId=-1)).rule
        behind = stop(transactionId=-1, timestamp=(NOON + 3 * HOUR).isoformat())
        assert "orphan" == decide_stop([closed], behind).rule

    def test_the_same_stop_again_of_a_remote_stop(self) -> None:
        """Without a card it is told by time and register."""
        ended = session(connector=0, state=ENDED, ended=NOON + HOUR, meter_stop_wh=Decimal(5000))
        decision = decide_stop([ended], stop(transactionId=-1, idTag=None), only_connector=1)
        assert ("second-stop", 1) == (decision.rule, decision.connector)

    @pytest.mark.parametrize("number", [-1, 9999])
    def test_the_same_stop_again(self, number: int) -> None:
        """It makes no second orphan and closes no other session."""
        first = decide_stop([], stop(transactionId=number)).session
        kept = replace(first, id=9)
        decision = decide_stop([kept, session()], stop(transactionId=number))
        assert ("second-stop", kept, False, 0) == (
            decision.rule,
            decision.session,
            decision.changed,
            decision.connector,
        )

    @pytest.mark.parametrize(
        "other",
        [
            {"meterStop": 5001},
            {"meterStop": None},
            {"timestamp": (NOON + 2 * HOUR).isoformat()},
            {"idTag": "77FD2AFA"},
        ],
    )
    def test_another_stop(self, other: dict[str, Any]) -> None:
        """One difference makes it another orphan."""
        first = replace(decide_stop([], stop(transactionId=-1), 1).session, id=9)
        decision = decide_stop([first], stop(transactionId=-1, **other), 1)
        assert ("orphan", True, 1) == (decision.rule, decision.changed, decision.connector)

    def test_of_a_connector(self) -> None:
        """The same Stop again is of the connector that the session is known to have."""
        ended = session(state=ENDED, ended=NOON + HOUR, meter_stop_wh=Decimal(5000))
        assert 1 == decide_stop([ended], stop(transactionId=-1)).connector

    def test_a_session_closed_by_its_successor_had_no_stop(self) -> None:
        """A Stop at the instant it was closed at, without a register, is no second one."""
        closed = session(state=MISSING_STOP, ended=NOON + HOUR)
        decision = decide_stop([closed], stop(transactionId=9999, meterStop=None))
        assert "orphan" == decision.rule


class TestOrphans:
    """A Stop without a session is one of its own."""

    def test_transaction_data_tells_its_beginning(self) -> None:
        """When it began, and with what register."""
        report = stop(transactionId=9999, transactionData=begin(2000, minutes=10))
        orphan = decide_stop([], report).session
        assert (NOON + timedelta(minutes=10), Decimal(2000), 0) == (
            orphan.started,
            orphan.meter_start_wh,
            orphan.connector,
        )

    @pytest.mark.parametrize(
        "other",
        [
            {"phase": "L1"},
            {"measurand": "Energy.Active.Export.Register"},
            {"context": "Sample.Periodic"},
            {"value": "x"},
        ],
    )
    def test_what_tells_no_beginning(self, other: dict[str, str]) -> None:
        """Only the whole register, with a number, at the beginning, does."""
        (data,) = begin(2000, minutes=10)
        sample = {"value": "1", "unit": "Wh", "context": "Transaction.Begin", **other}
        report = stop(transactionId=9999, transactionData=[{**data, "sampledValue": [sample]}])
        orphan = decide_stop([], report).session
        assert (NOON + HOUR, None) == (orphan.started, orphan.meter_start_wh)

    def test_a_beginning_behind_the_end(self) -> None:
        """It is the end."""
        report = stop(transactionId=9999, transactionData=begin(2000, minutes=90))
        assert NOON + HOUR == decide_stop([], report).session.started

    def test_a_card_is_not_needed(self) -> None:
        """After a remote stop there is none."""
        assert "" == decide_stop([], stop(transactionId=9999, idTag=None)).session.id_tag


class TestAConnectorThatIsFree:
    """A connector has become available without a Stop."""

    def test_its_open_session_is_closed(self) -> None:
        """And no other."""
        others = [
            session(8, connector=2),
            session(9, state=ENDED, ended=NOON + HOUR),
            session(10, started=NOON + 5 * HOUR),
        ]
        assert (session(state=MISSING_STOP, ended=NOON),) == decide_free([session()], 1, NOON)
        closed = decide_free([session(), *others], 1, NOON + 2 * HOUR)
        assert (session(state=MISSING_STOP, ended=NOON + 2 * HOUR),) == closed
