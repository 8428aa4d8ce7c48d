"""
How the gateway is connected (document 004 §2.3, §3.2).

Rule 1: Ethernet and a Wi-Fi that is there and whose password is right need `CONNECTING_LASTS`
(ASSUMED); another Wi-Fi is tried for ever.
Rule 2: in provisioning mode the gateway is an access point of its own, named by its serial number,
and reaches nobody else. It is so when it is switched on with Wi-Fi and no network is set, or when
the function menu says so; it ends when a network is set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from simulators.iskra_sg.settings import Connectivity

CONNECTING_LASTS = timedelta(seconds=5)


class Connection(Enum):
    """How far it is."""

    PROVISIONING = "provisioning"
    CONNECTING = "connecting"
    ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """
    A Wi-Fi that can be heard at the site.

    Attributes:
        ssid: its name.
        signal_dbm: how well it is heard.
        password: what lets one in; empty for an open one.
    """

    ssid: str
    signal_dbm: int = -60
    password: str = ""

    def __post_init__(self) -> None:
        if not (1 <= len(self.ssid) <= 32 and self.ssid.isprintable()):
            raise ValueError(f"an SSID has 1 to 32 printable signs, not {self.ssid!r}")
        if not -120 <= self.signal_dbm <= 0:
            raise ValueError(f"a signal has -120 to 0 dBm, not {self.signal_dbm}")


class Network:
    """
    The gateway's connection.

    Parameters:
        connectivity: what is set.
        neighbours: which networks are heard.
        at: since when it is connected, where it can be.

    Attributes:
        has_client: whether somebody is on its access point.
    """

    def __init__(
        self, connectivity: Connectivity, neighbours: Sequence[Neighbour], at: datetime
    ) -> None:
        self.neighbours = tuple(neighbours)
        self.has_client = False
        self._connectivity = connectivity
        self._online_from = at
        self._is_provisioning = connectivity.mode == "wifi" and not connectivity.wifi_ssid

    def connect(self, connectivity: Connectivity, at: datetime) -> None:
        """Do as is set now; a network that has stayed the same is not left for that."""
        if connectivity == self._connectivity and not self._is_provisioning:
            return
        self._connectivity = connectivity
        self.restart(at)

    def restart(self, at: datetime) -> None:
        """Begin anew, as after it was switched on."""
        wifi = self._connectivity
        self._is_provisioning = wifi.mode == "wifi" and not wifi.wifi_ssid
        self._online_from = at + CONNECTING_LASTS
        self.has_client = self.has_client and self._is_provisioning

    def provide(self) -> None:
        """Go to provisioning mode."""
        self._is_provisioning = True

    def connection(self, at: datetime) -> Connection:
        """Tell how far it is."""
        if self._is_provisioning:
            return Connection.PROVISIONING
        can = self._connectivity.mode == "ethernet" or self._joined is not None
        return Connection.ONLINE if can and at >= self._online_from else Connection.CONNECTING

    def due(self, at: datetime) -> datetime | None:
        """Tell when it is connected next; None for not by itself."""
        waits = self.connection(at) is Connection.CONNECTING and at < self._online_from
        return self._online_from if waits else None

    def signal_dbm(self, at: datetime) -> int:
        """Tell how well its Wi-Fi is heard; 0 without one, as in figure 11."""
        joined = self._joined
        online = self.connection(at) is Connection.ONLINE
        return joined.signal_dbm if joined is not None and online else 0

    @property
    def _joined(self) -> Neighbour | None:
        wifi = self._connectivity
        if wifi.mode != "wifi":
            return None
        wanted = (wifi.wifi_ssid, wifi.wifi_password)
        heard = [one for one in self.neighbours if (one.ssid, one.password) == wanted]
        return max(heard, key=lambda one: one.signal_dbm, default=None)
