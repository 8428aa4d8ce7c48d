"""The backend in a process of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from harness import process
from harness.bench import NOT_YET_LISTENING, Station, site_settings
from harness.errors import HarnessError
from harness.process import BackendProcess
from harness.toml_text import to_toml
from simulators.charger_inch import Card


def settings(folder: Path) -> dict[str, Any]:
    """Give the settings of a site of one charger."""
    return site_settings(
        database=folder / "isebench.sqlite",
        stations=[Station("WB-1", None)],
        cards=[Card(bytes.fromhex("77FD2AFA"), "Anna")],
        destination=NOT_YET_LISTENING,
        schedule="now",
    )


def settings_file(folder: Path) -> Path:
    """Write the settings."""
    path = folder / "settings.toml"
    path.write_text(to_toml(settings(folder)), encoding="utf-8")
    return path


class TestProcess:
    """A life of a process."""

    def test_that_starts_and_is_stopped(self, tmp_path: Path) -> None:
        """It tells its address; when it has ended, a stop and a kill leave it alone."""

        async def live() -> str:
            backend = await BackendProcess.start(settings_file(tmp_path))
            backend.stop()
            await backend.ended()
            backend.stop()
            backend.kill()
            return str(backend.addresses["ocpp"])

        assert asyncio.run(live()).startswith("ws://127.0.0.1:")

    def test_that_does_not_start(self, tmp_path: Path) -> None:
        """What it said instead is the error's text."""
        path = tmp_path / "settings.toml"
        path.write_text("[backend]\nlamp = 1\n", encoding="utf-8")

        with pytest.raises(HarnessError, match=r"the backend did not start: .*'lamp'"):
            asyncio.run(BackendProcess.start(path))

    def test_that_takes_too_long_to_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is killed, and the error says that nothing was heard of it."""
        path = settings_file(tmp_path)
        monkeypatch.setattr(process, "START_LIMIT_S", 0.0)

        with pytest.raises(HarnessError, match="the backend did not start: it said nothing"):
            asyncio.run(BackendProcess.start(path))

    def test_that_takes_too_long_to_end(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is killed, and the error says so."""

        async def live() -> None:
            backend = await BackendProcess.start(settings_file(tmp_path))
            monkeypatch.setattr(process, "START_LIMIT_S", 0.0)
            await backend.ended()

        with pytest.raises(HarnessError, match="the backend did not end within 0 s"):
            asyncio.run(live())
