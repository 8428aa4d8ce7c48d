"""
The configuration keys of the charger: all of OCPP 1.6 §9.1 to §9.4, with the errata's.

A key has an initial value, an access and a rule for what it accepts; `Configuration.change` gives
the answer of ChangeConfiguration.conf. Initial values are ASSUMED where OCPP names none. What was
changed outlives a power cut. Keys of the security extension come with its profiles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from simulators.charger_inch.measurements import (
    ENERGY,
    KNOWN_MEASURANDS,
    MEASURANDS,
    is_measurand,
)
from simulators.charger_inch.memory import Memory


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """
    What a key accepts.

    Attributes:
        read: gives the value as it is kept, or None for what the key does not accept.
        takes: what it accepts, in words.
    """

    read: Callable[[str], str | None]
    takes: str

    def __call__(self, text: str) -> str | None:
        """Read a value."""
        return self.read(text)


TABLE = "configuration"

FEATURE_PROFILES = (
    "Core",
    "FirmwareManagement",
    "LocalAuthListManagement",
    "Reservation",
    "SmartCharging",
    "RemoteTrigger",
)

_DAY_S = 86_400
_YEAR_S = 365 * _DAY_S
_LIST_LENGTH_MAX = 50
_ROTATIONS = "NotApplicable|Unknown|RST|RTS|SRT|STR|TRS|TSR"
_ROTATION = re.compile(rf"[01]\.(?:{_ROTATIONS})")


def _whole(low: int, high: int) -> Reader:
    def read(text: str) -> str | None:
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            return None
        return str(int(text)) if low <= int(text) <= high else None

    return Reader(read, f"a whole number from {low} to {high}")


def _read_switch(text: str) -> str | None:
    return text.lower() if text.lower() in ("true", "false") else None


def _read_measurands(text: str) -> str | None:
    """Refuse the whole list for one measurand the charger has not (OCPP 1.6 errata 3.13)."""
    names = [name.strip() for name in text.split(",")] if text else []
    if len(names) > _LIST_LENGTH_MAX or not all(is_measurand(name) for name in names):
        return None
    return ",".join(dict.fromkeys(names))


def _words(*known: str) -> Reader:
    def read(text: str) -> str | None:
        names = [name.strip() for name in text.split(",")]
        return ",".join(names) if all(name in known for name in names) else None

    return Reader(read, f"some of {', '.join(known)}, with commas between")


def _read_rotation(text: str) -> str | None:
    """Take phase rotations by connector: ``0.RST,1.RST`` (§9.1.10)."""
    names = [name.strip() for name in text.split(",")]
    if not all(_ROTATION.fullmatch(name) for name in names):
        return None
    connectors = [name.partition(".")[0] for name in names]
    return ",".join(names) if len(set(connectors)) == len(connectors) else None


_switch = Reader(_read_switch, "true or false")
_measurands = Reader(
    _read_measurands,
    f"measurands with commas between, or nothing: {', '.join(KNOWN_MEASURANDS)}; one phase as "
    "Voltage.L1",
)
_rotation = Reader(_read_rotation, "a rotation for each connector, such as 0.RST,1.RST")


@dataclass(frozen=True, slots=True)
class Key:
    """
    A configuration key.

    Attributes:
        name: as the standard spells it.
        initial: its value from the factory.
        accept: what it takes, from a backend or, where it can only be read, from the setup.
        is_read_only: whether a backend can only read it.
    """

    name: str
    initial: str
    accept: Reader
    is_read_only: bool = False


KEYS = (
    Key("AllowOfflineTxForUnknownId", "false", _switch),
    Key("AuthorizationCacheEnabled", "true", _switch),
    Key("AuthorizeRemoteTxRequests", "false", _switch),
    Key("BlinkRepeat", "3", _whole(0, 100)),
    Key("ChargeProfileMaxStackLevel", "10", _whole(0, 1_000), is_read_only=True),
    Key(
        "ChargingScheduleAllowedChargingRateUnit",
        "Current,Power",
        _words("Current", "Power"),
        is_read_only=True,
    ),
    Key("ChargingScheduleMaxPeriods", "100", _whole(1, 1_000), is_read_only=True),
    Key("ClockAlignedDataInterval", "0", _whole(0, _DAY_S)),
    Key("ConnectionTimeOut", "60", _whole(1, _DAY_S)),
    Key("ConnectorPhaseRotation", "0.RST,1.RST", _rotation),
    Key("ConnectorPhaseRotationMaxLength", "2", _whole(0, 100), is_read_only=True),
    Key("ConnectorSwitch3to1PhaseSupported", "false", _switch, is_read_only=True),
    Key("GetConfigurationMaxKeys", "100", _whole(1, 1_000), is_read_only=True),
    Key("HeartbeatInterval", "300", _whole(1, _YEAR_S)),
    Key("LightIntensity", "100", _whole(0, 100)),
    Key("LocalAuthListEnabled", "true", _switch),
    Key("LocalAuthListMaxLength", "200000", _whole(0, 1_000_000), is_read_only=True),
    Key("LocalAuthorizeOffline", "true", _switch),
    Key("LocalPreAuthorize", "false", _switch),
    Key("MaxChargingProfilesInstalled", "20", _whole(1, 1_000), is_read_only=True),
    Key("MaxEnergyOnInvalidId", "0", _whole(0, 1_000_000)),
    Key("MessageTimeout", "30", _whole(1, 3_600)),
    Key("MeterValuesAlignedData", ",".join(MEASURANDS), _measurands),
    Key(
        "MeterValuesAlignedDataMaxLength",
        str(_LIST_LENGTH_MAX),
        _whole(1, _LIST_LENGTH_MAX),
        is_read_only=True,
    ),
    Key("MeterValuesSampledData", ",".join(MEASURANDS), _measurands),
    Key(
        "MeterValuesSampledDataMaxLength",
        str(_LIST_LENGTH_MAX),
        _whole(1, _LIST_LENGTH_MAX),
        is_read_only=True,
    ),
    Key("MeterValueSampleInterval", "60", _whole(0, _DAY_S)),
    Key("MinimumStatusDuration", "0", _whole(0, _DAY_S)),
    Key("NumberOfConnectors", "1", _whole(1, 1), is_read_only=True),
    Key("ReserveConnectorZeroSupported", "true", _switch, is_read_only=True),
    Key("ResetRetries", "3", _whole(0, 100)),
    Key("SendLocalListMaxLength", "200000", _whole(1, 1_000_000), is_read_only=True),
    Key("StopTransactionMaxMeterValues", "100", _whole(2, 100_000), is_read_only=True),
    Key("StopTransactionOnEVSideDisconnect", "true", _switch),
    Key("StopTransactionOnInvalidId", "true", _switch),
    Key("StopTxnAlignedData", "", _measurands),
    Key(
        "StopTxnAlignedDataMaxLength",
        str(_LIST_LENGTH_MAX),
        _whole(1, _LIST_LENGTH_MAX),
        is_read_only=True,
    ),
    Key("StopTxnSampledData", ENERGY, _measurands),
    Key(
        "StopTxnSampledDataMaxLength",
        str(_LIST_LENGTH_MAX),
        _whole(1, _LIST_LENGTH_MAX),
        is_read_only=True,
    ),
    Key(
        "SupportedFeatureProfiles",
        ",".join(FEATURE_PROFILES),
        _words(*FEATURE_PROFILES),
        is_read_only=True,
    ),
    Key(
        "SupportedFeatureProfilesMaxLength",
        str(len(FEATURE_PROFILES)),
        _whole(1, 100),
        is_read_only=True,
    ),
    Key("SupportedFileTransferProtocols", "FTP,HTTP", _words("FTP", "HTTP"), is_read_only=True),
    Key("TransactionMessageAttempts", "3", _whole(1, 1_000)),
    Key("TransactionMessageRetryInterval", "60", _whole(0, _DAY_S)),
    Key("UnlockConnectorOnEVSideDisconnect", "true", _switch),
    Key("WebSocketPingInterval", "60", _whole(0, _DAY_S)),
)
"""Every key of the charger, in the order of the alphabet."""

MEASURAND_KEYS = frozenset(key.name for key in KEYS if key.accept is _measurands)
"""The keys that say what is measured; a field INCH takes them up only after a reboot."""


class Configuration:
    """
    The keys of one charger with their values.

    Parameters:
        initial: values other than the factory's; also for keys that can only be read.
        memory: where what was changed outlives a power cut.
        fixed: keys that can only be read on this charger, whatever they are on others.

    Raises:
        ValueError: If a key is unknown or does not accept its value.
    """

    def __init__(
        self,
        initial: Mapping[str, str],
        memory: Memory | None = None,
        fixed: Collection[str] = (),
    ) -> None:
        self._keys = {key.name.lower(): key for key in KEYS}
        self._values = {key.name: key.initial for key in KEYS}
        self._fixed = frozenset(fixed)
        self._memory = memory if memory is not None else Memory()
        for name, value in initial.items():
            self._set_up(name, value)
        self._set_up_values = dict(self._values)
        for name, value in self._memory.table(TABLE).items():
            if name in self._values:
                self._values[name] = value
        self._in_force = dict(self._values)

    def _set_up(self, name: str, value: str) -> None:
        key = self._keys.get(name.lower())
        taken = None if key is None else key.accept(value)
        if key is None or taken is None:
            why = "there is no such key" if key is None else f"it takes {key.accept.takes}"
            raise ValueError(
                f"the charger's configuration key {name} does not take {value!r}: {why}"
            )
        self._values[key.name] = taken

    def change(self, name: str, value: str, *, after_reboot: Collection[str] = ()) -> str:
        """
        Set a key and give the status of ChangeConfiguration.conf (OCPP 1.6 §7.22).

        Names are compared without regard to case (CiString50).

        Parameters:
            after_reboot: keys whose new value is in force only after the next boot.
        """
        key = self._keys.get(name.lower())
        if key is None:
            return "NotSupported"
        accepted = None if self._is_read_only(key) else key.accept(value)
        if accepted is None:
            return "Rejected"
        self._values[key.name] = accepted
        self._memory.put(TABLE, key.name, accepted)
        if key.name in after_reboot:
            return "RebootRequired"
        self._in_force[key.name] = accepted
        return "Accepted"

    def boot(self) -> None:
        """Take all values into force."""
        self._in_force = dict(self._values)

    def restore(self) -> None:
        """Go back to how the charger was set up."""
        self._memory.empty(TABLE)
        self._values = dict(self._set_up_values)
        self.boot()

    def entries(self, names: Iterable[str]) -> tuple[list[dict[str, object]], list[str]]:
        """Give the keys asked for, all where none is asked for, and those that are unknown."""
        asked = list(names)
        known = [key for name in asked if (key := self._keys.get(name.lower())) is not None]
        unknown = [name for name in asked if name.lower() not in self._keys]
        entries = [
            {"key": key.name, "readonly": self._is_read_only(key), "value": self._values[key.name]}
            for key in (known if asked else KEYS)
        ]
        return entries, unknown

    def takes(self, name: str) -> str:
        """Say what a key accepts; nothing where it is unknown or can only be read."""
        key = self._keys.get(name.lower())
        return "" if key is None or self._is_read_only(key) else key.accept.takes

    def _is_read_only(self, key: Key) -> bool:
        return key.is_read_only or key.name in self._fixed

    def text(self, name: str) -> str:
        """Give a key's value as it is in force."""
        return self._in_force[name]

    def number(self, name: str) -> int:
        """Give the value of a key that holds a whole number."""
        return int(self._in_force[name])

    def is_on(self, name: str) -> bool:
        """Give the value of a key that is a switch."""
        return self._in_force[name] == "true"

    def measurands(self, name: str) -> tuple[str, ...]:
        """Give the value of a key that lists measurands."""
        return tuple(self._in_force[name].split(",")) if self._in_force[name] else ()
