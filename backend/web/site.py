"""What the web needs of the backend, as a Protocol; `backend.app.Backend` is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from backend.adapters.frame_log import SeenFrame
from backend.adapters.gateways import GatewayView
from backend.adapters.ledger import DeliveryView, Receipt, Search
from backend.adapters.meter_differences import DifferenceView
from backend.adapters.meters import MeterView
from backend.adapters.ocpp_commands import Commands
from backend.adapters.records import StoredDeviation
from backend.adapters.station_views import CommandView, StationView
from backend.core.device_profile import DeviceProfile, load_profile, profile_names
from backend.core.explain import Explanation
from backend.core.intervals import Interval
from backend.core.sessions import Session
from backend.ports import Step
from backend.settings import Settings


class Site(Protocol):
    """A backend, as the web sees it. Stations are named by their identity."""

    @property
    def settings(self) -> Settings:
        """Everything an operator has decided."""

    @property
    def commands(self) -> Commands:
        """All that can be asked of chargers."""

    @property
    def address(self) -> str:
        """Where chargers connect."""

    async def station_view(self, station: str) -> StationView:
        """Give how a station stands; raises `SettingsError` where there is none."""

    async def last_sessions(self, station: str, most: int) -> list[Session]:
        """Give the newest sessions, newest first."""

    async def last_deviations(self, station: str, most: int) -> list[StoredDeviation]:
        """Give the newest deviations, newest first."""

    async def last_commands(self, station: str, most: int) -> list[CommandView]:
        """Give the newest commands, newest first."""

    async def last_differences(self, station: str, most: int) -> list[DifferenceView]:
        """Give the newest days on which it and the meter in front of it differed."""

    async def meter_view(self, meter: str) -> MeterView:
        """Give how a meter stands; raises `SettingsError` where there is none."""

    def gateway_view(self, meter: str) -> GatewayView | None:
        """Give how reading a meter at its gateway stands; None where it is read at none."""

    async def keep_readings(self, meter: str, items: object, text: str) -> tuple[int, int]:
        """Keep what was sent for a meter; gives how many readings came, and were new."""

    def last_frames(self, station: str, most: int) -> list[SeenFrame]:
        """Give the newest frames, newest first."""

    def today(self) -> date:
        """Tell the local day."""

    async def day(self, station: str, day: date) -> list[Interval]:
        """Give the intervals of a local day, from its first on."""

    async def explain(self, station: str, instant: datetime) -> Explanation:
        """Tell why an interval is what it is; raises `SettingsError` where it lies ahead."""

    async def deliveries(self) -> list[DeliveryView]:
        """Give all deliveries, oldest first."""

    async def hold_delivery(self, task: str) -> DeliveryView | None:
        """Stop the delivery of a task's oldest file; None where nothing waits."""

    async def release_delivery(self, task: str) -> DeliveryView | None:
        """Let it go on, and try it now; None where nothing waits."""

    async def find_receipts(self, search: Search) -> list[Receipt]:
        """Give the receipts of what has arrived and is searched for, newest first."""

    async def content_of(self, name: str) -> bytes | None:
        """Give the bytes of a file by its name; None where there is none."""

    async def test_connection(self, account: str, destination: str) -> Sequence[Step]:
        """Try all that a delivery to a destination needs, step by step."""


class Time(Protocol):
    """The time, for sessions of the page."""

    def now(self) -> datetime:
        """Tell the present instant."""


def profiles_of(settings: Settings) -> list[DeviceProfile]:
    """Give the bundled models and the operator's own, by name."""
    bundled = [load_profile(name) for name in profile_names()]
    return sorted((*bundled, *settings.profiles), key=lambda one: one.name)
