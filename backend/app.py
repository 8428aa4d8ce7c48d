"""The backend, put together: the only place that knows all of its parts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from ocpp.v16.enums import Action  # type: ignore[import-untyped]

from backend.adapters import ledger, records
from backend.adapters.dispatch import Dispatch, intervals_of
from backend.adapters.ledger import DeliveryView, Receipt
from backend.adapters.ocpp_json import CentralSystem, configuration_in
from backend.adapters.records import StoredDeviation
from backend.adapters.store import Store
from backend.core.days import local_day_of
from backend.core.intervals import Interval
from backend.core.readings import Reading
from backend.core.sessions import Session
from backend.errors import DeviceError, SettingsError
from backend.ports import Arrival, Clock, Destination, Drop
from backend.settings import Settings, StationSettings

_log = logging.getLogger(__name__)

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
        on_frame: Callable[[str, bool, str], None] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._store = Store(settings.backend.database)
        self._central = CentralSystem(settings, self._store, clock, on_connection, on_frame)
        self._dispatch = Dispatch(settings, self._store, clock, drop or _LazySftp(clock))
        #: Where chargers connect, without their identity: ``ws://127.0.0.1:9000/ocpp``.
        self.address = ""

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
            self.address = await self._central.start(ids)
            await self._dispatch.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End what is under way, deliveries included, and give everything back."""
        await self._dispatch.stop()
        await self._central.stop()
        await self._store.close()

    # ------------------------------------------------------------ commands to chargers

    async def remote_start(self, station: str, id_tag: str, connector: int = 1) -> str:
        """
        Ask a charger to start a session (OCPP 1.6 §5.11).

        Returns:
            ``Accepted`` or ``Rejected``.

        Raises:
            DeviceError: If the charger is not connected, does not answer, or refuses.
        """
        payload = {"connectorId": connector, "idTag": id_tag}
        return await self._status(station, Action.remote_start_transaction, payload)

    async def remote_stop(self, station: str, transaction: int) -> str:
        """
        Ask a charger to end a session (OCPP 1.6 §5.12); returns and raises as `remote_start`.

        Parameters:
            transaction: the id that the session got when it started.
        """
        payload = {"transactionId": transaction}
        return await self._status(station, Action.remote_stop_transaction, payload)

    async def get_configuration(
        self, station: str, keys: Iterable[str] | None = None
    ) -> dict[str, str]:
        """
        Read configuration keys of a charger (OCPP 1.6 §5.8).

        Parameters:
            keys: which; all where left out.

        Returns:
            The values of the keys that the charger knows and shows.

        Raises:
            DeviceError: If the charger is not connected, does not answer, or refuses.
        """
        payload = {} if keys is None else {"key": list(keys)}
        return configuration_in(
            await self._central.call(station, Action.get_configuration, payload)
        )

    async def change_configuration(self, station: str, key: str, value: str) -> str:
        """
        Set a configuration key of a charger (OCPP 1.6 §5.3).

        Returns:
            ``Accepted``, ``Rejected``, ``RebootRequired`` or ``NotSupported``.

        Raises:
            DeviceError: If the charger is not connected, does not answer, or refuses.
        """
        payload = {"key": key, "value": value}
        return await self._status(station, Action.change_configuration, payload)

    async def trigger(self, station: str, message: str) -> str:
        """
        Ask a charger to send a message now (OCPP 1.6 §5.17).

        Parameters:
            message: its name, for example ``StatusNotification``.

        Returns:
            ``Accepted``, ``Rejected`` or ``NotImplemented``.

        Raises:
            DeviceError: If the charger is not connected, does not answer, or refuses.
        """
        payload = {"requestedMessage": message}
        return await self._status(station, Action.trigger_message, payload)

    async def _status(self, station: str, action: Action, payload: dict[str, Any]) -> str:
        answer = await self._central.call(station, action, payload)
        status = answer.get("status")
        if not isinstance(status, str):
            what = f"answers {action} without a status"
            raise DeviceError(what, f"charger {station!r}", "look at its frames")
        return status

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

    async def deliveries(self) -> list[DeliveryView]:
        """Give all deliveries, in the order in which their files were made."""
        return await self._store.read(ledger.deliveries)

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
            lambda connection: records.readings(connection, number, start, end)
        )

    async def intervals(self, station: str, start: datetime, end: datetime) -> list[Interval]:
        """
        Give the intervals of a station from ``start`` on, as far as they end by ``end``.

        They are as long as its activation says, 15 minutes without, and in kWh of three
        decimals.
        """
        found = self._station(station)
        minutes = found.activation.interval_minutes if found.activation else _INTERVAL_MINUTES
        count = (end - start) // timedelta(minutes=minutes)
        if count < 1:
            return []
        grid = [start + index * timedelta(minutes=minutes) for index in range(count + 1)]
        number, now = await self._id_of(station), self._clock.now()
        return await self._store.read(
            lambda connection: intervals_of(connection, number, found.profile, grid, _DECIMALS, now)
        )

    async def deviations(self, station: str) -> list[StoredDeviation]:
        """Give what a station did otherwise than its protocol asks, in the order it came."""
        number = await self._id_of(station)
        return await self._store.read(lambda connection: records.deviations(connection, number))

    def _station(self, identity: str) -> StationSettings:
        found = self._settings.station(identity)
        if found is None:
            known = ", ".join(repr(one.identity) for one in self._settings.stations) or "none"
            raise SettingsError(
                "is no station", f"station {identity!r}", f"name one of the settings: {known}"
            )
        return found

    async def _id_of(self, identity: str) -> int:
        ids = await self._store.read(records.station_ids)
        return ids[self._station(identity).identity]


class _LazySftp:
    """SFTP, whose library is loaded only when there is something to deliver."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._drop: Drop | None = None

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """Deliver as `backend.ports.Drop` says."""
        if self._drop is None:
            from backend.adapters.drop_sftp import SftpDrop

            self._drop = SftpDrop(self._clock)
        return await self._drop.deliver(destination, name, content)
