"""What each card has taken at a connector, out of the connector's register."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.card_energy import UNATTRIBUTED, CardSession, nothing, shares, unknown_within
from backend.core.intervals import Interval, Presence, Status, make_intervals, rounded_kwh
from backend.core.registers import Point, Register

NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALWAYS = Presence(((NOON - 10_000 * MINUTE, NOON + 10_000 * MINUTE),), ())
LATER = NOON + 10_000 * MINUTE
FEW = settings(max_examples=150, deadline=None, derandomize=True)


def at(minute: float) -> datetime:
    """Give an instant, in minutes after noon."""
    return NOON + minute * MINUTE


def register(*points: tuple[float, object], breaks: tuple[int, ...] = ()) -> Register:
    """Make a register of minutes and kilowatt hours."""
    told = tuple(Point(at(minute), Decimal(str(kwh)) * 1000) for minute, kwh in points)
    return Register(told, frozenset(breaks))


def session(card: str, start: float, end: float) -> CardSession:
    """Make a session of minutes."""
    return CardSession(card, at(start), at(end))


GRID = [at(minute) for minute in (0, 15, 30, 45, 60)]


def divide(
    of: Register,
    *sessions: CardSession,
    grid: list[datetime] = GRID,
    presence: Presence = ALWAYS,
    until: datetime = LATER,
) -> dict[str, list[Interval]]:
    """Divide intervals of three decimals."""
    return shares(of, grid, sessions, presence, 3, until)


def shown(intervals: list[Interval]) -> list[str]:
    """Show intervals in short."""
    return [f"{one.energy_kwh} {one.status} {one.rule}" for one in intervals]


class TestShares:
    """The rise of the register within the sessions of a card."""

    def test_a_session_within_quarter_hours(self) -> None:
        """Each quarter hour has what was taken in it; outside it is 0, and W."""
        of = register((0, 10), (7, 10), (15, 11), (22, 12.5), (30, 12.5))
        found = divide(of, session("A", 7, 22))

        assert [
            "1.000 W measured",
            "1.500 W measured",
            "0 W no-session",
            "0 W no-session",
        ] == shown(found["A"])

    def test_two_cards_in_one_quarter_hour(self) -> None:
        """Each has its own, and what is between them is nobody's."""
        of = register((0, 10), (1, 10), (6, 11), (8, 11.25), (14, 13), (15, 13))
        found = divide(of, session("A", 1, 6), session("B", 8, 14))

        assert Decimal("1.000") == found["A"][0].energy_kwh
        assert Decimal("1.750") == found["B"][0].energy_kwh
        assert Decimal("0.250") == found[UNATTRIBUTED][0].energy_kwh

    def test_two_sessions_of_one_card_in_one_quarter_hour(self) -> None:
        """They are added up."""
        of = register((0, 10), (1, 10), (6, 11), (8, 11), (14, 13), (15, 13))
        found = divide(of, session("A", 1, 6), session("A", 8, 14))

        assert "3.000 W measured" == shown(found["A"])[0]

    def test_readings_an_interval_apart_are_measured(self) -> None:
        """A part of an interval is as well known as the whole."""
        of = register((-8, 10), (7, 10), (22, 13), (37, 13))
        found = divide(of, session("A", 7, 22))

        assert ["1.600 W measured", "1.400 W measured"] == shown(found["A"])[:2]

    def test_readings_further_apart_are_not(self) -> None:
        """A session that begins and ends at readings does not make more of them."""
        of = register((0, 10), (20, 13), (40, 16), (60, 16))
        found = divide(of, session("A", 0, 40))

        assert ["2.250 E interpolated"] == shown(found["A"])[:1]

    def test_an_edge_between_two_readings_is_a_guess(self) -> None:
        """Where the register rose meanwhile, what falls to which side is estimated."""
        of = register((0, 10), (10, 12), (20, 12), (30, 12))
        found = divide(of, session("A", 5, 25))

        assert ["1.000 E divided", "0.000 W measured"] == shown(found["A"])[:2]
        assert ["1.000 E divided", "0.000 W measured"] == shown(found[UNATTRIBUTED])[:2]

    def test_what_is_worse_than_a_guess_stays(self) -> None:
        """A rule that weighs more than the division is the one that is told."""
        of = Register(register((0, 10), (10, 12), (20, 12)).points, contested=frozenset({1}))

        assert "1.000 E contested" == shown(divide(of, session("A", 5, 25))["A"])[0]

    def test_a_session_whose_register_has_not_come(self) -> None:
        """It is missing, as the charger's is; other cards are not touched by that."""
        open_now = Presence(ALWAYS.online, ((at(0), at(50)),))
        of = register((0, 10), (15, 11))
        found = divide(of, session("A", 0, 50), presence=open_now)

        assert [
            "1.000 W measured",
            "None F session-open",
            "None F session-open",
            "None F session-open",
        ] == shown(found["A"])
        assert {UNATTRIBUTED, "A"} == set(found)

    def test_an_interval_that_has_not_ended(self) -> None:
        """It is missing, whatever its parts are."""
        of = register((0, 10), (15, 11))
        found = divide(of, session("A", 0, 10), until=at(30))

        assert ["0 W no-session", "None F future", "None F future"] == shown(found["A"])[1:]
        assert list(pairwise(GRID)) == [(one.start, one.end) for one in found["A"]]

    def test_a_register_that_begins_anew(self) -> None:
        """No energy is counted across, for nobody."""
        of = register((0, 10), (5, 11), (6, 13), (15, 14), breaks=(2,))
        found = divide(of, session("A", 0, 15))

        assert "2.000 E across-reset" == shown(found["A"])[0]

    def test_sessions_that_overlap(self) -> None:
        """The one that began later ends the other; no energy counts twice."""
        of = register((0, 10), (15, 11), (30, 13), (45, 16), (60, 20))
        found = divide(of, session("A", 0, 60), session("B", 15, 30))

        assert [1, 0, 0, 0] == [one.energy_kwh for one in found["A"]]
        assert [0, 2, 0, 0] == [one.energy_kwh for one in found["B"]]
        assert [0, 0, 3, 4] == [one.energy_kwh for one in found[UNATTRIBUTED]]

    def test_an_end_that_cannot_be_divides_nothing(self) -> None:
        """Only where a session ended, by what began later, a later one is a guess."""
        of = register((0, 10), (10, 11), (20, 12), (30, 12), (45, 13), (60, 15))
        found = divide(of, session("A", 0, 50), session("B", 10, 20), session("C", 30, 60))

        assert ["1.000 W measured", "2.000 W measured"] == shown(found["C"])[2:]

    def test_sessions_that_begin_together(self) -> None:
        """The one that lasts longer has it all."""
        of = register((0, 10), (15, 11), (30, 13), (60, 13))
        found = divide(of, session("A", 0, 30), session("B", 0, 15), session("B", 0, 10))

        assert [1, 2, 0, 0] == [one.energy_kwh for one in found["A"]]
        assert {UNATTRIBUTED, "A"} == set(found)

    def test_a_session_that_begins_before_the_first_reading(self) -> None:
        """Nothing is known to have risen there, so nothing is a guess."""
        of = register((5, 10), (15, 11), (60, 11))

        assert "1.000 W measured" == shown(divide(of, session("A", 2, 15))["A"])[0]

    def test_a_session_that_begins_where_the_register_does(self) -> None:
        """That nothing is counted across weighs more than the division."""
        of = register((0, 10), (4, 12), (8, 14), (15, 15), breaks=(2,))
        found = divide(of, session("A", 6, 15))

        assert "1.000 E across-reset" == shown(found["A"])[0]
        assert "2.000 E across-reset" == shown(found[UNATTRIBUTED])[0]

    def test_sessions_beyond_the_grid(self) -> None:
        """What lies outside changes nothing; what reaches in counts from the edge on."""
        of = register((-15, 9), (0, 10), (15, 11), (60, 11))
        found = divide(of, session("A", -15, 15), session("B", 60, 75), session("C", 5, 5))

        assert [1, 0, 0, 0] == [one.energy_kwh for one in found["A"]]
        assert {UNATTRIBUTED, "A"} == set(found)


class TestUnknown:
    """Sessions of which no connector is known."""

    def test_they_are_missing_where_they_are(self) -> None:
        """Whose register has risen cannot be told."""
        found = unknown_within(GRID, [session("A", 20, 31)], LATER)

        assert [
            "0 W no-session",
            "None F unread",
            "None F unread",
            "0 W no-session",
        ] == shown(found["A"])

    def test_they_are_not_missing_where_they_begin_and_end(self) -> None:
        """A quarter hour that they only touch is not theirs."""
        found = unknown_within(GRID, [session("A", 15, 30)], LATER)

        assert ["W", "F", "W", "W"] == [one.status for one in found["A"]]


def test_nothing() -> None:
    """In no session a card has taken nothing, and that is true."""
    one = nothing(at(0), at(15))

    assert Interval(at(0), at(15), Decimal(0), Status.TRUE, "no-session") == one


RISES = st.lists(st.integers(0, 5_000), min_size=8, max_size=40)
EDGES = st.lists(st.integers(-10, 190), min_size=2, max_size=8, unique=True).map(sorted)


class TestSums:
    """Nothing is lost and nothing is counted twice, to the last digit."""

    @FEW
    @given(rises=RISES, edges=EDGES, decimals=st.integers(0, 6), data=st.data())
    def test_all_cards_and_the_rest_are_the_connector(
        self, rises: list[int], edges: list[int], decimals: int, data: st.DataObject
    ) -> None:
        """For any register and any sessions, interval by interval."""
        wh, points = Decimal(data.draw(st.integers(0, 10**9))) / 1000, []
        for minute, rise in enumerate(rises):
            wh += Decimal(rise) / 7 if minute % 3 else Decimal(rise)
            points.append(Point(at(minute * 6), wh))
        breaks = data.draw(st.sets(st.integers(1, len(points) - 1), max_size=2))
        of = Register(tuple(points), frozenset(breaks))
        grid = [at(minute) for minute in range(0, 181, 15)]
        cards = data.draw(st.lists(st.sampled_from("ABC"), min_size=8, max_size=8))
        sessions = [
            CardSession(card, at(start), at(end))
            for card, (start, end) in zip(cards, pairwise(edges), strict=False)
        ]

        found = shares(of, grid, sessions, ALWAYS, decimals, LATER)
        whole = make_intervals(of, grid, ALWAYS, decimals, LATER)

        for series in found.values():
            assert list(pairwise(grid)) == [(one.start, one.end) for one in series]
        for place, interval in enumerate(whole):
            parts = [series[place].energy_kwh for series in found.values()]
            if interval.energy_kwh is not None:
                assert interval.energy_kwh == sum(part for part in parts if part is not None)

    @FEW
    @given(rises=RISES, start=st.integers(0, 100), length=st.integers(1, 80))
    def test_a_session_is_its_rounded_difference(
        self, rises: list[int], start: int, length: int
    ) -> None:
        """However many quarter hours it is cut into."""
        wh, points = Decimal(0), []
        for minute, rise in enumerate([*rises, *(0,) * 200]):
            wh += Decimal(rise) / 1000
            points.append(Point(at(minute), wh))
        grid = [at(minute) for minute in range(0, 181, 15)]

        found = divide(Register(tuple(points)), session("A", start, start + length), grid=grid)

        taken = sum(one.energy_kwh or 0 for one in found["A"])
        register_kwh = [rounded_kwh(points[at_].wh, 3) for at_ in (start, start + length)]
        assert register_kwh[1] - register_kwh[0] == taken
