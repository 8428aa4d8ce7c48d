"""The side of a line that the bench plays in a compliance case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from harness.bench import Bench, id_tag_of
from harness.central import CardVerdict
from harness.depot import is_whole
from harness.errors import Disagreement, UsageError
from harness.target import CENTRAL_SYSTEM, CHARGE_POINT
from harness.tool import CHARGER, CORE_KEYS, Tool

Open = Callable[[str], Tool]


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    """Give a bench, and take it down."""
    bench = Bench(seed=1, folder=tmp_path)
    yield bench
    bench.close()


@pytest.fixture(name="open_case")
def _open_case(bench: Bench) -> Open:
    """Give what puts one of the two sides under test."""

    def open_case(side: str) -> Tool:
        bench.tool = Tool(bench, side)
        station = bench.declare_station(CHARGER, ise=False)
        if side == CHARGE_POINT:
            bench.declare_central()
        else:
            bench.leave_out_utility()
            station.puppet, station.is_configured = True, False
        return bench.tool

    return open_case


class TestChargePoint:
    """A charger is under test."""

    def test_what_it_says_from_the_first_when_on_is_judged(self, open_case: Open) -> None:
        """Its boot belongs to the time before, unless the case is about it."""
        tool = open_case(CHARGE_POINT)
        tool.begin()
        tool.is_happening = True
        tool.ask("Reset", "type=Soft")

        assert ["Reset.conf"] == [message.name for message in tool.said()]
        assert (CHARGER, "backend") == (tool.under_test, tool.other)

    def test_all_that_it_says_is_judged_where_the_case_is_about_the_boot(
        self, open_case: Open
    ) -> None:
        """What was set before answers the first boot already, and time passes in between."""
        tool = open_case(CHARGE_POINT)
        tool.answer_next("BootNotification", "status=Rejected, interval=60")
        tool.count_from_the_start()
        first = [message.name for message in tool.said()]
        tool.answer_next("Heartbeat", "error=InternalError")
        tool.pass_time(timedelta(minutes=1))

        assert ["BootNotification.req"] == first
        assert ["BootNotification.req", *2 * ["StatusNotification.req"]] == [
            message.name for message in tool.said()[1:]
        ]

    def test_hands_and_parts_are_those_of_the_charger(self, open_case: Open, bench: Bench) -> None:
        """What people do, and what fails, reaches the emulated charger."""
        tool = open_case(CHARGE_POINT)
        tool.is_happening = True
        tool.fail("lock")
        tool.do(tool.hands.plug_in)
        tool.do(tool.charger.cut_line)

        assert bench.chargers[CHARGER] is tool.charger
        assert ["lock-fails"] == [fault.name for fault in bench.chargers[CHARGER].faults.on[-1:]]
        assert bench.start == tool.happened_at

    def test_the_next_answer_of_a_central_system_that_goes(self, open_case: Open) -> None:
        """An answer can be set while the bench goes, too."""
        tool = open_case(CHARGE_POINT)
        tool.begin()
        tool.is_happening = True
        tool.answer_next("Authorize", "idTagInfo.status=Blocked")
        card = tool._bench.card_of("Anna")
        tool.do(lambda: tool.hands.show_card(card))

        assert ["Authorize.req"] == [message.name for message in tool.said()]

    def test_an_answer_can_be_lost(self, open_case: Open) -> None:
        """Nothing is answered, the line breaks, and the charger dials again."""
        tool = open_case(CHARGE_POINT)
        tool.begin()
        tool.is_happening = True
        tool.answer_next("StatusNotification", "nothing")
        tool.do(tool.hands.plug_in)
        tool.pass_time(timedelta(minutes=1))

        statuses = [message.payload["status"] for message in tool.said()]
        assert ["Preparing", "Preparing"] == statuses

    def test_a_breach_of_the_standard_is_a_failure(self, open_case: Open, bench: Bench) -> None:
        """Whatever a sentence asks, a frame that is not allowed ends it, and is shown."""
        tool = open_case(CHARGE_POINT)
        tool.is_happening = True
        tool.begin()
        bench.tap.note("ocpp1.6", CHARGER, "backend", "[2]")

        with pytest.raises(Disagreement, match=r"has 1 elements, not 4, in \[2\]"):
            tool.said()
        assert ["[2]"] == [crossing.text for crossing in bench.deciding]

    def test_a_frame_that_is_empty_is_told_of(self, open_case: Open, bench: Bench) -> None:
        """And of a long one no more than a person reads."""
        tool = open_case(CHARGE_POINT)
        tool.begin()
        for text, told in (("", "in a frame that is empty$"), ("x" * 9_999, "in x{1000}$")):
            bench.tap.crossings.clear()
            bench.tap.note("ocpp1.6", CHARGER, "backend", text)

            with pytest.raises(Disagreement, match=told):
                tool.must_obey()

    def test_what_is_of_the_other_side_is_refused(self, open_case: Open) -> None:
        """A sentence for the charger on strings makes no sense before a real one."""
        tool = open_case(CHARGE_POINT)

        with pytest.raises(UsageError, match="only where the central-system is under test"):
            tool.answer("Reset", "status=Rejected")

    def test_nothing_has_been_said_before_the_first_when(self, open_case: Open) -> None:
        """A Then without a When is told so."""
        tool = open_case(CHARGE_POINT)
        tool.begin()

        with pytest.raises(UsageError, match="nothing has happened yet"):
            tool.said()


class TestCentralSystem:
    """A central system is under test."""

    def test_the_charger_says_what_it_is_told(self, open_case: Open) -> None:
        """What a scenario leaves out is usual, and nothing else is said, not even a greeting."""
        tool = open_case(CENTRAL_SYSTEM)
        tool._bench.card_of("Anna")
        tool.is_happening = True
        tool.say("BootNotification.req")
        tool.say("StatusNotification.req", "status=Preparing")
        tool.say("StartTransaction.req", "idTag=Anna's card")
        tool.say("MeterValues.req")
        answer = tool.say("StopTransaction.req", "reason=Remote")

        assert 3 == answer[0]
        assert [
            "BootNotification.conf",
            "StatusNotification.conf",
            "StartTransaction.conf",
            "MeterValues.conf",
            "StopTransaction.conf",
        ] == [message.name for message in tool.said()]
        assert ("backend", CHARGER) == (tool.under_test, tool.other)
        assert 5 == len(tool.all_said(CHARGER))

    def test_the_charger_does_what_it_is_asked(self, open_case: Open) -> None:
        """Each command is answered as by a charger that does everything; an answer can be set."""
        tool = open_case(CENTRAL_SYSTEM)
        tool.begin()
        tool.ask("Reset", "type=Hard")
        tool.ask("GetConfiguration")
        tool.ask("GetConfiguration", "key[0]=NumberOfConnectors, key[1]=Nothing")
        tool.ask("GetCompositeSchedule", "connectorId=1, duration=60")
        tool.answer("Reset", "status=Rejected")
        tool.answer("ClearCache", "error=NotSupported")
        tool.ask("Reset", "type=Hard")
        tool.ask("ClearCache")

        said = [message.payload for message in tool.all_said(CHARGER)]
        assert {"status": "Accepted"} == said[0]
        assert [*CORE_KEYS] == [entry["key"] for entry in said[1]["configurationKey"]]
        assert {
            "configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "1"}],
            "unknownKey": ["Nothing"],
        } == said[2]
        assert 60 == said[3]["chargingSchedule"]["duration"]
        assert [{"status": "Rejected"}, {"error": "NotSupported"}] == said[4:]

    def test_what_no_operator_wanted_is_a_failure(self, open_case: Open, bench: Bench) -> None:
        """Whatever a sentence asks, a command besides those of the operator ends it."""
        tool = open_case(CENTRAL_SYSTEM)
        tool.is_happening = True
        tool.ask("UnlockConnector", "connectorId=1")
        before = [message.name for message in tool.said()]
        bench.run(tool.operator.send("Reset", {"type": "Hard"}))

        assert ["UnlockConnector.req"] == before
        assert ["Unlocked"] == tool.told
        with pytest.raises(Disagreement, match=r"no operator wanted this Reset, in \[2,"):
            tool.said()

    def test_the_charger_says_nothing_wrong(self, open_case: Open) -> None:
        """A scenario that lets it say what the standard has not is the scenario's mistake."""
        tool = open_case(CENTRAL_SYSTEM)

        with pytest.raises(UsageError, match="the scenario lets the charger say what is wrong"):
            tool.say("StatusNotification.req", "status=Occupied")

    def test_the_line_is_the_puppets(self, open_case: Open, bench: Bench) -> None:
        """Where a central system is under test, no hands are there."""
        tool = open_case(CENTRAL_SYSTEM)
        tool.begin()

        assert bench.puppets[CHARGER] is tool.charger
        with pytest.raises(UsageError, match="only where the charge-point is under test"):
            assert tool.hands

    def test_the_charger_dials_otherwise(self, open_case: Open) -> None:
        """Whatever way is tried, it is kept whether a line came up; the bundled backend lets in."""
        tool = open_case(CENTRAL_SYSTEM)
        tool.password = "of its own"
        tool.begin()
        tool.do(tool.charger.cut_line)
        ways = (
            "without a password",
            "with the password of another",
            "in the clear",
            "without a certificate",
        )
        for how in ways:
            tool.dial(how)

        assert dict.fromkeys(ways, True) == tool.let_in
        assert "of its own" == tool.puppet.password
        with pytest.raises(UsageError, match='no charger dials "by hand"'):
            tool.dial("by hand")

    def test_the_charger_takes_up_a_password(self, open_case: Open) -> None:
        """It is the last that it was sent, written in hexadecimal digits; there must be one."""
        tool = open_case(CENTRAL_SYSTEM)
        tool.begin()
        with pytest.raises(Disagreement, match="with an AuthorizationKey has come"):
            tool.take_up_password()
        tool.ask("ChangeConfiguration", "key=HeartbeatInterval, value=60")
        tool.ask("ChangeConfiguration", f"key=AuthorizationKey, value={b'of the new'.hex()}")
        tool.take_up_password()

        assert "of the new" == tool.puppet.password

    def test_diagnostics_are_brought_to_where_they_were_asked_for(self, open_case: Open) -> None:
        """The file lies at the depot under the name that the charger has told."""
        tool = open_case(CENTRAL_SYSTEM)
        tool.ask("GetDiagnostics", "location=the http depot")
        tool.bring_diagnostics()

        assert tool.depot is not None
        assert ["diagnostics.zip"] == list(tool.depot.files())
        assert is_whole("diagnostics.zip", tool.depot.files()["diagnostics.zip"])


class TestWords:
    """What words of a scenario stand for."""

    def test_of_time_and_cards(self, open_case: Open, bench: Bench) -> None:
        """Times are those of the bench's clock; any other text stands for itself."""
        tool = open_case(CENTRAL_SYSTEM)
        tool.begin()
        card = id_tag_of(bench.card_of("Anna"))

        assert {
            "now": "2025-06-02T22:00:00.000Z",
            "in 10 min": "2025-06-02T22:10:00.000Z",
            "90 s ago": "2025-06-02T21:58:30.000Z",
            "Anna's card": card,
            "Annas card": "Annas card",
        } == {
            text: tool.word(text)
            for text in ("now", "in 10 min", "90 s ago", "Anna's card", "Annas card")
        }

    def test_of_what_crossed_the_wire(self, open_case: Open, bench: Bench) -> None:
        """They are the last that the central system has told; one that was never told is missed."""
        tool = open_case(CENTRAL_SYSTEM)
        bench.judge_card_of("Anna", CardVerdict())
        boot = tool.say("BootNotification.req")
        first, second = (tool.say("StartTransaction.req", "idTag=Anna's card") for _ in range(2))

        assert str(second[2]["transactionId"]) == tool.word("the transaction")
        assert first[2] == second[2]  # the same message again is the same transaction
        assert str(boot[2]["interval"]) == tool.word("the interval")

    def test_of_a_reservation(self, open_case: Open) -> None:
        """Its number is the one that was asked for last, whatever the charger answered."""
        tool = open_case(CHARGE_POINT)
        for number in (7, 8):
            fields = f"connectorId=1, idTag=A, reservationId={number}, expiryDate=in 10 min"
            tool.ask("ReserveNow", fields)

        assert "8" == tool.word("the reservation")

    def test_that_stand_for_nothing_yet(self, open_case: Open) -> None:
        """Who speaks of a transaction before there is one is told."""
        tool = open_case(CENTRAL_SYSTEM)
        tool.begin()

        with pytest.raises(Disagreement, match=r"no StartTransaction\.conf with a transactionId"):
            tool.word("the transaction")

    def test_of_the_depot(self, open_case: Open) -> None:
        """A location is one of a depot that listens; it is opened once."""
        tool = open_case(CHARGE_POINT)
        tool.begin()

        folder, file = tool.word("the http depot"), tool.word("the http depot's inch.zip")
        assert f"{folder}inch.zip" == file
        assert tool.word("the ftp depot").startswith("ftp://technician:")
