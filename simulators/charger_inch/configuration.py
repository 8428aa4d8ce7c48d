"""
The configuration keys of the charger: those of OCPP 1.6 §9.1 that its behaviour uses.

A key has an initial value, an access and a rule for what it accepts; `Configuration.change` gives
the answer of ChangeConfiguration.conf. Initial values are ASSUMED where OCPP names none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from simulators.charger_inch.measurements import ENERGY, MEASURANDS

Reader = Callable[[str], str | None]
"""Gives the value as it is kept, or None for what the key does not accept."""

_DAY_S = 86_400
_YEAR_S = 365 * _DAY_S


def _whole(low: int, high: int) -> Reader:
    def read(text: str) -> str | None:
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            return None
        return str(int(text)) if low <= int(text) <= high else None

    return read


def _switch(text: str) -> str | None:
    return text.lower() if text.lower() in ("true", "false") else None


def _measurands(text: str) -> str | None:
    """Refuse the whole list for one measurand the charger has not (OCPP 1.6 errata 3.13)."""
    names = [name.strip() for name in text.split(",")] if text else []
    if any(name not in MEASURANDS for name in names):
        return None
    return ",".join(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    initial: str
    accept: Reader | None  # None: read-only


_KEYS = (
    _Key("AllowOfflineTxForUnknownId", "false", _switch),
    _Key("AuthorizeRemoteTxRequests", "false", _switch),
    _Key("ClockAlignedDataInterval", "0", _whole(0, _DAY_S)),
    _Key("ConnectionTimeOut", "60", _whole(1, _DAY_S)),
    _Key("GetConfigurationMaxKeys", "100", None),
    _Key("HeartbeatInterval", "300", _whole(1, _YEAR_S)),
    _Key("LocalAuthorizeOffline", "true", _switch),
    _Key("MeterValuesAlignedData", ",".join(MEASURANDS), _measurands),
    _Key("MeterValuesSampledData", ",".join(MEASURANDS), _measurands),
    _Key("MeterValueSampleInterval", "60", _whole(0, _DAY_S)),
    _Key("NumberOfConnectors", "1", None),
    _Key("StopTransactionOnEVSideDisconnect", "true", None),
    _Key("StopTransactionOnInvalidId", "true", _switch),
    _Key("StopTxnSampledData", ENERGY, _measurands),
    _Key("SupportedFeatureProfiles", "Core", None),
    _Key("TransactionMessageAttempts", "3", _whole(1, 1_000)),
    _Key("TransactionMessageRetryInterval", "60", _whole(0, _DAY_S)),
)


class Configuration:
    """
    The keys of one charger with their values.

    Parameters:
        initial: values other than the factory's, for keys that can be changed.

    Raises:
        ValueError: If a key is unknown or does not accept its value.
    """

    def __init__(self, initial: Mapping[str, str]) -> None:
        self._keys = {key.name.lower(): key for key in _KEYS}
        self._values = {key.name: key.initial for key in _KEYS}
        for name, value in initial.items():
            if (verdict := self.change(name, value)) != "Accepted":
                raise ValueError(
                    f"the charger's configuration key {name} does not take {value!r}: {verdict}"
                )

    def change(self, name: str, value: str) -> str:
        """
        Set a key and give the status of ChangeConfiguration.conf (OCPP 1.6 §7.22).

        Names are compared without regard to case (CiString50).
        """
        key = self._keys.get(name.lower())
        if key is None:
            return "NotSupported"
        accepted = key.accept(value) if key.accept is not None else None
        if accepted is None:
            return "Rejected"
        self._values[key.name] = accepted
        return "Accepted"

    def entries(self, names: Iterable[str]) -> tuple[list[dict[str, object]], list[str]]:
        """Give the keys asked for, all where none is asked for, and those that are unknown."""
        asked = list(names)
        known = [key for name in asked if (key := self._keys.get(name.lower())) is not None]
        unknown = [name for name in asked if name.lower() not in self._keys]
        entries = [
            {"key": key.name, "readonly": key.accept is None, "value": self._values[key.name]}
            for key in (known if asked else _KEYS)
        ]
        return entries, unknown

    def text(self, name: str) -> str:
        """Give a key's value as it is kept."""
        return self._values[name]

    def number(self, name: str) -> int:
        """Give the value of a key that holds a whole number."""
        return int(self._values[name])

    def is_on(self, name: str) -> bool:
        """Give the value of a key that is a switch."""
        return self._values[name] == "true"

    def measurands(self, name: str) -> tuple[str, ...]:
        """Give the value of a key that lists measurands."""
        return tuple(self._values[name].split(",")) if self._values[name] else ()
