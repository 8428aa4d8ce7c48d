"""What one side has said, compared with a scenario's table."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from harness.errors import UsageError
from harness.fields import read_conditions
from harness.said import Row, differs, gaps_s, messages, named, read_message, read_rows, span
from simulators.wiretap import Crossing

START = datetime(2025, 6, 3, tzinfo=UTC)
ME, OTHER = "WB-1", "backend"


def crossing(second: int, sender: str, frame: object) -> Crossing:
    """Give a frame of the line."""
    receiver = OTHER if sender == ME else ME
    text = frame if isinstance(frame, str) else json.dumps(frame)
    return Crossing(START + timedelta(seconds=second), "ocpp1.6", sender, receiver, text)


def told(*names: str) -> list[Crossing]:
    """Let me say one message a second: ``Boot``, or a status."""
    found = []
    for second, name in enumerate(names):
        action = "BootNotification" if name == "Boot" else "StatusNotification"
        found.append(crossing(second, ME, [2, str(second), action, {"status": name}]))
    return found


def row(name: str, **cells: str) -> dict[str, str]:
    """Give a row of a table, by the status it asks for."""
    if name == "Boot":
        return {"message": "BootNotification.req", **cells}
    return {"message": "StatusNotification.req", "with": f"status={name}", **cells}


def verdict(said: list[Crossing], *rows: dict[str, str]) -> str | None:
    """Compare what I said with a table."""
    wanted = read_rows(rows)
    return differs(named(messages(said, ME), wanted), wanted, str, START)


class TestMessages:
    """What frames are called."""

    def test_have_the_names_of_the_standard(self) -> None:
        """A request is .req, its answer .conf, an error a .conf with nothing but its code."""
        line = [
            crossing(0, OTHER, [2, "a", "Reset", {"type": "Hard"}]),
            crossing(0, ME, [3, "a", {"status": "Accepted"}]),
            crossing(0, OTHER, [2, "b", "GetLocalListVersion", {}]),
            crossing(0, ME, [4, "b", "NotSupported", "", {}]),
            crossing(0, ME, [3, "c", {}]),
            crossing(0, ME, [2, "1", "Heartbeat", {}]),
        ]

        said = messages(line, ME)

        assert [
            ("Reset.conf", {"status": "Accepted"}, False, 1),
            ("GetLocalListVersion.conf", {"error": "NotSupported"}, True, 3),
            ("nothing.conf", {}, False, 4),
            ("Heartbeat.req", {}, False, 5),
        ] == [(one.name, one.payload, one.is_error, one.place) for one in said]

    def test_leave_out_what_is_none(self) -> None:
        """Other wires, and texts that are no messages, are passed over."""
        hand = Crossing(START, "hand", ME, ME, "[2]")
        texts = ("nonsense", "[2]", "{}", '[2, "1", "Heartbeat"]')

        assert [] == messages([hand, *(crossing(0, ME, text) for text in texts)], ME)


class TestOrder:
    """The table tells the whole of it, in its order."""

    def test_holds(self) -> None:
        """Messages that the table does not name are left alone."""
        beat = crossing(9, ME, [2, "h", "Heartbeat", {}])

        assert None is verdict([*told("Boot", "Available"), beat], row("Boot"), row("Available"))

    @pytest.mark.parametrize(
        ("said", "rows", "why"),
        [
            (["Boot"], ["Boot", "Available"], "nothing more came; StatusNotification.req with"),
            ([], ["Boot"], "nothing more came; BootNotification.req was asked for"),
            (["Available", "Boot"], ["Boot", "Available"], '"Available"} at 00:00:00 came; Boot'),
            (["Boot", "Boot"], ["Boot"], "at 00:00:01 came; nothing more was asked for"),
            (["Boot", "Faulted"], ["Boot", "Available"], 'after BootNotification.req {"status": '),
        ],
    )
    def test_differs(self, said: list[str], rows: list[str], why: str) -> None:
        """The first message that is missing or out of place is told, with what was asked for."""
        found = verdict(told(*said), *map(row, rows))

        assert found is not None
        assert why in found

    def test_a_long_message_is_cut(self) -> None:
        """A sentence stays one that a person can read."""
        long = [crossing(0, ME, [2, "1", "BootNotification", {"status": "x" * 500}])]

        found = verdict(long, {"message": "BootNotification.req", "with": "chargePointModel=Y"})

        assert found is not None
        assert len(found) < 300
        assert "…" in found

    def test_of_no_rows_is_refused(self) -> None:
        """A table without rows names nothing, so nothing could be out of place."""
        with pytest.raises(UsageError, match="asks for nothing"):
            verdict(told("Boot"))


class TestWhatRowsMay:
    """Rows that may be missing, or change places."""

    BOOT = (
        row("Boot"),
        row("Available"),
        row("Faulted", may="swap places"),
        row("Charging", may="be missing"),
    )

    @pytest.mark.parametrize(
        ("said", "fits"),
        [
            ("Boot Available Faulted Charging", True),
            ("Boot Faulted Available Charging", True),
            ("Boot Available Faulted", True),
            ("Boot Available Charging Faulted", False),
            ("Boot Available", False),
            ("Available Boot Faulted", False),
            ("Boot Available Faulted Charging Charging", False),
        ],
    )
    def test_is_all_that_they_may(self, said: str, fits: bool) -> None:
        """What may change places does so with the row above; the rest stays where it is."""
        assert fits == (verdict(told(*said.split()), *self.BOOT) is None)

    def test_choices_are_tried(self) -> None:
        """A message that two rows would take is given to the one with which all fit."""
        rows = (
            row("Boot", may="be missing"),
            row("Available or Faulted"),
            row("Available", may="swap places"),
            row("Faulted", may="swap places, be missing"),
        )

        for said in ("Available Faulted", "Faulted Available", "Boot Available Available Faulted"):
            assert None is verdict(told(*said.split()), *rows)

    def test_an_error_must_be_asked_for(self) -> None:
        """A CALLERROR fits no row that does not name it, however little the row asks."""
        line = [
            crossing(0, OTHER, [2, "a", "GetDiagnostics", {"location": "ftp://x"}]),
            crossing(0, ME, [4, "a", "NotSupported", "", {}]),
        ]
        bare, asked = ({"message": "GetDiagnostics.conf", "with": w} for w in ("", "any error"))

        assert verdict(line, bare) is not None
        assert verdict(line, asked) is None


class TestTime:
    """How long after the row above."""

    @pytest.mark.parametrize(("after", "fits"), [("1 s", True), ("2 s", False), ("", True)])
    def test_is_exact(self, after: str, fits: bool) -> None:
        """Simulated time needs no tolerance."""
        found = verdict(told("Boot", "Available"), row("Boot"), row("Available", after=after))

        assert fits == (found is None)
        assert fits or "with status=Available, 2 s later was asked for" in str(found)

    @pytest.mark.parametrize(("after", "fits"), [("0 s", True), ("60 s", False)])
    def test_of_the_first_row_counts_from_the_beginning(self, after: str, fits: bool) -> None:
        """Nothing stands above it but the first thing that happens."""
        assert fits == (verdict(told("Boot"), row("Boot", after=after)) is None)

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("90 s", 90), ("90 seconds", 90), ("10 min", 600), ("2 minutes", 120), ("24 h", 86400)],
    )
    def test_is_written_with_its_unit(self, text: str, seconds: int) -> None:
        """Seconds, minutes and hours are known."""
        assert timedelta(seconds=seconds) == span(text)

    @pytest.mark.parametrize("text", ["90", "90s", "1.5 s", "two min", "-1 s", "3 days"])
    def test_that_is_written_otherwise_is_refused(self, text: str) -> None:
        """What is no whole number with a unit is named."""
        with pytest.raises(UsageError, match="is no span of time"):
            span(text)

    def test_gaps_are_those_between_neighbours(self) -> None:
        """The same gap is told once."""
        assert {60.0, 1.0} == gaps_s([START + timedelta(seconds=s) for s in (0, 60, 120, 121)])


class TestReading:
    """A table's cells."""

    @pytest.mark.parametrize(
        ("cells", "told"),
        [
            ({"message": "Reset.req", "may": "dance"}, 'not "dance"'),
            ({"message": "Reset"}, "do you mean Reset.req"),
            ({"message": "Boot"}, "write it like Reset.req"),
            ({"message": "Reset.conf.req"}, "is no message"),
            ({"with": "status=Accepted"}, '"" is no message'),
            ({"message": "StatusNotificatio.req"}, "do you mean StatusNotification.req"),
            ({"message": "Reset.req", "with": "type"}, "asks nothing"),
            ({"message": "Reset.req", "aftr": "9 s"}, "no column 'aftr'; it has message, with"),
            ({"message": "Reset.req", "with": "banana=Hard"}, 'no field "banana"; it has type'),
            ({"message": "Reset.req", "with": "no bananaId"}, 'no field "bananaId"'),
            ({"message": "Reset.req", "with": "type.soft=1"}, "it has none there"),
            ({"message": "Reset.req", "with": "type[0]=Hard"}, "it has none there"),
            ({"message": "Reset.conf", "with": "status=Yes"}, 'never "Yes"; it is one of Accepted'),
        ],
    )
    def test_that_say_nothing_are_refused(self, cells: dict[str, str], told: str) -> None:
        """A slip is named before anything is compared."""
        with pytest.raises(UsageError, match=told):
            read_rows([cells])

    @pytest.mark.parametrize(
        ("message", "text"),
        [
            ("Reset.conf", "error=NotSupported"),
            ("StopTransaction.req", "reason=Local or omitted"),
            ("Authorize.req", "idTag=Anna's card"),
            ("MeterValues.req", "meterValue[0].sampledValue[1].unit!=Wh"),
            ("SendLocalList.req", "no localAuthorizationList[2]"),
        ],
    )
    def test_what_a_message_can_have_is_read(self, message: str, text: str) -> None:
        """Words, codes of errors, and fields deep down."""
        assert read_conditions(text) == read_message(message, text)

    def test_rows_are_shown_as_they_are_written(self) -> None:
        """The sentence of a failure has the table's own words."""
        assert "Reset.conf with status=Accepted" == str(
            read_rows([{"message": "Reset.conf", "with": "status=Accepted"}])[0]
        )
        assert "Reset.conf" == str(Row("Reset.conf"))


def test_a_span_holds_give_or_take_its_slack() -> None:
    """In real time a row may come a little before its time, or after."""
    rows = read_rows([{"message": "Heartbeat.req", "after": "2 s"}])
    frame = '[2,"1","Heartbeat",{}]'

    def fits(second: float, slack: float) -> bool:
        at = START + timedelta(seconds=second)
        said = messages([Crossing(at, "ocpp1.6", "A", "B", frame)], "A")
        return differs(said, rows, str, START, timedelta(seconds=slack)) is None

    assert [True, False, True, True, False] == [
        fits(2, 0),
        fits(2.1, 0),
        fits(2.5, 0.5),
        fits(1.5, 0.5),
        fits(2.6, 0.5),
    ]
