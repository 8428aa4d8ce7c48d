"""What a run of a recording shows: rules, values, answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backend.core import intervals
from harness.bench import Bench
from harness.catalogue import BUNDLED_FEATURES, load_requirements
from harness.errors import UsageError
from harness.frames import calls_of
from harness.keeps import EXAMPLES, fault_of
from harness.minimise import list_rules
from harness.recording import FieldLog, crossings_of
from harness.recording_rules import RULES, CannotJudge, registers_told
from harness.rerun import DAYS_MAX, Rerun, days_of, put_before
from harness.utility import Utility


@contextmanager
def run_of(log: FieldLog, folder: Path) -> Iterator[Rerun]:
    """Replay a log on a bench."""
    bench = Bench(1, folder)
    try:
        rerun = Rerun(bench, log)
        rerun.play()
        yield rerun
    finally:
        bench.close()


class TestRules:
    """The requirements that can be judged on any recording."""

    def test_hold_for_a_sound_session(self, new_log: Any, tmp_path: Path) -> None:
        """The bundled backend breaks none of them; what it made of the session arrives."""
        with run_of(new_log.session().read(), tmp_path) as rerun:
            assert dict.fromkeys(RULES) == {id: rule.breach(rerun) for id, rule in RULES.items()}
            (identity,) = rerun.identities
            assert [100_000, 101_250, 102_000] == [
                one.wh for one in registers_told(rerun, identity)
            ]
            for said, shown in {
                f'"{identity}" 08:30 is 1.250': "WB-Linde until 08:30: 1.250 kWh W arrived",
                f'"{identity}" 2 March 2026 08:30 is 1.250 W': "WB-Linde until 08:30: 1.250 kWh W",
                f'"{identity}" 08:30 is W': "W arrived",
                f'"{identity}" 08:30 is 1.251': None,
                f'"{identity}" 08:30 is 1.250 E': None,
                f'"{identity}" 08:30 is F': None,
                "StartTransaction is answered Accepted": "StartTransaction of WB-Linde is answered",
                "MeterValues is answered confirmed": "MeterValues of",
                "MeterValues is answered CALLERROR InternalError": None,
                "ISE-18 fails": None,
                "col-02 fails": None,
            }.items():
                found = fault_of(said).shown(rerun)
                assert (found is None) == (shown is None), said
                assert (shown or "") in (found or ""), said
            with pytest.raises(CannotJudge, match='no charger "X" is in the recording'):
                fault_of('"X" 08:30 is W').shown(rerun)

    def test_sums_and_periods_that_are_cut_off(
        self, new_log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A backend that cuts digits off breaks ISE-18 and ISE-02, with what arrived."""
        log = new_log()
        for minutes, kwh in ((0, "1.0006"), (15, "2.0001"), (30, "3.0001")):
            log.ask(minutes, "MeterValues", log.meter(minutes, kwh), {})
        monkeypatch.setattr(
            intervals, "_rounded", lambda wh, decimals: int(wh * 10**decimals // 1000)
        )
        with run_of(log.read(), tmp_path) as rerun:
            assert (
                "the energies of WB-Linde sum to 2.000 kWh, not to 1.999, which its register "
                "counted from 2026-03-02 08:00:00 to 2026-03-02 08:30:00"
            ) == RULES["ISE-18"].breach(rerun)
            assert (
                "WB-Linde until 2026-03-02 08:15:00: 1.000 kWh arrived, its register counted 0.999"
            ) == RULES["ISE-02"].breach(rerun)

    def test_what_is_left_out_of_files(
        self, new_log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A quarter hour that nobody told of breaks ISE-03."""
        with run_of(new_log.session().read(), tmp_path) as rerun:
            held = Utility.held
            monkeypatch.setattr(
                Utility, "held", lambda self, code: [*held(self, code)[:9], *held(self, code)[10:]]
            )
            assert "nothing arrived of WB-Linde until 2026-03-02 02:30:00" == RULES[
                "ISE-03"
            ].breach(rerun)

    def test_rows_out_of_order(
        self, new_log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Rows that stand in another order, or on no quarter hour, break ISE-19."""
        with run_of(new_log.session().read(), tmp_path) as rerun:
            (file,) = rerun.bench.utility.arrived()
            head, *rows = file.lines()
            for lines, astray in (
                ([head, rows[1], rows[0]], "00:15:00"),
                ([head, rows[0].replace(":15:00", ":16:00")], "00:16:00"),
            ):
                monkeypatch.setattr(type(file), "lines", lambda _, told=lines: told)
                found = RULES["ISE-19"].breach(rerun) or ""
                assert f"is labelled 02.03.2026 {astray}" in found

    def test_calls_that_are_not_confirmed(
        self, new_log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A CALLERROR to MeterValues breaks COL-02, and is an answer."""
        with run_of(new_log.session().read(), tmp_path) as rerun:
            crossings = rerun.bench.tap.crossings
            for place, one in enumerate(crossings):
                if one.sender == "backend" and one.text == '[3,"m4",{}]':
                    text = json.dumps([4, "m4", "InternalError", "", {}])
                    crossings[place] = type(one)(one.at, one.wire, one.sender, one.receiver, text)
            assert (RULES["COL-02"].breach(rerun) or "").startswith(
                'MeterValues of WB-Linde is answered with [4, "m4", "InternalError"'
            )
            fault = fault_of("MeterValues is answered CALLERROR InternalError")
            assert fault.shown(rerun) is not None

    @pytest.mark.parametrize(
        ("payloads", "why"),
        [
            ([{"0": "1"}], "says nothing of a register"),
            ([{"0": "2"}, {"15": "1"}], "goes back at 2026-03-02 08:15:00"),
            ([{"0": "1"}, {"15": "2", "connectorId": 2}], "several connectors"),
            ([{"0": "1", "unit": "Furlong"}], "otherwise than OCPP says"),
            ([{"0": "one"}], "otherwise than OCPP says"),
            ([{"-100000": "1"}], "another day"),
        ],
    )
    def test_what_cannot_be_judged(
        self, new_log: Any, payloads: list[dict[str, Any]], why: str
    ) -> None:
        """A recording that does not tell registers plainly is neither sound nor broken."""
        log = new_log()
        for number, each in enumerate(payloads):
            ((minutes, kwh), *more) = each.items()
            payload = log.meter(float(minutes), kwh)
            sample = payload["meterValue"][0]["sampledValue"][0]
            for key, value in more:
                (payload if key == "connectorId" else sample)[key] = value
            if why.startswith("says nothing"):
                sample["measurand"] = "Voltage"
            log.ask(number * 15, "MeterValues", payload, {})
        read = log.read()
        crossings = crossings_of(read)
        rerun = SimpleNamespace(
            identities=read.identities,
            days=days_of(read),
            calls=lambda identity: calls_of(crossings, identity),
        )
        with pytest.raises(CannotJudge, match=why):
            RULES["ISE-18"].breach(rerun)  # type: ignore[arg-type]  # what it asks of a run

    def test_are_requirements(self) -> None:
        """Each is one that there is, and is listed with how it is judged."""
        known = {row.id for row in load_requirements(BUNDLED_FEATURES)}

        assert set() == RULES.keys() - known
        assert [f"{id}  {rule.how}" for id, rule in RULES.items()] == list_rules().splitlines()


class TestText:
    """What can be written behind --keeps."""

    @pytest.mark.parametrize("text", EXAMPLES)
    def test_examples_can_be(self, text: str) -> None:
        """What errors and the help show is read."""
        fault_of(text.strip("'"))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("AEX-19 fails", "AEX-19 cannot be judged from a recording alone: ISE-02, ISE-03"),
            ("nonsense fails", '"NONSENSE" is no requirement'),
            ("it breaks", "cannot be judged; write 'ISE-18 fails'"),
            ('"A" 25:00 is W', "no time of day"),
            ('"A" 31 February 2025 10:00 is W', "is no day"),
            ('"A" 10:00 is X', "cannot be judged"),
            ("", "cannot be judged"),
        ],
    )
    def test_refuses_what_cannot_be_judged(self, text: str, said: str) -> None:
        """It says why, and what can be written."""
        with pytest.raises(UsageError, match=said):
            fault_of(text)

    def test_day_must_be_named_where_there_are_several(self, new_log: Any, tmp_path: Path) -> None:
        """A time of day alone would be of any of them."""
        log = new_log.session()
        log.ask(60 * 24, "Heartbeat", {}, {})
        with run_of(log.read(), tmp_path) as rerun:
            with pytest.raises(UsageError, match='as in "WB-Linde" 2 March 2026 08:30 is'):
                fault_of('"WB-Linde" 08:30 is W').shown(rerun)
            assert fault_of('"WB-Linde" 2 March 2026 08:30 is W').shown(rerun)


class TestDays:
    """Which days a recording is of."""

    def test_late_registers_count(self, new_log: Any) -> None:
        """What is told late of the day before is of that day; a mad clock is of none."""
        log = new_log()
        log.ask(0, "MeterValues", log.meter(-24 * 60, "1"), {})
        log.ask(1, "MeterValues", log.meter(-400 * 24 * 60, "1"), {})
        log.ask(2, "MeterValues", {"meterValue": [{"timestamp": "never"}]}, {})
        first, last = days_of(log.read())

        assert timedelta(days=1) == last - first

    def test_too_many(self, new_log: Any) -> None:
        """A recording of more days than can be judged is refused with the limit."""
        log = new_log().ask(0, "Heartbeat", {}).ask(60 * 24 * DAYS_MAX, "Heartbeat", {})
        with pytest.raises(UsageError, match=f"above the limit of {DAYS_MAX}"):
            days_of(log.read())
        with pytest.raises(UsageError, match="no frame"):
            days_of(FieldLog(log.read().form, ()))

    def test_only_what_chargers_ask_is_put_before(self, new_log: Any) -> None:
        """Commands, their answers, and answers that nobody asked for are left out."""
        log = new_log().ask(0, "Heartbeat", {}, {"currentTime": "x"})
        log.line(1, "send", [2, "b1", "Reset", {}])
        log.line(2, "receive message", [3, "b1", {"status": "Accepted"}])
        log.line(3, "send", [3, "unasked", {}])

        assert ["in", "out"] == [one.direction for one in put_before(log.read()).frames]
