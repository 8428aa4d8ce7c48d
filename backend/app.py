"""The backend, put together: the only place that knows all of its parts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from backend.adapters import (
    explanations,
    ledger,
    meter_differences,
    meter_values,
    meters,
    records,
    station_state,
    station_views,
)
from backend.adapters.dispatch import Dispatch
from backend.adapters.energies import measured
from backend.adapters.frame_log import FrameLog, SeenFrame
from backend.adapters.gateway_ways import Collectors
from backend.adapters.gateways import GatewayView, MeterKeeper
from backend.adapters.ledger import DeliveryView, Receipt, Search
from backend.adapters.lines import IDLE
from backend.adapters.meter_differences import DifferenceView
from backend.adapters.meters import MeterView
from backend.adapters.ocpp_commands import Commands
from backend.adapters.ocpp_json import CentralSystem
from backend.adapters.records import StoredDeviation
from backend.adapters.roads import Roads
from backend.adapters.station_views import CommandView, StationView
from backend.adapters.store import Store
from backend.core.days import local_day_of
from backend.core.explain import Explanation
from backend.core.intervals import Interval
from backend.core.meter_readings import read_meter_readings
from backend.core.readings import Reading
from backend.core.sessions import Session
from backend.ports import Clock, Drop, Step
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.web.server import WebServer

_log = logging.getLogger(__name__)

T = TypeVar("T")

#: Interval of stations that are not activated, minutes, and decimals of kWh where no format says.
_INTERVAL_MINUTES = 15
_DECIMALS = 3


class Backend:
    """
    The reference backend: collects from chargers, exports to utilities.

    Parameters:
        settings: everything an operator decides.
        clock: the time; on a bench a virtual one.
        on_connection: told the identity and True when a charger's connection has been kept,
            and False when its end has.
        drop: the way to the utilities' servers; SFTP where left out.
        on_frame: told the identity, True for a frame of the charger, and the frame, for all
            that crosses the wire.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        on_connection: Callable[[str, bool], None] | None = None,
        drop: Drop | None = None,
        on_frame: OnFrame | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._store = Store(settings.backend.database)
        self._frames = FrameLog(clock)
        shown = on_frame if settings.web is None else _both(self._frames.add, on_frame)
        self._central = CentralSystem(settings, self._store, clock, on_connection, shown)
        #: All that can be asked of chargers.
        self.commands = Commands(settings, self._central, self._store, clock)
        self._roads = Roads(clock, IDLE)
        self._dispatch = Dispatch(settings, self._store, clock, drop or self._roads)
        self._meter_keeper = MeterKeeper(settings, self._store, clock)
        self._collectors = Collectors(settings.read_gateways(), self._meter_keeper, clock)
        #: Where chargers connect, without their identity: ``ws://127.0.0.1:9000/ocpp``.
        self.address = ""
        #: Where people and programs reach it, ``http://127.0.0.1:9080``; empty where off.
        self.web_address = ""
        self._web: WebServer | None = None

    @property
    def settings(self) -> Settings:
        """Everything an operator has decided."""
        return self._settings

    @property
    def store_mode(self) -> str:
        """Say, in one sentence, how the database is written."""
        return self._store.mode

    async def start(self) -> None:
        """
        Open the database, listen for chargers, and catch up with what is due.

        Raises:
            StoreError: If the database cannot be used.
            SettingsError: If the address cannot be listened on.
        """
        await self._store.open()
        try:
            today = local_day_of(self._clock.now()).isoformat()
            settings = self._settings
            await self._store.write(
                lambda connection: records.keep_settings(connection, settings, today)
            )
            await self._store.write(records.close_dangling)
            if not settings.stations:
                _log.warning("the settings name no [[station]], so every charger is refused")
            ids = await self._store.read(records.station_ids)
            known = await self._store.read(station_state.registrations)
            self._central.registrations.load(
                {one: known[number] for one, number in ids.items() if number in known}
            )
            self.address = await self._central.start(ids)
            await self._collectors.start()
            await self._dispatch.start()
            await self._start_web()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End what is under way, deliveries included, and give everything back."""
        web, self._web = self._web, None
        if web is not None:
            await web.stop()
        await self._collectors.stop()
        await self._dispatch.stop()
        await self._central.stop()
        await self.commands.stop()
        await self._store.close()

    async def _start_web(self) -> None:
        if self._settings.web is None:
            return
        # Loaded only where it is wanted: it is slow to load.
        from backend.web.server import WebServer

        self._web = WebServer(self, self._settings.web, self._clock)
        self.web_address = await self._web.start()

    # ------------------------------------------------------------ commands to chargers

    # The most used by their old names; all of them are in `commands`.

    async def remote_start(self, station: str, id_tag: str, connector: int = 1) -> str:
        """Ask a charger to start a session, as `Commands.remote_start` does."""
        return await self.commands.remote_start(station, id_tag, connector)

    async def remote_stop(self, station: str, transaction: int) -> str:
        """Ask a charger to end a session, as `Commands.remote_stop` does."""
        return await self.commands.remote_stop(station, transaction)

    async def get_configuration(
        self, station: str, keys: Iterable[str] | None = None
    ) -> dict[str, str]:
        """Read configuration keys of a charger, as `Commands.get_configuration` does."""
        return await self.commands.get_configuration(station, keys)

    async def change_configuration(self, station: str, key: str, value: str) -> str:
        """Set a configuration key of a charger, as `Commands.change_configuration` does."""
        return await self.commands.change_configuration(station, key, value)

    async def trigger(self, station: str, message: str) -> str:
        """Ask a charger to send a message now, as `Commands.trigger_message` does."""
        return await self.commands.trigger_message(station, message)

    # ------------------------------------------------------------ exports

    async def export_now(self, task: str, first_day: date, last_day: date) -> None:
        """
        Make the files of local days now, as a new revision, and try to deliver them.

        A delivery that fails is tried again as any other; `deliveries` tells.

        Raises:
            SettingsError: If there is no such task, it may not export, the days are not in
                order, or none of their intervals has ended yet.
        """
        await self._dispatch.export(task, first_day, last_day)

    async def sweep(self) -> None:
        """Make and deliver all that is due now; running it again does nothing more."""
        await self._dispatch.sweep()

    async def test_connection(self, account: str, destination: str) -> Sequence[Step]:
        """
        Try all that a delivery to a destination needs, step by step (ISE-13).

        Raises:
            SettingsError: If the account has no such destination.
        """
        return await self._roads.test(self._settings.destination(account, destination))

    async def deliveries(self) -> list[DeliveryView]:
        """Give all deliveries, in the order in which their files were made."""
        return await self._store.read(ledger.deliveries)

    async def hold_delivery(self, task: str) -> DeliveryView | None:
        """
        Stop the delivery of a task's oldest file that has not arrived (DLV-02).

        Those behind it wait; it goes on by `release_delivery` alone.

        Returns:
            The delivery; None where all has arrived.

        Raises:
            SettingsError: If there is no such task.
        """
        return await self._dispatch.hold(task)

    async def release_delivery(self, task: str) -> DeliveryView | None:
        """
        Let the delivery of a task's oldest file go on, and try it now, whatever it waited for.

        Returns and raises as `hold_delivery` does.
        """
        return await self._dispatch.release(task)

    async def find_receipts(self, search: Search) -> list[Receipt]:
        """Give the receipts of what has arrived and is searched for, newest first (DLV-08)."""
        return await self._store.read(lambda connection: ledger.find_receipts(connection, search))

    async def content_of(self, name: str) -> bytes | None:
        """Give the bytes of a file by its name; None where there is none."""
        return await self._store.read(lambda connection: ledger.content_of(connection, name))

    async def receipts(self) -> list[Receipt]:
        """Give the receipts of what has arrived, in the order of arrival."""
        return await self._store.read(ledger.receipts)

    # ------------------------------------------------------------ what is stored

    async def sessions(self, station: str) -> list[Session]:
        """Give all sessions of a station, in the order in which they were stored."""
        number = await self._id_of(station)
        return await self._store.read(lambda connection: records.sessions(connection, number))

    async def readings(self, station: str, start: datetime, end: datetime) -> list[Reading]:
        """Give the readings of a station with start ≤ instant ≤ end, in the order of time."""
        number = await self._id_of(station)
        return await self._store.read(
            lambda connection: meter_values.readings(connection, number, start, end)
        )

    async def intervals(self, station: str, start: datetime, end: datetime) -> list[Interval]:
        """
        Give the intervals of a station from ``start`` on, as far as they end by ``end``.

        They are as long as its activation says, 15 minutes without, and in kWh of three
        decimals.
        """
        found = self._settings.station(station)
        minutes = found.activation.interval_minutes if found.activation else _INTERVAL_MINUTES
        count = (end - start) // timedelta(minutes=minutes)
        if count < 1:
            return []
        grid = [start + index * timedelta(minutes=minutes) for index in range(count + 1)]
        now = self._clock.now()
        return await self._store.read(
            lambda connection: measured(connection, found, grid, _DECIMALS, now)
        )

    def today(self) -> date:
        """Tell the local day."""
        return local_day_of(self._clock.now())

    async def day(self, station: str, day: date) -> list[Interval]:
        """Give the intervals of a local day of a station, as its task delivers them."""
        point = explanations.point_of(self._settings, self._settings.station(station))
        now = self._clock.now()
        return await self._store.read(lambda c: explanations.day_of(c, point, day, now))

    async def explain(self, station: str, instant: datetime) -> Explanation:
        """
        Tell why an interval of a station is what it is.

        Parameters:
            instant: its end, or one within it.

        Raises:
            SettingsError: If it lies ahead.
        """
        point = explanations.point_of(self._settings, self._settings.station(station))
        now = self._clock.now()
        return await self._store.read(lambda c: explanations.explanation_of(c, point, instant, now))

    async def deviations(self, station: str) -> list[StoredDeviation]:
        """Give what a station did otherwise than its protocol asks, in the order it came."""
        number = await self._id_of(station)
        return await self._store.read(lambda connection: records.deviations(connection, number))

    async def station_view(self, station: str) -> StationView:
        """Give how a station stands now."""
        now = self._clock.now()
        return await self._of(station, lambda c, number: station_views.station(c, number, now))

    async def last_sessions(self, station: str, most: int) -> list[Session]:
        """Give the newest sessions of a station, newest first."""
        return await self._of(station, lambda c, number: station_views.sessions(c, number, most))

    async def last_deviations(self, station: str, most: int) -> list[StoredDeviation]:
        """Give the newest deviations of a station, newest first."""
        return await self._of(station, lambda c, number: station_views.deviations(c, number, most))

    async def last_commands(self, station: str, most: int) -> list[CommandView]:
        """Give the newest commands to a station, newest first, without their secrets."""
        return await self._of(station, lambda c, number: station_views.commands(c, number, most))

    async def last_differences(self, station: str, most: int) -> list[DifferenceView]:
        """Give the newest days on which a station and the meter in front of it differed."""
        return await self._of(station, lambda c, number: meter_differences.last(c, number, most))

    def last_frames(self, station: str, most: int) -> list[SeenFrame]:
        """
        Give the newest frames of a station since the start, newest first, without their secrets.

        They are kept only where there is a web page to show them.
        """
        return self._frames.of(self._settings.station(station).identity, most)

    # ------------------------------------------------------------ meters

    async def keep_readings(self, meter: str, items: object, text: str) -> tuple[int, int]:
        """
        Keep what was sent for a meter; it is on disk when this returns.

        Parameters:
            meter: its name.
            items: the JSON of ``text``, as `read_meter_readings` takes it.
            text: the request's body, as it came.

        Returns:
            How many readings there were, and how many of them are new.

        Raises:
            SettingsError: If there is no such meter.
            ReadingError: If any of it cannot be kept; then nothing is.
            StoreError: If the database refuses; then nothing is kept either.
        """
        found, now = self._settings.meter(meter), self._clock.now()
        measured = read_meter_readings(meter, items, now)
        new = await self._store.write(
            lambda connection: meters.keep_readings(connection, found, now, text, measured)
        )
        return len(measured), new

    async def meter_view(self, meter: str) -> MeterView:
        """Give how a meter stands."""
        found = self._settings.meter(meter)
        return await self._store.read(lambda connection: meters.view(connection, found))

    def gateway_view(self, meter: str) -> GatewayView | None:
        """Give how reading a meter at its gateway stands; None where it is read at none."""
        return self._meter_keeper.views.get(self._settings.meter(meter).name)

    def push_address(self, gateway: str) -> tuple[str, int]:
        """Give host and port where the pushes of a gateway are listened for."""
        return self._collectors.addresses[gateway]

    async def _of(self, station: str, ask: Callable[[Connection, int], T]) -> T:
        number = await self._id_of(station)
        return await self._store.read(lambda connection: ask(connection, number))

    async def _id_of(self, identity: str) -> int:
        ids = await self._store.read(records.station_ids)
        return ids[self._settings.station(identity).identity]


OnFrame = Callable[[str, bool, str], None]


def _both(first: OnFrame, second: OnFrame | None) -> OnFrame:
    """Show a frame to two."""
    if second is None:
        return first

    def show(identity: str, incoming: bool, text: str) -> None:
        first(identity, incoming, text)
        second(identity, incoming, text)

    return show
