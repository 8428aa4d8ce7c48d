"""A drop without a wire, for the tests of what stands behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.clock import VirtualClock
from simulators.faults import Faults
from simulators.ftp_server.drop import Drop, User
from simulators.ftp_server.session import OpenMode, Session
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 4, 0, 30, tzinfo=UTC)
UPLOAD = OpenMode(write=True, create=True, truncate=True)


@dataclass
class Place:
    """A drop with its clock, tap and faults, and a session of its first user."""

    clock: VirtualClock
    tap: Wiretap
    faults: Faults
    drop: Drop
    session: Session

    def upload(self, path: str, *blocks: bytes) -> None:
        """Write a file block by block and close it, whatever happens."""
        file = self.session.open(path, UPLOAD)
        try:
            for block in blocks:
                self.session.write(file, file.size_bytes, block)
        finally:
            self.session.close(file)

    def did(self) -> list[tuple[str, str, str]]:
        """Give action, path and answer of every event."""
        return [(event.action, event.path, event.answer) for event in self.drop.events]


MakePlace = Callable[..., Place]


@pytest.fixture
def make_place(tmp_path: Path) -> MakePlace:
    """Make a drop for a user with these settings."""

    def make(home: str = "ise", quota_bytes: int | None = None) -> Place:
        clock = VirtualClock(START)
        tap = Wiretap(clock)
        faults = Faults(clock, tap, "EW Seedorf")
        user = User("ise", "geheim", home, quota_bytes=quota_bytes)
        drop = Drop("EW Seedorf", tmp_path, [user], clock, tap, faults, folders=("ise/in",))
        return Place(clock, tap, faults, drop, Session(drop, user, "sftp"))

    return make


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    """A drop whose user lives in ``ise`` and finds a folder ``in`` there."""
    return make_place()


@pytest.fixture(params=["none", "optional", "explicit", "implicit"])
def security(request: pytest.FixtureRequest) -> str:
    """Every kind of security."""
    return str(request.param)
