"""Recordings that get shorter as long as something is still shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from harness.recording import FieldLog, Form, Frame, LineChange
from harness.shrink import Shrinker, ddmin

START = datetime(2025, 6, 3, 5, 0, tzinfo=UTC)


def call(number: int, identity: str, action: str, payload: object) -> list[Frame]:
    """Give a CALL and its answer."""
    at = START + timedelta(minutes=number)
    texts = (json.dumps([2, f"m{number}", action, payload]), json.dumps([3, f"m{number}", {}]))
    return [
        Frame(at, identity, "in", texts[0], 2 * number),
        Frame(at, identity, "out", texts[1], 2 * number + 1),
    ]


def log_of(*calls: list[Frame], changes: tuple[LineChange, ...] = ()) -> FieldLog:
    """Give a log of exchanges."""
    return FieldLog(Form.RECORDING, tuple(frame for each in calls for frame in each), changes)


class TestDdmin:
    """The algorithm, apart from what is made shorter."""

    @given(
        st.integers(0, 40).flatmap(
            lambda size: st.tuples(st.just(size), st.sets(st.integers(0, max(size - 1, 0))))
        )
    )
    def test_finds_what_is_needed_and_nothing_else(self, case: tuple[int, set[int]]) -> None:
        """Where some parts are needed together, these are left, in their order."""
        size, drawn = case
        needed = drawn if size else set()

        assert sorted(needed) == ddmin(range(size), lambda left: needed <= set(left))

    @given(st.sets(st.integers(0, 15), min_size=1), st.integers(1, 5))
    def test_leaves_nothing_that_can_be_left_out_alone(self, marked: set[int], count: int) -> None:
        """Where it is not monotone, each part alone is needed for what is left."""
        parts = list(range(16))
        if len(marked) < count:
            return

        def shows(left: list[int]) -> bool:
            return len(marked & set(left)) >= count and len(left) % 2 == 0

        left = ddmin(parts, shows) if shows(parts) else parts
        assert shows(left)
        assert not any(shows([one for one in left if one != each]) for each in left)

    def test_asks_few_times(self) -> None:
        """One needed part of a thousand is found in some dozens of tries."""
        tries = 0

        def shows(left: list[int]) -> bool:
            nonlocal tries
            tries += 1
            return 700 in left

        assert [700] == ddmin(range(1000), shows)
        assert tries < 50


class TestShrinker:
    """Chargers, exchanges, line changes, sampled values and fields."""

    def shrunk(self, log: FieldLog, shows: Callable[[FieldLog], bool]) -> Shrinker:
        """Shorten a log, which shows what it is to show at each moment."""
        shrinker = Shrinker(log, shows)
        shrinker.shrink()
        assert shows(shrinker.best)
        return shrinker

    def test_leaves_out_the_coarse_and_the_fine(self) -> None:
        """What is left is the one value in the one frame of the one charger."""
        samples = [{"value": str(value), "unit": "Wh"} for value in range(20)]
        entries = [
            {"timestamp": f"2025-06-03T05:{minute}:00Z", "sampledValue": samples}
            for minute in range(10, 20)
        ]
        meter = {"connectorId": 1, "transactionId": 7, "meterValue": entries}
        log = log_of(
            *(call(n, "A", "Heartbeat", {}) for n in range(5)),
            call(5, "B", "MeterValues", meter),
            *(call(n, "B", "Heartbeat", {}) for n in range(6, 9)),
            changes=(LineChange(START, "A", True, 0), LineChange(START, "B", True, 9)),
        )

        best = self.shrunk(log, lambda one: any('"13"' in each.text for each in one.frames)).best
        assert [
            '[2,"m5","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":'
            '"2025-06-03T05:19:00Z","sampledValue":[{"value":"13"}]}]}]',
            '[3, "m5", {}]',
        ] == [one.text for one in best.frames]
        assert () == best.changes

    def test_keeps_what_ocpp_requires(self) -> None:
        """A frame that is well formed does not become one that is not."""
        payload = {
            "connectorId": 1,
            "idTag": "A",
            "meterStart": 0,
            "timestamp": "2025-06-03T05:00:00Z",
            "reservationId": 3,
        }
        log = log_of(call(1, "A", "StartTransaction", payload))
        best = self.shrunk(log, lambda one: bool(one.frames)).best

        del payload["reservationId"]
        assert payload == json.loads(best.frames[0].text)[3]

    def test_keeps_an_exchange_together(self) -> None:
        """A CALL and its answer stay or go together, also where an id comes twice."""
        first, again = call(1, "A", "Heartbeat", {}), call(1, "A", "Authorize", {"idTag": "X"})
        best = self.shrunk(
            log_of(first, again), lambda one: any("Authorize" in each.text for each in one.frames)
        ).best

        assert again == list(best.frames)

    def test_line_changes_that_matter_stay(self) -> None:
        """A change of a line is kept where it is needed."""
        change = LineChange(START, "A", False, 4)
        log = log_of(
            call(1, "A", "Heartbeat", {}), changes=(change, LineChange(START, "A", True, 5))
        )
        best = self.shrunk(log, lambda one: bool(one.frames) and change in one.changes).best

        assert (change,) == best.changes

    def test_tries_nothing_twice_and_tells_of_each(self) -> None:
        """Each try is another recording, and is told with how much is left."""
        told: list[str] = []
        seen: list[tuple[str, ...]] = []

        def shows(one: FieldLog) -> bool:
            seen.append(tuple(each.text for each in one.frames))
            return any("m3" in each.text for each in one.frames)

        log = log_of(*(call(n, "A", "Heartbeat", {}) for n in range(8)))
        shrinker = Shrinker(log, shows, told.append)
        shrinker.shrink()

        assert len(seen) == len(set(seen))
        # Nothing at all is told of, and not tried.
        assert shrinker.tries == len(told) == len(seen) + 1
        assert told[1].startswith("exchanges: ")

    def test_frames_that_are_no_calls(self) -> None:
        """Noise, answers without a call, and payloads that are no objects are parts, too."""
        frames = [
            Frame(START, "A", "in", "noise", 1),
            Frame(START, "A", "out", '[3,"x",{}]', 2),
            Frame(START, "A", "in", '[2,"1","Heartbeat",[1,2]]', 3),
            Frame(START, "A", "in", "[[[", 4),
        ]
        best = self.shrunk(log_of(frames), lambda one: frames[3] in one.frames).best

        assert (frames[3],) == best.frames
