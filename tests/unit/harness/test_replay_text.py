"""What a replay gave, as text."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from harness import replay_text
from harness.recording import FieldLog, Form
from harness.replay import ReplayResult
from harness.replay_text import render
from harness.tables import Paper


class TestRender:
    """What a developer reads."""

    def test_tells_the_whole_story(self, new_log: Any) -> None:
        """Log, charger, energy, readings, sessions; local time, but registers as frames have it."""
        text = render(new_log.session().replay())

        assert "form       Home Assistant log, written by the backend\n" in text
        assert "from – to  2026-03-02 08:00:00 – 2026-03-02 08:45:00 (Europe/Zurich)" in text
        assert "Charger WB-Linde\n  vendor    Etrel\n" in text
        assert "read as   Etrel INCH (etrel_inch)" in text
        assert "Energy on 2026-03-02" in text
        assert "2.000 kWh, quarter hours: 2 × W measured" in text
        assert "2026-03-02T07:30:00.000Z" in text
        assert "101.25 kWh" in text
        assert "Sessions: 1" in text
        assert "ended" in text
        assert "Deviations from OCPP 1.6: none" in text
        assert "Answered otherwise" not in text
        assert "line lost" not in text

    def test_tells_what_was_odd(self, new_log: Any) -> None:
        """Skipped lines, deviations, differences, lost lines and zones stand there."""
        log = new_log()
        log.line(0, "receive message", '[2,"x","MeterVa')
        log.line(0, "says", "[]")
        log.ask(60, "Heartbeat", {}, {"currentTime": "2026-03-02T10:00:00Z"})
        log.ask(
            61, "MeterValues", new_log.meter(0, "1", value=2), [4, "m2", "InternalError", "", {}]
        )
        log.ask(900, "Heartbeat", {}, {})

        text = render(log.replay(), Paper(160), UTC)

        assert "note: line 3: the backend" not in text
        assert "note: line 4: the backend tells its charger 10:00 UTC" in text
        assert "a frame that is not whole JSON      1      1  2026-03-02 07:00:00 INFO" in text
        assert "value-is-a-number" in text
        assert "MeterValues meterValue[n].sampledValue[n].value" in text
        assert "CALLERROR InternalError  confirmed" in text
        assert "line lost  2026-03-02 08:01:00 – 2026-03-02 22:00:00" in text

    def test_of_a_charger_without_energy_is_short(self, new_log: Any) -> None:
        """No reading, no chart, no session: one sentence."""
        text = render(new_log().ask(0, "Heartbeat", {}).replay())

        assert "No reading came of it." in text
        assert "Energy" not in text
        assert "Sessions" not in text

    def test_of_other_values_only_has_no_register(self, new_log: Any) -> None:
        """A charger that measures but does not count is shown with what it measures."""
        log = new_log().ask(
            0, "MeterValues", new_log.meter(0, "230", measurand="Voltage", unit="V")
        )

        text = render(log.replay())

        assert "Voltage" in text
        assert "register at" not in text

    def test_a_value_that_is_none_is_shown_as_such(self, new_log: Any) -> None:
        """A reading without a number has no lowest and highest."""
        text = render(new_log().ask(0, "MeterValues", new_log.meter(0, "NaN")).replay())

        assert "–" in text.partition("Readings: 1")[2]
        assert "no energy known" in text

    def test_has_limits(self, new_log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is not shown is counted."""
        monkeypatch.setattr(replay_text, "READINGS_SHOWN", 2)
        monkeypatch.setattr(replay_text, "DAYS_SHOWN", 1)
        log = new_log()
        for day in range(6):
            log.ask(day * 1440, "MeterValues", new_log.meter(day * 1440, str(day)))

        text = render(log.replay())

        assert "… 4 more registers" in text
        assert "5 more days with readings" in text
        assert ", 2 more\n" in text.partition("line lost")[2].replace("\n             ", " ")

    def test_tells_that_a_log_had_to_be_turned(self) -> None:
        """The form says how the file was read; skipped lines beyond the kept ones too."""
        log = FieldLog(Form.PYTHON, (), newest_first=True, written_by="charger", counts=(("x", 2),))

        text = render(ReplayResult(log, (), ()))

        assert "Python log, newest line first, written by the charger" in text
        assert "x                          2\n" in text
