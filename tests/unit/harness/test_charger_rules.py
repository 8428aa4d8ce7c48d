"""What OCPP 1.6 asks of a charger whatever a case is about."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.charger_rules import breaches
from simulators.wiretap import Crossing

START = datetime(2025, 6, 3, 8, tzinfo=UTC)
ME, OTHER = "WB-1", "backend"
BOOT: tuple[str, dict[str, Any]] = ("BootNotification", {})
ACCEPTED = {"status": "Accepted"}


def at(second: int) -> str:
    """Write an instant of a case."""
    return (START + timedelta(seconds=second)).isoformat()


def whys(*said: Any) -> list[str]:
    """
    Give what is wrong with a line: a second passes before each.

    Mine are pairs of an action and its payload; a third is what is answered, and a fourth, True,
    says that the central system asks and I answer. A text is a state of the line.
    """
    crossings = []
    for number, one in enumerate(said):
        instant = START + timedelta(seconds=number)
        if isinstance(one, str):
            crossings.append(Crossing(instant, "line", ME, OTHER, one))
            continue
        action, payload, answer, theirs = (
            (*one, {}, False)[:4] if len(one) == 2 else (*one, False)[:4]
        )
        way = (OTHER, ME) if theirs else (ME, OTHER)
        name = str(number)
        asked = json.dumps([2, name, action, payload])
        answered = json.dumps(
            [3, name, answer] if isinstance(answer, dict) else [4, name, answer, "", {}]
        )
        crossings.append(Crossing(instant, "ocpp1.6", *way, asked))
        crossings.append(Crossing(instant, "ocpp1.6", *way[::-1], answered))
    return [breach.why for breach in breaches(crossings, ME, OTHER, START)]


def booted(*said: Any) -> list[str]:
    """Give what is wrong with a line after the boot was accepted."""
    return whys((*BOOT, ACCEPTED), *said)


def begins(wh: int = 1000, second: int = 0) -> Any:
    """Give a StartTransaction and its answer."""
    start = {"connectorId": 1, "idTag": "A", "meterStart": wh, "timestamp": at(second)}
    return "StartTransaction", start, {"transactionId": 7, "idTagInfo": ACCEPTED}


def ends(wh: int, second: int = 0, number: int = 7, **more: Any) -> Any:
    """Give a StopTransaction."""
    stop = {"transactionId": number, "meterStop": wh, "timestamp": at(second), **more}
    return "StopTransaction", stop


def value(text: str, second: int = 0, **more: Any) -> dict[str, Any]:
    """Give a MeterValue."""
    return {"timestamp": at(second), "sampledValue": [{"value": text, **more}]}


def measures(*values: dict[str, Any], **more: Any) -> Any:
    """Give a MeterValues."""
    return "MeterValues", {"connectorId": 1, "meterValue": list(values), **more}


class TestTurn:
    """When a charger may ask."""

    @pytest.mark.parametrize("status", ["Rejected", "Pending"])
    def test_is_not_before_it_is_accepted(self, status: str) -> None:
        """Who is rejected or pending is silent but for the next boot."""
        assert [f"the charger is {status}, and asks"] == whys(
            (*BOOT, {"status": status}), ("Heartbeat", {}), (*BOOT, ACCEPTED), ("Heartbeat", {})
        )

    def test_is_not_before_the_first_boot(self) -> None:
        """The first word is a BootNotification."""
        assert ["the charger is not registered, and asks"] == whys(("Heartbeat", {}))

    def test_comes_where_a_pending_charger_is_told_to_send(self) -> None:
        """What was triggered may be sent, and nothing else."""
        trigger = ("TriggerMessage", {"requestedMessage": "Heartbeat"}, ACCEPTED, True)

        assert ["the charger is Pending, and asks"] == whys(
            (*BOOT, {"status": "Pending"}),
            trigger,
            ("Heartbeat", {}),
            ("Authorize", {"idTag": "A"}),
        )

    @pytest.mark.parametrize(
        ("kind", "answer", "silent"),
        [("Hard", "Accepted", True), ("Hard", "Rejected", False), ("Soft", "Accepted", False)],
    )
    def test_begins_anew_with_a_hard_reset(self, kind: str, answer: str, silent: bool) -> None:
        """On the line that comes up after it the charger boots first; a mere cut is no reset."""
        reset = ("Reset", {"type": kind}, {"status": answer}, True)
        found = booted(reset, ends(1, 0, -1), "down", "up", ("Heartbeat", {}))

        assert (["the charger is not registered, and asks"] if silent else []) == found


class TestTimes:
    """What is told has happened, in this case."""

    @pytest.mark.parametrize(
        ("second", "why"),
        [(2, ""), (3, "has not come yet"), (-86400, ""), (-86401, "is long gone")],
    )
    def test_are_those_of_the_case(self, second: int, why: str) -> None:
        """A clock may be a second ahead; an aligned value may bear the begin of its day."""
        (found,) = booted(measures(value("1", second))) or [""]

        assert (f"{at(second)} {why}" if why else "") == found

    def test_need_not_be_told(self) -> None:
        """A status may come without a time."""
        assert [] == booted(("StatusNotification", {"connectorId": 1}))


class TestTransactions:
    """Numbers, registers and times of a transaction."""

    def test_pass_where_the_register_rises(self) -> None:
        """Values of all kinds of digits and units lie between start and end."""
        assert [] == booted(
            begins(1049),
            measures(value("1.0", unit="kWh"), transactionId=7),
            measures(value("1100", 1), value("9", 1, measurand="Voltage", unit="V")),
            measures(value("12", 1, phase="L1"), value("13", 1, location="Inlet")),
            measures(value("ab", 1, format="SignedData"), value("5", -60)),
            ends(1200, 3, transactionData=[value("1199", 3)]),
            measures(value("3", 4)),
        )

    def test_end_with_no_less_than_they_began_with(self) -> None:
        """A meterStop below the meterStart is energy given back."""
        assert ["meterStop is less than the meterStart of transaction 7, 1000"] == booted(
            begins(1000, 1), ends(-1, 2)
        )

    def test_do_not_end_before_they_begin(self) -> None:
        """Time does not run backwards either."""
        assert ["transaction 7 ends before it begins"] == booted(begins(0, 1), ends(9, 0))

    def test_have_a_register_that_does_not_fall(self) -> None:
        """Each value is held against those before and after it, and the end against all."""
        told = [measures(value("1.5", 1, unit="kWh"), value("1.4", 2, unit="kWh"))]

        assert ["the register is 1100 Wh at 08:00:02 and 1500.0 Wh at 08:00:01"] == booted(
            begins(), "", measures(value("1.5", 1, unit="kWh")), ends(1100, 2)
        )
        assert ["the register is 900 Wh at 08:00:01 and 1000 Wh at 08:00:00"] == booted(
            begins(), measures(value("900", 1))
        )
        assert [] == booted(begins(), "", *told)  # a tenth of a kWh is its last digit

    @pytest.mark.parametrize("message", [ends(9, 0, 8), measures(value("9"), transactionId=8)])
    def test_bear_the_number_that_they_were_given(self, message: Any) -> None:
        """A number that was never given belongs to nobody."""
        assert ["transaction 8 is none that the central system has numbered"] == booted(
            begins(), message
        )

    def test_may_be_without_a_number_where_the_start_was_not_answered(self) -> None:
        """The standard's number for that is -1; a start that was refused has none."""
        refused = (*begins()[:2], "InternalError")

        assert [] == booted(refused, ends(9, 0, -1), measures(value("1"), transactionId=-1))


@pytest.mark.parametrize(
    ("measurand", "unit", "fits"),
    [
        ("Energy.Active.Import.Register", "kWh", True),
        ("Energy.Active.Import.Register", "A", False),
        ("Energy.Reactive.Import.Register", "kWh", False),
        ("Power.Active.Import", "kWh", False),
        ("Current.Import", "A", True),
        ("Frequency", "Hertz", True),
        ("Power.Factor", "Percent", True),
    ],
)
def test_a_value_bears_a_unit_of_its_measurand(measurand: str, unit: str, fits: bool) -> None:
    """Where OCPP 1.6 knows the units of a measurand, no other will do."""
    found = booted(measures(value("1", 1, measurand=measurand, unit=unit)))

    assert ([] if fits else [f"{measurand} is told in {unit}"]) == found


def test_a_charger_that_was_there_before_goes_on() -> None:
    """It is registered, ends what it began before the case, and its clock may be a little ahead."""
    stop = {"transactionId": 7, "meterStop": 5, "timestamp": at(3)}
    frame = json.dumps([2, "1", "StopTransaction", stop])
    crossings = [Crossing(START, "ocpp1.6", ME, OTHER, frame)]
    ahead = timedelta(seconds=5)

    def found(**how: Any) -> list[str]:
        return [one.why for one in breaches(crossings, ME, OTHER, START, **how)]

    assert [] == found(is_registered=True, earlier={7}, ahead=ahead)
    assert ["the charger is not registered, and asks"] == found(earlier={7}, ahead=ahead)
    assert ["transaction 7 is none that the central system has numbered"] == found(
        is_registered=True, ahead=ahead
    )
    assert [f"{at(3)} has not come yet"] == found(is_registered=True, earlier={7})
