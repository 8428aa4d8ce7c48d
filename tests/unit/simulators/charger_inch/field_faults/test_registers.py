"""Rows F24 to F52 on the wire."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from support.faulty_inch import (
    CAR,
    SETUP,
    Case,
    FaultyDesk,
    ideal_again,
    idle,
    session,
)

ENERGY = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
POWER = "Power.Active.Import"

QUARTERS = ["3.760000", "6.520000", "9.280000", "12.040000"]
"""What the register shows at each quarter of the hour in which Anna charges."""


def registers(desk: FaultyDesk) -> list[Any]:
    """Give the registers of MeterValues."""
    return [sample["value"] for sample in desk.values(ENERGY)]


def with_units(measurand: str) -> Any:
    """Give what reads the values of a measurand, each with its unit."""
    return lambda desk: [(sample["value"], sample.get("unit")) for sample in desk.values(measurand)]


def by_phase(desk: FaultyDesk) -> list[Any]:
    """Give the registers of the first MeterValues by their phase."""
    samples = desk.told("MeterValues")[0]["meterValue"][0]["sampledValue"]
    return [
        (sample.get("phase"), sample["value"])
        for sample in samples
        if sample["measurand"] == ENERGY
    ]


def start_and_stop(desk: FaultyDesk) -> tuple[Any, Any]:
    """Give meterStart and meterStop."""
    start, stop = desk.told("StartTransaction")[-1], desk.told("StopTransaction")[-1]
    return start["meterStart"], stop["meterStop"]


def after_stop(desk: FaultyDesk) -> Any:
    """Give the MeterValues that follow StopTransaction."""
    order = desk.order("StopTransaction", "MeterValues")
    assert order[-2:] == ["StopTransaction", "MeterValues"]
    return desk.told("MeterValues")[-1]


def first_values(desk: FaultyDesk) -> list[str]:
    """Give the texts of the frames of the first two MeterValues and of what follows each."""
    places = [place for place, text in enumerate(desk.texts) if "MeterValues" in text][:2]
    return [desk.texts[place] for place in places] + [desk.texts[places[1] + 1]]


def data_of_stop(desk: FaultyDesk) -> tuple[int, bool, bool]:
    """Give how many entries transactionData has, whether it is over 1 MiB, and is in order."""
    text = next(text for text in desk.texts if '"StopTransaction"' in text)
    data = desk.told("StopTransaction")[0]["transactionData"]
    stamps = [entry["timestamp"] for entry in data]
    values = [float(entry["sampledValue"][0]["value"]) for entry in data]
    in_order = stamps == sorted(stamps) and values == sorted(values)
    return len(data), len(text) > 2**20, in_order


def signed(desk: FaultyDesk) -> list[Any]:
    """Give the formats of the first MeterValues' registers, and the parts of the signed one."""
    samples = [
        sample
        for sample in desk.told("MeterValues")[0]["meterValue"][0]["sampledValue"]
        if sample["measurand"] == ENERGY
    ]
    head, payload, signature = samples[-1]["value"].split("|")
    digest = hashlib.sha256(payload.encode()).hexdigest().upper()
    return [
        [sample.get("format") for sample in samples],
        head,
        '"RV":3.760000' in payload,
        json.loads(payload)["GS"],
        json.loads(signature)["SD"] == digest,
    ]


def measurands_asked(desk: FaultyDesk) -> None:
    """Let the backend ask for one measurand after the other, and one that there is not."""
    answers = [
        desk.ask("ChangeConfiguration", key="MeterValuesSampledData", value=name)["status"]
        for name in ("Voltage", "Power.Reactive.Import", "Current.Import,RPM")
    ]
    assert answers == ["Accepted"] * 3
    desk.plug_in(CAR).show().minutes(15)


def asked_for(desk: FaultyDesk) -> tuple[str, set[str]]:
    """Give the value that is read back, and the measurands that are sent."""
    read = desk.ask("GetConfiguration", key=["MeterValuesSampledData"])
    samples = desk.told("MeterValues")[0]["meterValue"][0]["sampledValue"]
    return read["configurationKey"][0]["value"], {sample["measurand"] for sample in samples}


def two_sessions(desk: FaultyDesk) -> None:
    """Charge for an hour, twice."""
    session(desk)
    session(desk)


def boots_between(desk: FaultyDesk) -> None:
    """Charge for an hour, boot, and charge for an hour."""
    session(desk)
    desk.power(on=False).minutes(1).power(on=True).minutes(1)
    session(desk)


ALIGNED = replace(
    SETUP,
    configuration={"ClockAlignedDataInterval": "900", "MeterValueSampleInterval": "0"},
)

CASES = [
    Case(
        "kwh-labelled-wh",
        session,
        with_units(ENERGY),
        [("3", "Wh"), ("6", "Wh"), ("9", "Wh"), ("12", "Wh")],
    ),
    Case("kw-labelled-w", session, with_units(POWER), [("11.040", "W")] * 4),
    Case("kw-labelled-w:unit=none", session, with_units(POWER), [("11.040", None)] * 4),
    Case(
        "kw-labelled-w:energy-too=true",
        session,
        with_units(ENERGY),
        [("3760", "kWh"), ("6520", "kWh"), ("9280", "kWh"), ("12040", "kWh")],
    ),
    Case(
        "bare-register",
        session,
        lambda desk: [one["meterValue"][0]["sampledValue"] for one in desk.told("MeterValues")],
        [[{"value": "3760"}], [{"value": "6520"}], [{"value": "9280"}], [{"value": "12040"}]],
    ),
    Case(
        "numbers-for-texts",
        session,
        lambda desk: ('"value":3.760000,' in first_values(desk)[0], registers(desk)),
        (True, [3.76, 6.52, 9.28, 12.04]),
    ),
    Case("odd-numbers", session, registers, [text.replace(".", ",") for text in QUARTERS]),
    Case("odd-numbers:form=blank", session, registers, [f" {text}" for text in QUARTERS]),
    Case(
        "odd-numbers:form=nan,every=3",
        session,
        registers,
        [*QUARTERS[:2], "NaN", QUARTERS[3]],
    ),
    Case(
        "object-for-list",
        session,
        lambda desk: [list(one["meterValue"]) for one in desk.told("MeterValues")],
        [["timestamp", "sampledValue"]] * 4,
    ),
    Case(
        "invalid-json",
        session,
        lambda desk: (
            ['"transactionId":,' in text for text in first_values(desk)[:2]],
            "Heartbeat" in first_values(desk)[2],
            registers(desk),
        ),
        ([False, True], True, [QUARTERS[0], QUARTERS[2]]),
    ),
    Case(
        "invalid-json:where=sampledValue,every=1",
        session,
        lambda desk: ['"sampledValue":[,{' in text for text in first_values(desk)[:2]],
        [True, True],
    ),
    Case(
        "invalid-json:every=1",
        session,
        lambda desk: ['"sampledValue":[,{' in text for text in first_values(desk)[:2]],
        [True, True],
        ALIGNED,
    ),
    Case(
        "session-values",
        session,
        lambda desk: (registers(desk), start_and_stop(desk)),
        (["2.760", "5.520", "8.280", "11.040"], (1_000, 12_040)),
    ),
    Case(
        "register-restarts",
        two_sessions,
        lambda desk: (registers(desk), start_and_stop(desk)),
        (["2.760000", "5.520000", "8.280000", "11.040000"] * 2, (0, 11_040)),
    ),
    Case(
        "register-restarts:each=boot",
        boots_between,
        lambda desk: (registers(desk), start_and_stop(desk)),
        (["2.760000", "5.520000", "8.280000", "11.040000"] * 2, (0, 11_040)),
    ),
    Case(
        "register-momentarily-zero:every=3",
        session,
        lambda desk: (registers(desk), start_and_stop(desk)),
        (["3.760000", "6.520000", "0.000000", "12.040000"], (1_000, 12_040)),
    ),
    Case("meter-start-zero", session, start_and_stop, (0, 12_040)),
    Case("meter-start-zero:meter-start=null", session, start_and_stop, (None, 12_040)),
    Case("meter-stop-below-start", session, start_and_stop, (1_000, 999)),
    Case("meter-stop-missing", session, start_and_stop, (1_000, -1)),
    Case("meter-stop-missing:form=both-zero", session, start_and_stop, (0, 0)),
    Case(
        "values-after-stop",
        session,
        lambda desk: (
            start_and_stop(desk),
            [one["value"] for one in desk.values(ENERGY, "StopTransaction")][-1],
        ),
        ((1_000, 12_036), "12.036000"),
    ),
    Case(
        "values-after-stop:short-wh=0",
        session,
        after_stop,
        {
            "connectorId": 1,
            "meterValue": [
                {
                    "timestamp": "2025-06-03T07:00:01.000Z",
                    "sampledValue": [
                        {
                            "value": "12040.0",
                            "context": "Sample.Clock",
                            "measurand": ENERGY,
                            "unit": "Wh",
                        }
                    ],
                }
            ],
        },
    ),
    Case(
        "end-after-stop",
        session,
        after_stop,
        {
            "connectorId": 1,
            "transactionId": 4_711,
            "meterValue": [
                {
                    "timestamp": "2025-06-03T07:00:00.000Z",
                    "sampledValue": [
                        {
                            "value": "12.040000",
                            "context": "Transaction.End",
                            "measurand": ENERGY,
                            "unit": "kWh",
                        }
                    ],
                }
            ],
        },
    ),
    Case(
        "begin-among-periodic",
        session,
        lambda desk: [(one["context"], one["value"]) for one in desk.values(ENERGY)][:4],
        [
            ("Sample.Periodic", "3.760000"),
            ("Transaction.Begin", "1.000000"),
            ("Sample.Periodic", "6.520000"),
            ("Transaction.Begin", "1.000000"),
        ],
    ),
    Case(
        "register-and-interval",
        session,
        lambda desk: (registers(desk), with_units(INTERVAL)(desk)),
        (QUARTERS, [("2.760000", "kWh")] * 4),
    ),
    Case(
        "interval-only:period-s=300",
        session,
        lambda desk: (registers(desk), with_units(INTERVAL)(desk)),
        ([], [("0.920000", "kWh")] * 4),
    ),
    Case(
        "phases-without-total",
        session,
        by_phase,
        [("L1", "1.253333"), ("L2", "1.253333"), ("L3", "1.253334")],
    ),
    Case(
        "total-and-phases",
        session,
        by_phase,
        [(None, "3.760000"), ("L1", "1.253333"), ("L2", "1.253333"), ("L3", "1.253334")],
    ),
    Case(
        "odd-phase-labels",
        session,
        lambda desk: (
            [
                (sample["phase"], sample["value"])
                for measurand in ("Current.Import", "Voltage")
                for sample in desk.values(measurand)
            ][:4]
            + [(sample["phase"], sample["value"]) for sample in desk.values("Voltage")][:3]
        ),
        [
            ("L1-N", "16.000"),
            ("L2-N", "16.000"),
            ("L3-N", "16.000"),
            ("N", "0.000"),
            ("L1-L2", "398.36"),
            ("L2-L3", "398.36"),
            ("L3-L1", "398.36"),
        ],
    ),
    Case(
        "one-phase-only",
        session,
        lambda desk: {
            sample.get("phase")
            for measurand in (ENERGY, "Voltage", "Current.Import")
            for sample in desk.values(measurand)
        },
        {None, "L1"},
    ),
    Case(
        "energy-in-stop-only",
        session,
        lambda desk: (registers(desk), len(desk.values(ENERGY, "StopTransaction"))),
        ([], 6),
    ),
    Case(
        "energy-in-stop-only:data=false",
        session,
        lambda desk: (
            registers(desk),
            ["transactionData" in one for one in desk.told("StopTransaction")],
            start_and_stop(desk),
        ),
        ([], [False], (1_000, 12_040)),
    ),
    Case("huge-transaction-data", session, data_of_stop, (8_000, True, True)),
    Case(
        "huge-transaction-data:entries=0",
        session,
        lambda desk: desk.told("StopTransaction")[0]["transactionData"],
        [],
    ),
    Case(
        "register-sticks",
        session,
        lambda desk: (registers(desk), start_and_stop(desk)),
        (["1.000000"] * 4, (1_000, 12_040)),
    ),
    Case("signed-data", session, signed, [[None, "SignedData"], "OCMF", True, "WB-1", True]),
    Case(
        "signed-data:raw-too=false",
        session,
        signed,
        [["SignedData"], "OCMF", True, "WB-1", True],
    ),
    Case(
        "register-rolls-over",
        session,
        lambda desk: (with_units(ENERGY)(desk)[:2], start_and_stop(desk)),
        ([("2754", "Wh"), ("5514", "Wh")], (4_294_967_290, 11_034)),
    ),
    Case("frequency-in-hz", session, with_units("Frequency"), [("50.00", "Hz")] * 4),
    Case(
        "accepts-any-measurand",
        measurands_asked,
        asked_for,
        ("Current.Import", {"Current.Import"}),
    ),
    Case(
        f"accepts-any-measurand:missing={POWER}",
        session,
        lambda desk: (with_units(POWER)(desk), registers(desk)),
        ([], QUARTERS),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_shows(case: Case) -> None:
    """On the wire stands what the row of the catalogue says."""
    assert case.expected == case.read(case.lived())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_ends(case: Case) -> None:
    """Switched off, the charger says what an ideal one says."""
    said, ideal = ideal_again(case)

    assert ideal == said


def test_a_session_register_stands_while_nobody_charges() -> None:
    """Without a transaction the values of a session are 0."""
    desk = FaultyDesk("session-values", "standby-values", setup=ALIGNED).boot()
    idle(desk)

    assert ["0.000"] * 4 == registers(desk)


def test_an_interval_that_is_sent_again_is_the_same() -> None:
    """The same values sent a second time tell the same energy, not none."""
    desk = FaultyDesk("register-and-interval").boot()
    desk.plug_in(CAR).show()
    desk.failing = {"MeterValues"}
    desk.minutes(15)
    desk.failing = set()
    desk.minutes(2)

    assert [("2.760000", "kWh")] * 2 == with_units(INTERVAL)(desk)


def test_intervals_go_on_while_nobody_charges() -> None:
    """In standby the first one has nothing before it, and the others nothing in them."""
    desk = FaultyDesk("interval-only", "standby-values", setup=ALIGNED).boot()
    idle(desk)

    assert [("0.000000", "kWh")] * 4 == with_units(INTERVAL)(desk)


def test_a_request_without_a_register_stays_as_it_is() -> None:
    """Where only a voltage is asked for, no bare value could be mistaken for energy."""
    setup = replace(
        SETUP, configuration=SETUP.configuration | {"MeterValuesSampledData": "Voltage"}
    )
    told = {}
    for fault in ("bare-register", "frequency-in-hz"):
        desk = FaultyDesk(fault, setup=setup).boot()
        session(desk)
        told[fault] = desk.told("MeterValues")

    assert told["frequency-in-hz"] == told["bare-register"] != []


def test_values_of_a_measurand_alone_are_not_sent_at_all_when_it_is_missing() -> None:
    """MeterValues that would be empty do not go, and neither does empty transactionData."""
    setup = replace(
        SETUP,
        configuration=SETUP.configuration
        | {"MeterValuesSampledData": "Voltage.L2", "StopTxnSampledData": "Voltage.L2"},
    )
    desk = FaultyDesk("one-phase-only", setup=setup).boot()
    session(desk)

    assert [] == desk.told("MeterValues")
    assert "transactionData" not in desk.told("StopTransaction")[0]
