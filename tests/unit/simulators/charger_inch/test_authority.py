"""Whose card is good, as far as the charger can tell by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.charger_inch.authority import CACHE_LIMIT, Authority, CardInfo
from simulators.charger_inch.configuration import Configuration
from simulators.charger_inch.memory import Memory

NOW = datetime(2025, 6, 3, 6, tzinfo=UTC)
GOOD = CardInfo("Accepted")


def authority(**configuration: str) -> Authority:
    """Give one without cards."""
    return Authority(Configuration(configuration), Memory())


def entry(id_tag: str, status: str | None = "Accepted", **more: Any) -> dict[str, Any]:
    """Give an AuthorizationData of SendLocalList."""
    return {"idTag": id_tag} | ({"idTagInfo": {"status": status, **more}} if status else {})


class TestInfo:
    """IdTagInfo."""

    def test_it_is_read(self) -> None:
        """Status, group in capitals and expiry; what makes no sense is passed over."""
        told = {"status": "Blocked", "parentIdTag": "family", "expiryDate": "2025-06-03T08:00:00Z"}
        assert CardInfo.from_ocpp(told) == CardInfo("Blocked", "FAMILY", NOW + timedelta(hours=2))
        naive = CardInfo.from_ocpp({"status": "Accepted", "expiryDate": "2025-06-03T06:00:00"})
        assert naive.expires == NOW
        assert CardInfo.from_ocpp({"status": "Accepted", "expiryDate": "soon"}) == GOOD

    def test_it_is_good_until_it_expires(self) -> None:
        """The instant of expiry no longer belongs to it."""
        info = CardInfo("Accepted", "", NOW)
        assert info.is_good(NOW - timedelta(seconds=1))
        assert not info.is_good(NOW)
        assert not CardInfo("Invalid").is_good(NOW)


class TestCache:
    """What the backend said last."""

    def test_it_lets_in_offline_who_was_accepted(self) -> None:
        """Whatever the case; an unknown card only where the key says so."""
        cards = authority()
        cards.remember("abcd", GOOD)
        assert cards.lets_in_offline("ABCD", NOW)
        assert not cards.lets_in_offline("0001", NOW)
        assert authority(AllowOfflineTxForUnknownId="true").lets_in_offline("0001", NOW)
        assert not authority(LocalAuthorizeOffline="false").lets_in_offline("ABCD", NOW)

    @pytest.mark.parametrize("info", [CardInfo("Blocked"), CardInfo("Accepted", "", NOW)])
    def test_it_keeps_out_who_was_refused(self, info: CardInfo) -> None:
        """Also where unknown cards are let in (§3.5)."""
        cards = authority(AllowOfflineTxForUnknownId="true")
        cards.remember("A", info)
        assert not cards.lets_in_offline("A", NOW)

    def test_it_can_be_switched_off(self) -> None:
        """Nothing is remembered, and ClearCache is rejected (errata 3.23)."""
        cards = authority(AuthorizationCacheEnabled="false")
        cards.remember("A", GOOD)
        assert cards.info("A") is None
        assert cards.clear_cache() == "Rejected"

    def test_it_is_cleared(self) -> None:
        """All is forgotten."""
        cards = authority()
        cards.remember("A", GOOD)
        assert cards.clear_cache() == "Accepted"
        assert cards.info("A") is None

    def test_the_longest_unseen_is_forgotten(self) -> None:
        """Seeing a card again makes it young."""
        cards = authority()
        for number in range(CACHE_LIMIT):
            cards.remember(f"{number}", GOOD)
        cards.remember("0", GOOD)
        cards.remember("new", GOOD)
        assert cards.info("0") == GOOD
        assert cards.info("1") is None

    @given(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        st.sampled_from(["Accepted", "Blocked"]),
        st.none() | st.datetimes(timezones=st.just(UTC)),
    )
    def test_it_gives_back_what_it_was_given(
        self, parent: str, status: str, expires: datetime | None
    ) -> None:
        """Any group, status and expiry."""
        cards = authority()
        info = CardInfo(status, parent, expires)
        cards.remember("A", info)
        assert cards.info("a") == info


class TestList:
    """SendLocalList (§5.15)."""

    def test_a_full_list_replaces(self) -> None:
        """The version is the list's, and who is no longer in it is unknown."""
        cards = authority()
        assert cards.update(1, "Full", [entry("A"), entry("B", "Blocked")]) == "Accepted"
        assert (cards.version, cards.size) == (1, 2)
        assert cards.update(7, "Full", [entry("b", parentIdTag="Z")]) == "Accepted"
        assert (cards.version, cards.size) == (7, 1)
        assert cards.info("A") is None
        assert cards.parent_of("B") == "Z"
        assert cards.parent_of("A") == ""

    def test_a_difference_adds_changes_and_removes(self) -> None:
        """An entry without idTagInfo takes the card out."""
        cards = authority()
        cards.update(2, "Full", [entry("A"), entry("B")])
        difference = [entry("A", "Blocked"), entry("B", None), entry("C"), entry("D", None)]
        assert cards.update(5, "Differential", difference) == "Accepted"
        assert (cards.version, cards.size) == (5, 2)
        assert cards.info("A") == CardInfo("Blocked")
        assert cards.info("B") is None

    @pytest.mark.parametrize("version", [4, 5])
    def test_a_difference_must_be_newer(self, version: int) -> None:
        """Else VersionMismatch, and the list stays."""
        cards = authority()
        cards.update(5, "Full", [entry("A")])
        assert cards.update(version, "Differential", [entry("A", None)]) == "VersionMismatch"
        assert (cards.version, cards.size) == (5, 1)

    def test_an_empty_list_is_none(self) -> None:
        """Its version is 0 (§5.10)."""
        cards = authority()
        cards.update(2, "Full", [entry("A")])
        assert cards.update(3, "Full", []) == "Accepted"
        assert (cards.version, cards.size) == (0, 0)

    @pytest.mark.parametrize(
        ("version", "kind", "entries"),
        [
            (0, "Full", [entry("A")]),
            (-1, "Full", [entry("A")]),
            (3, "Full", [entry("A", None)]),
            (3, "Full", [entry("A"), entry("a")]),
            (3, "Full", [entry(f"{number}") for number in range(6)]),
            (3, "Differential", [entry(f"{number}") for number in range(5)]),
        ],
    )
    def test_what_cannot_be_held_fails_whole(
        self, version: int, kind: str, entries: list[dict[str, Any]]
    ) -> None:
        """No version, a card without status or twice, too many at once or in all."""
        cards = authority(SendLocalListMaxLength="5", LocalAuthListMaxLength="5")
        cards.update(2, "Full", [entry("X")])
        assert cards.update(version, kind, entries) == "Failed"
        assert (cards.version, cards.size) == (2, 1)

    def test_a_full_list_may_change_what_it_has(self) -> None:
        """A difference that adds as many as it removes fits."""
        cards = authority(LocalAuthListMaxLength="2")
        cards.update(2, "Full", [entry("A"), entry("B")])
        assert cards.update(3, "Differential", [entry("A", None), entry("C")]) == "Accepted"

    def test_it_can_be_switched_off(self) -> None:
        """It is NotSupported then, and what is in it counts no more."""
        memory, configuration = Memory(), Configuration({})
        cards = Authority(configuration, memory)
        cards.update(1, "Full", [entry("A")])
        configuration.change("LocalAuthListEnabled", "false")
        assert cards.update(2, "Full", [entry("A")]) == "NotSupported"
        assert cards.info("A") is None

    def test_it_goes_before_the_cache(self) -> None:
        """What the backend says of a listed card is not cached (§3.5.2)."""
        cards = authority()
        cards.update(1, "Full", [entry("A", "Blocked")])
        cards.remember("A", GOOD)
        assert cards.info("A") == CardInfo("Blocked")
        cards.remember("B", GOOD)
        cards.update(2, "Differential", [entry("B", "Expired")])
        assert cards.info("B") == CardInfo("Expired")

    def test_it_lets_in_at_once_where_the_key_says_so(self) -> None:
        """LocalPreAuthorize (§3.5.3)."""
        for switch, let_in in (("true", True), ("false", False)):
            cards = authority(LocalPreAuthorize=switch)
            cards.update(1, "Full", [entry("A"), entry("B", "Blocked")])
            assert cards.lets_in_at_once("A", NOW) is let_in
            assert not cards.lets_in_at_once("B", NOW)
            assert not cards.lets_in_at_once("C", NOW)
