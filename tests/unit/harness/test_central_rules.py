"""What a central system holds to in every compliance case."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.central_rules import broken_rules, list_after
from harness.frames import calls
from simulators.wiretap import Crossing

START = datetime(2025, 6, 3, tzinfo=UTC)
CENTRAL, CHARGER = "backend", "Charger"
ANNA = {"connectorId": 1, "idTag": "ANNA", "meterStart": 0, "timestamp": "2025-06-03T00:00:00Z"}
BERT = ANNA | {"idTag": "BERT"}
FREE = {"connectorId": 1, "idTag": "ANNA", "expiryDate": "2025-06-03T01:00:00Z"}
ACCEPTED = {"status": "Accepted"}
FAILED = {"status": "Failed"}

Said = tuple[str, str, dict[str, Any], list[Any]]


def says(action: str, payload: dict[str, Any], answer: dict[str, Any]) -> Said:
    """Let the charger say something, and the central system answer it."""
    return CHARGER, action, payload, [3, "", answer]


def asks(action: str, payload: dict[str, Any]) -> Said:
    """Let the central system ask for something, and the charger do it."""
    return CENTRAL, action, payload, [3, "", ACCEPTED]


def lists(kind: str, version: int, **cards: str | None) -> Said:
    """Let the central system send a local list; a card without a status goes."""
    entries = [
        {"idTag": tag} if status is None else {"idTag": tag, "idTagInfo": {"status": status}}
        for tag, status in cards.items()
    ]
    payload = {"updateType": kind, "listVersion": version, "localAuthorizationList": entries}
    return asks("SendLocalList", payload)


def starts(payload: dict[str, Any], number: int, status: str = "Accepted") -> Said:
    """Let a transaction start."""
    answer = {"transactionId": number, "idTagInfo": {"status": status}}
    return says("StartTransaction", payload, answer)


def whys(*said: Said, wanted: tuple[str, ...] = ()) -> list[str]:
    """Give what is wrong; each exchange takes place at the same instant."""
    crossings = crossings_of(*said)
    return [breach.why for breach in broken_rules(crossings, CENTRAL, CHARGER, wanted)]


def crossings_of(*said: Said) -> list[Crossing]:
    """Give what crosses the wire."""
    crossings = []
    for number, (sender, action, payload, answer) in enumerate(said):
        receiver = CHARGER if sender == CENTRAL else CENTRAL
        frame = json.dumps([2, str(number), action, payload])
        answer[1] = str(number)
        crossings.append(Crossing(START, "ocpp1.6", sender, receiver, frame))
        crossings.append(Crossing(START, "ocpp1.6", receiver, sender, json.dumps(answer)))
    return crossings


class TestTime:
    """The time that it tells."""

    @pytest.mark.parametrize("stray", [timedelta(0), timedelta(milliseconds=-999)])
    def test_is_now(self, stray: timedelta) -> None:
        """Fractions of a second may be left away."""
        assert [] == whys(says("Heartbeat", {}, {"currentTime": (START + stray).isoformat()}))

    def test_is_no_other(self) -> None:
        """Neither a second off, nor some day of long ago, is now."""
        told = {"currentTime": "2025-06-03T00:00:01Z"}
        boot = {"currentTime": "1970-01-01T00:00:00Z", "interval": 300, "status": "Accepted"}

        assert [
            "currentTime is 2025-06-03T00:00:01Z at 00:00:00",
            "currentTime is 1970-01-01T00:00:00Z at 00:00:00",
        ] == whys(says("Heartbeat", {}, told), says("BootNotification", {}, boot))

    def test_is_not_looked_for_where_nothing_is_answered(self) -> None:
        """A refusal has no time, and neither has what is not answered yet."""
        refused = (CHARGER, "Heartbeat", {}, [4, "", "InternalError", "", {}])
        open_call = json.dumps([2, "7", "Heartbeat", {}])
        waiting = [Crossing(START, "ocpp1.6", CHARGER, CENTRAL, open_call)]

        assert [] == whys(refused)
        assert [] == broken_rules(waiting, CENTRAL, CHARGER, ())


class TestIds:
    """The ids that it gives."""

    def test_of_transactions_are_their_own(self) -> None:
        """Two sessions under one id could not be billed apart."""
        assert [] == whys(starts(ANNA, 1), starts(BERT, 2))
        assert ["the transactionId 0 was used before"] == whys(starts(ANNA, 0), starts(BERT, 0))

    def test_of_the_same_start_may_be_the_same(self) -> None:
        """A charger that got no answer says it again."""
        assert [] == whys(starts(ANNA, 1), starts(ANNA, 1))

    def test_of_reservations_are_their_own(self) -> None:
        """A reservation under the id of another one would take its place."""
        first, second = FREE | {"reservationId": 1}, FREE | {"reservationId": 2, "idTag": "BERT"}
        again = second | {"reservationId": 1}
        wanted = 2 * ("ReserveNow",)

        assert [] == whys(asks("ReserveNow", first), asks("ReserveNow", second), wanted=wanted)
        assert ["the reservationId 1 was used before"] == whys(
            asks("ReserveNow", first), asks("ReserveNow", again), wanted=wanted
        )


class TestLocalList:
    """The local list that it makes a charger hold."""

    def test_is_what_the_charger_has_taken(self) -> None:
        """A Full list replaces, a difference changes and removes, one that failed does nothing."""
        assert {"C": "Accepted", "B": "Blocked"} == list_after(
            calls(
                crossings_of(
                    lists("Full", 1, A="Accepted"),
                    lists("Full", 2, B="Accepted", C="Accepted", D="Accepted"),
                    lists("Differential", 3, B="Blocked", D=None),
                    (CENTRAL, "SendLocalList", {"updateType": "Full"}, [3, "", FAILED]),
                    asks("ClearCache", {}),
                    (CENTRAL, "SendLocalList", {"updateType": "Full"}, [4, "", "E", "", {}]),
                ),
                CENTRAL,
                CHARGER,
            )
        )

    def test_grows_by_newer_differences_only(self) -> None:
        """A charger would refuse a version that it has; a Full list may bear any."""
        assert [] == whys(lists("Full", 5), lists("Full", 1), lists("Differential", 2))
        assert ["listVersion 1 is no newer than 1"] == whys(
            lists("Full", 1), lists("Differential", 1)
        )


class TestWhatNobodyWanted:
    """Commands that no operator has asked for."""

    def test_is_a_breach_where_people_notice_it(self) -> None:
        """A restart besides what was wanted is one, and so is the same command twice."""
        unlock = asks("UnlockConnector", {"connectorId": 1})
        reset = asks("Reset", {"type": "Hard"})

        assert [] == whys(unlock, wanted=("UnlockConnector",))
        assert ["no operator wanted this Reset"] == whys(unlock, reset, wanted=("UnlockConnector",))
        assert ["no operator wanted this UnlockConnector"] == whys(
            unlock, unlock, wanted=("UnlockConnector",)
        )

    @pytest.mark.parametrize(
        ("action", "payload"),
        [
            ("GetConfiguration", {}),
            ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
            ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
        ],
    )
    def test_is_none_where_it_reads_or_configures(
        self, action: str, payload: dict[str, Any]
    ) -> None:
        """A central system may look at a charger, set it up, and put it into service."""
        assert [] == whys(asks(action, payload))

    def test_is_none_where_a_card_was_refused(self) -> None:
        """It may end a transaction of a card that it has not accepted, and no other."""
        stop = asks("RemoteStopTransaction", {"transactionId": 1})

        assert [] == whys(starts(ANNA, 1, "Invalid"), stop)
        assert ["no operator wanted this RemoteStopTransaction"] == whys(starts(ANNA, 1), stop)
