"""The short way for MeterValues gives what the careful one gives, or leaves it to that."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unmeasured import unmeasured

from backend.adapters import ocpp_frames
from backend.adapters.ocpp_frames import Call
from backend.core import plain
from backend.core.device_profile import GENERIC, DeviceProfile, load_profile
from backend.core.leniency import Leniency
from backend.core.plain import PlainMeterValues, read_plain
from backend.core.quantities import MEASURANDS
from backend.core.readings import ENERGY, MAX_CONNECTOR, Reading, read_meter_values
from backend.errors import FrameError

INCH = load_profile("etrel_inch")
RECEIVED = datetime(2025, 6, 3, 12, 15, 1, tzinfo=UTC)
AT = "2025-06-03T12:15:00.000Z"
#: Profiles that read the same message in different ways.
PROFILES = (
    GENERIC,
    INCH,
    DeviceProfile("comma", decimal_comma=True),
    DeviceProfile("wrong", energy_unit_always="kWh"),
    DeviceProfile("default", default_energy_unit="kWh", zone_of_naive_times="Europe/Zurich"),
)
MANY = settings(max_examples=400, deadline=None, derandomize=True)

Told = tuple[str, list[str], tuple[Leniency, ...], list[str]]


def told(text: str, profile: DeviceProfile, way: Callable[[str], Any]) -> Told | str:
    """Read a frame; give its id, readings and deviations as texts, digit for digit."""
    try:
        frame = way(text)
    except FrameError as error:
        return f"{error.where}: {error.what}"
    if not isinstance(frame, Call) or frame.action != "MeterValues":
        return repr(frame)
    if isinstance(frame.payload, PlainMeterValues):
        reception = read_plain(frame.payload, profile, RECEIVED)
    else:
        reception = read_meter_values(frame.payload, profile, RECEIVED)
    readings = [repr(one) for one in reception.readings]
    values = [str(one.value) for one in reception.readings]
    return repr(frame.message_id), readings, frame.odd + reception.leniencies, values


def by_both_ways(text: str, profile: DeviceProfile) -> Told | str:
    """Read a frame by both ways, which must not differ; twice, as the short way learns."""
    carefully = told(text, profile, ocpp_frames._with_care)
    for _ in range(2):
        assert carefully == told(text, profile, ocpp_frames.parse)
    return carefully


def is_plain(text: str, profile: DeviceProfile) -> bool:
    """Tell whether a frame goes the short way to its end."""
    frame = ocpp_frames.parse(text)
    payload = frame.payload if isinstance(frame, Call) else None
    return isinstance(payload, PlainMeterValues) and (
        plain._read(payload, profile, RECEIVED) is not None
    )


def frame_of(payload: object, message_id: object = "1", **style: Any) -> str:
    """Write a MeterValues request."""
    return json.dumps([2, message_id, "MeterValues", payload], **style)


def payload_of(*samples: Any, timestamp: Any = AT, **fields: Any) -> dict[str, Any]:
    """Make a payload with one meter value."""
    values = [{"timestamp": timestamp, "sampledValue": list(samples)}]
    return {"connectorId": 1, "meterValue": values, **fields}


NUMBERS = (
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=0, max_value=10**9)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.integers()
).map(str) | st.sampled_from(
    [
        *("0", "-0", "0.000", "007.50", "1.", ".5", "+1", "1e3", "1,5", " 9.6", "NaN", "", "٣"),
        *("9" * 15, "9" * 16, "9" * 70, "0." + "1" * 12, "0." + "1" * 13, "-733.255884", "1_000"),
    ]
)
UNITS = ("Wh", "kWh", "W", "kW", "A", "V", "Hertz", "Hz", "kwh", "", " ", "Percent", "furlong")
WORDS: dict[str, st.SearchStrategy[Any]] = {
    "measurand": st.sampled_from([*MEASURANDS, "Energy", "", "é"]),
    "phase": st.sampled_from(["L1", "L2", "L1-N", "N", "L1-L2", "X"]),
    "context": st.sampled_from(["Sample.Clock", "Sample.Periodic", "Transaction.Begin", "Never"]),
    "location": st.sampled_from(["Outlet", "Cable", "Moon"]),
    "format": st.sampled_from(["Raw", "SignedData", "raw"]),
    "unit": st.sampled_from(UNITS),
}
SAMPLES = st.fixed_dictionaries({"value": NUMBERS}, optional=WORDS)
INSTANTS = st.timedeltas(timedelta(days=-7_000), timedelta(days=2)).map(
    lambda ago: (RECEIVED + ago).isoformat().replace("+00:00", "Z")
) | st.sampled_from(
    [
        *(AT, "2025-06-03T24:00:00Z", "2025-06-03T12:15:60Z", "2025-06-03 12:15:00Z", "2025-06-03"),
        *("2025-02-30T00:00:00Z", "2025-06-03T12:15:00", "2025-06-03T12:15:00+02:00", ""),
        *("2025-06-03T12:15:00.1234567Z", "2025-06-03T12:30:00Z", "2025-06-05T12:15:00Z"),
    ]
)
PAYLOADS = st.fixed_dictionaries(
    {
        "connectorId": st.integers(-1, 2) | st.just(MAX_CONNECTOR + 1),
        "meterValue": st.lists(
            st.fixed_dictionaries(
                {"timestamp": INSTANTS, "sampledValue": st.lists(SAMPLES, max_size=5)}
            ),
            max_size=3,
        ),
    },
    optional={"transactionId": st.integers() | st.just(2**63) | st.none()},
)
#: Of each measurand the units that are its own; None where none is to be said.
OWN_UNITS = {"Wh": ("Wh", "kWh"), "W": ("W", "kW"), "Hertz": (None,), "": (None,)}
PROPER_SAMPLES = st.sampled_from(list(MEASURANDS.items())).flatmap(
    lambda measurand: st.fixed_dictionaries(
        {
            "value": st.decimals(-(10**14), 10**14, allow_nan=False, places=3).map(str),
            "measurand": st.just(measurand[0]),
            "unit": st.sampled_from(OWN_UNITS.get(measurand[1], (measurand[1],))),
        },
        optional={
            "phase": st.sampled_from([None, "L1", "L3", "N", "L1-L2"]),
            "context": st.sampled_from(["Sample.Clock", "Sample.Periodic", "Trigger"]),
            "location": st.sampled_from(["Outlet", "Inlet"]),
            "format": st.just("Raw"),
        },
    )
)
PROPER = st.fixed_dictionaries(
    {
        "connectorId": st.integers(0, 1),
        "meterValue": st.lists(
            st.fixed_dictionaries(
                {
                    "timestamp": st.timedeltas(timedelta(days=-5_000), timedelta(0)).map(
                        lambda ago: (RECEIVED + ago).isoformat().replace("+00:00", "Z")
                    ),
                    "sampledValue": st.lists(PROPER_SAMPLES, max_size=12),
                }
            ),
            max_size=3,
        ),
    },
    optional={"transactionId": st.none() | st.integers(-(2**63) + 1, 2**63 - 1)},
)
IDS = st.text(max_size=40) | st.integers() | st.none()
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=2)
        | st.dictionaries(st.sampled_from(["value", "unit", "x"]), children, max_size=2)
    ),
    max_leaves=4,
)


@st.composite
def mutated(draw: st.DrawFn) -> object:
    """Make a payload in which a few things are not as they should be."""
    payload: Any = copy.deepcopy(draw(PAYLOADS))
    for _ in range(draw(st.integers(1, 3))):
        node = payload
        while isinstance(node, dict | list) and node:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = draw(st.sampled_from(keys))
            child = node[key]
            if isinstance(child, dict | list) and child and draw(st.booleans()):
                node = child
                continue
            change = draw(st.sampled_from(["replace", "remove", "add"]))
            if change == "remove":
                del node[key]
            elif change == "replace":
                node[key] = draw(JUNK)
            elif isinstance(node, dict):
                node[draw(st.sampled_from([*WORDS, "extra"]))] = draw(JUNK)
            else:
                node.append(draw(JUNK))
            break
    return payload


class TestBothWays:
    """What `ocpp_frames.parse` and `read_plain` give is what the careful readers give."""

    @unmeasured
    @MANY
    @given(PROPER, st.text("0123456789abcdefé-", max_size=36), st.sampled_from(PROFILES[:2]))
    def test_on_proper_messages(
        self, payload: object, message_id: str, profile: DeviceProfile
    ) -> None:
        """Messages as OCPP 1.6 has them go the short way to its end."""
        text = frame_of(payload, message_id, ensure_ascii=False)

        _, _, leniencies, _ = by_both_ways(text, profile)

        assert () == leniencies
        assert is_plain(text, profile)

    @unmeasured
    @MANY
    @given(PAYLOADS, IDS, st.sampled_from(PROFILES), st.sampled_from([None, (",", ":")]))
    def test_on_messages_of_the_right_form(
        self, payload: object, message_id: object, profile: DeviceProfile, separators: Any
    ) -> None:
        """Any values, known words and unknown ones, and any spelling of JSON."""
        by_both_ways(frame_of(payload, message_id, separators=separators), profile)

    @unmeasured
    @MANY
    @given(mutated(), st.sampled_from(PROFILES), st.booleans())
    def test_on_messages_that_were_changed(
        self, payload: object, profile: DeviceProfile, escapes: bool
    ) -> None:
        """Anything anywhere replaced, removed or added."""
        by_both_ways(frame_of(payload, ensure_ascii=escapes), profile)

    @unmeasured
    @MANY
    @given(PAYLOADS, st.data())
    def test_on_texts_that_were_changed(self, payload: object, data: st.DataObject) -> None:
        """A sign replaced, removed or added, so that it may be no JSON any more."""
        text = frame_of(payload, separators=(",", ":"))
        place = data.draw(st.integers(0, len(text)))
        sign = data.draw(st.sampled_from(["", *'[]{}",:\\ 0-.eé\ud800\x00\ufeff']))
        cut = data.draw(st.integers(0, 2))

        by_both_ways(text[:place] + sign + text[place + cut :], INCH)

    @pytest.mark.parametrize(
        "payload",
        [
            '{"connectorId":1,"connectorId":0,"meterValue":[]}',
            '{"connectorId":1.0,"meterValue":[]}',
            '{"connectorId":true,"meterValue":[]}',
            '{"connectorId":1,"transactionId":DIGITS,"meterValue":[]}',
            '{"connectorId":1,"meterValue":[]},"beyond"',
            '{"connectorId":1,"meterValue":DEEP}',
            '{"connectorId":1,"meterValue":[{"timestamp":"AT","sampledValue":[SAMPLE]}]}',
        ],
    )
    @pytest.mark.parametrize(
        "sample",
        ['{"value":"1","value":"2","unit":null}', '{"value":"\\u0031","unit":"\\ud800"}', "7"],
    )
    def test_on_json_that_libraries_read_differently(self, payload: str, sample: str) -> None:
        """Doubled names, numbers that are nearly integers, escapes, depth."""
        stands_for = {"AT": AT, "DIGITS": "9" * 5_000, "DEEP": "[" * 50 + "]" * 50}
        for name, text in {**stands_for, "SAMPLE": sample}.items():
            payload = payload.replace(name, text)

        by_both_ways(f'[2,"1","MeterValues",{payload}]', GENERIC)


class TestTheShortWay:
    """What goes it, and what it learns."""

    def test_the_inch_goes_it(self) -> None:
        """A message of the INCH goes the short way to its end."""
        samples = [
            {"value": "733.255884", "measurand": ENERGY, "unit": "kWh", "context": "Sample.Clock"},
            {"value": "15.936", "measurand": "Current.Import", "phase": "L1", "unit": "A"},
            {"value": "49.98", "measurand": "Frequency"},
            {"value": "0.998", "measurand": "Power.Factor"},
        ]
        text = frame_of(payload_of(*samples, transactionId=7))

        assert is_plain(text, INCH)
        reading = Reading(
            connector=1,
            instant=datetime(2025, 6, 3, 12, 15, tzinfo=UTC),
            measurand=ENERGY,
            phase=None,
            location="Outlet",
            context="Sample.Clock",
            value=Decimal("733255.884"),
            unit="Wh",
            raw_value="733.255884",
            raw_unit="kWh",
            transaction=7,
            resolution_wh=Decimal(0),
            position=0,
        )
        frame = ocpp_frames.parse(text)
        assert isinstance(frame, Call)
        assert reading == read_plain(frame.payload, INCH, RECEIVED).readings[0]

    @pytest.mark.parametrize(
        "payload",
        [
            payload_of({"value": "1,5", "unit": "Wh"}),
            payload_of({"value": "1"}, timestamp="2025-06-03T12:15:00"),
            payload_of({"value": "1", "unit": "Hz", "measurand": "Frequency"}),
            payload_of({"value": "1", "unit": "Wh"}, connectorId=2),
            payload_of({"value": "1", "unit": "Wh"}, transactionId=2**63),
        ],
    )
    def test_what_is_odd_leaves_it(self, payload: object) -> None:
        """Whatever is named by the careful reader is read by that."""
        text = frame_of(payload)

        assert not is_plain(text, INCH)
        assert isinstance(by_both_ways(text, INCH), tuple)

    @pytest.mark.parametrize(("signs", "learned"), [(50, 1), (51, 0)])
    def test_how_long_a_word_may_be(self, signs: int, learned: int) -> None:
        """One of fifty signs is remembered, whatever it is."""
        profile = DeviceProfile(f"{signs} signs")
        text = frame_of(payload_of({"value": "1", "unit": "x" * signs}))

        by_both_ways(text, profile)

        assert learned == len(plain._known(profile))

    def test_what_is_long_is_not_learned(self) -> None:
        """A word of any length is read, but not remembered."""
        before = len(plain._known(GENERIC))
        blanks = " " * 10_000
        text = frame_of(payload_of({"value": "1", "measurand": "Frequency", "unit": blanks}))

        by_both_ways(text, GENERIC)

        assert is_plain(text, GENERIC)
        assert before == len(plain._known(GENERIC))

    def test_what_is_learned_has_a_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Beyond it messages are read as before, each time anew."""
        monkeypatch.setattr(plain, "_WORDINGS", 0)
        profile = DeviceProfile("never seen")
        text = frame_of(payload_of({"value": "1", "unit": "kWh"}))

        by_both_ways(text, profile)

        assert is_plain(text, profile)
        assert {} == plain._known(profile)

    def test_as_much_is_learned_as_fits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not one way to word a value more."""
        monkeypatch.setattr(plain, "_WORDINGS", 1)
        profile = DeviceProfile("one is enough")

        for unit in ("kWh", "Wh"):
            by_both_ways(frame_of(payload_of({"value": "1", "unit": unit})), profile)

        assert 1 == len(plain._known(profile))

    @pytest.mark.parametrize("transaction", [2**63 - 1, 1 - 2**63])
    def test_the_largest_transactions_go_it(self, transaction: int) -> None:
        """They have 64 bits with their sign."""
        text = frame_of(payload_of({"value": "1", "unit": "Wh"}, transactionId=transaction))

        assert is_plain(text, INCH)

    @pytest.mark.parametrize(
        ("profile", "connector"), [(INCH, 0), (INCH, 1), (GENERIC, MAX_CONNECTOR)]
    )
    def test_all_connectors_go_it(self, profile: DeviceProfile, connector: int) -> None:
        """From the whole station to the last that a model may have."""
        text = frame_of(payload_of({"value": "1", "unit": "Wh"}) | {"connectorId": connector})

        assert is_plain(text, profile)

    def test_positions_run_through_all_values(self) -> None:
        """Also over a meter value without any; such a one is no reading."""
        one = {"value": "1", "unit": "Wh"}
        values = [
            {"timestamp": AT, "sampledValue": samples} for samples in ([one, one], [], [one], [one])
        ]
        frame = ocpp_frames.parse(frame_of({"connectorId": 1, "meterValue": values}))
        assert isinstance(frame, Call)

        found = plain._read(frame.payload, INCH, RECEIVED)

        assert found is not None
        assert [0, 2, 3] == [each.position for each in found]
