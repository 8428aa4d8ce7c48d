"""The local lists of chargers: what to send, so that a charger knows the wanted cards."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.local_list import (
    DIFFERENTIAL,
    FULL,
    PART_MAX,
    VERSION_MAX,
    KnownList,
    Update,
    card_info,
    plan,
)

NOW = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
GOOD = {"status": "Accepted"}
BLOCKED = {"status": "Blocked"}


def sent(updates: list[Update]) -> list[tuple[int, str, dict[str, Any]]]:
    """Give updates in short."""
    return [(one.version, one.kind, dict(one.changes)) for one in updates]


class TestPlan:
    """What is sent."""

    def test_an_unknown_list_is_sent_whole(self) -> None:
        """A difference is asked for, but the list is not known: it is Full."""
        for known in (KnownList(), KnownList(7, {"A": GOOD}, is_sure=False)):
            updates = plan(known, {"B": GOOD}, DIFFERENTIAL, 100)

            assert [(known.version + 1, FULL, {"B": GOOD})] == sent(updates)

    def test_a_known_list_gets_its_difference(self) -> None:
        """What is new or otherwise is told, what is gone is told without its info."""
        known = KnownList(3, {"A": GOOD, "B": GOOD, "C": GOOD}, is_sure=True)

        updates = plan(known, {"A": GOOD, "B": BLOCKED, "D": GOOD}, DIFFERENTIAL, 100)

        assert [(4, DIFFERENTIAL, {"C": None, "B": BLOCKED, "D": GOOD})] == sent(updates)

    def test_the_payload(self) -> None:
        """It has the fields of SendLocalList.req; a card that goes has no idTagInfo."""
        payload = Update(4, DIFFERENTIAL, {"C": None, "B": BLOCKED}).payload()

        assert {
            "listVersion": 4,
            "updateType": "Differential",
            "localAuthorizationList": [{"idTag": "C"}, {"idTag": "B", "idTagInfo": BLOCKED}],
        } == payload

    def test_no_difference_is_not_sent(self) -> None:
        """Where nothing has changed, nothing is sent; a Full list is sent all the same."""
        known = KnownList(3, {"A": GOOD}, is_sure=True)

        assert [] == plan(known, {"A": GOOD}, DIFFERENTIAL, 100)
        assert [(4, FULL, {"A": GOOD})] == sent(plan(known, {"A": GOOD}, FULL, 100))

    def test_an_empty_list(self) -> None:
        """No cards is a list, too: it takes away what was there."""
        assert [(1, FULL, {})] == sent(plan(KnownList(), {}, FULL, 100))

    def test_a_long_list_goes_in_parts(self) -> None:
        """The first part is Full, the others add to it; each has a newer version."""
        wanted = {f"{number:04X}": GOOD for number in range(5)}

        updates = plan(KnownList(8), wanted, FULL, 2)

        assert [(9, FULL, 2), (10, DIFFERENTIAL, 2), (11, DIFFERENTIAL, 1)] == [
            (one.version, one.kind, len(one.changes)) for one in updates
        ]

    def test_a_charger_that_takes_nothing(self) -> None:
        """A part holds one entry at least, and no more than a frame can carry."""
        wanted = {f"{number:05X}": GOOD for number in range(PART_MAX + 1)}

        assert 2 == len(plan(KnownList(), {"A": GOOD, "B": GOOD}, FULL, 0))
        assert 2 == len(plan(KnownList(), wanted, FULL, 10**9))

    def test_versions_begin_again(self) -> None:
        """Before a version would not fit into 32 bits, the count begins again, with all."""
        known = KnownList(VERSION_MAX, {"A": GOOD}, is_sure=True)

        assert [(1, FULL, {"B": GOOD})] == sent(plan(known, {"B": GOOD}, DIFFERENTIAL, 100))

    def test_versions_go_on_while_they_fit(self) -> None:
        """A difference of one entry takes two versions at most."""
        known = KnownList(VERSION_MAX - 2, {"A": GOOD}, is_sure=True)

        assert [(VERSION_MAX - 1, DIFFERENTIAL, {"A": BLOCKED})] == sent(
            plan(known, {"A": BLOCKED}, DIFFERENTIAL, 2)
        )

    @pytest.mark.parametrize(("before", "wanted"), [("ABCD", ""), ("", "ABCD"), ("ABC", "DEF")])
    def test_no_version_is_too_large(self, before: str, wanted: str) -> None:
        """However many cards come and go one by one, the last version fits, too."""
        entries, cards = dict.fromkeys(before, GOOD), dict.fromkeys(wanted, GOOD)

        for version in range(VERSION_MAX - 10, VERSION_MAX + 1):
            updates = plan(KnownList(version, entries, is_sure=True), cards, DIFFERENTIAL, 1)
            assert VERSION_MAX >= updates[-1].version

    def test_a_card_that_is_gone_already(self) -> None:
        """It may go again: the list after that is without it."""
        assert {"A": GOOD} == Update(4, DIFFERENTIAL, {"B": None}).applied_to({"A": GOOD})


CARDS = st.dictionaries(st.sampled_from("ABCDEFGH"), st.sampled_from([GOOD, BLOCKED]))


@given(CARDS, CARDS, st.booleans(), st.sampled_from([FULL, DIFFERENTIAL]), st.integers(1, 4))
def test_whatever_was_there_the_charger_knows_the_wanted_cards_in_the_end(
    before: Mapping[str, Any], wanted: Mapping[str, Any], is_sure: bool, kind: str, part: int
) -> None:
    """A charger that applies the updates in order has the wanted list, whatever it had."""
    known = KnownList(5, before, is_sure)
    # What the charger really has is what is known only where that is sure.
    there: dict[str, Any] = dict(before) if is_sure else {"X": GOOD}
    version = 5
    for update in plan(known, wanted, kind, part):
        assert update.version > version or update.kind == FULL
        assert len(update.changes) <= part
        there, version = update.applied_to(there), update.version

    assert wanted == there


class TestCardInfo:
    """What a card is answered with (OCPP 1.6 §7.29)."""

    def test_a_plain_card(self) -> None:
        """Without group and end there is the status only."""
        assert GOOD == card_info("Accepted", "", None, NOW)

    def test_all_of_it(self) -> None:
        """The group and the end are told."""
        end = NOW + timedelta(days=1)

        assert {
            "status": "Accepted",
            "expiryDate": "2025-06-04T06:00:00Z",
            "parentIdTag": "FLEET",
        } == card_info("Accepted", "FLEET", end, NOW)

    def test_an_end_of_another_zone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is told in UTC, wherever the backend runs."""
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            end = (NOW + timedelta(days=1)).astimezone(ZoneInfo("Europe/Zurich"))
            info = card_info("Accepted", "", end, NOW)
        finally:
            monkeypatch.undo()
            time.tzset()
        assert "2025-06-04T06:00:00Z" == info["expiryDate"]

    def test_a_card_whose_time_is_over(self) -> None:
        """It is Expired from that instant on; a blocked one stays blocked."""
        assert "Expired" == card_info("Accepted", "", NOW, NOW)["status"]
        assert "Blocked" == card_info("Blocked", "", NOW, NOW)["status"]
