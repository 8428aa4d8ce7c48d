"""Stations, their models and their groups: ``[[station]]``, ``[[profile]]``, ``[[group]]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.core.device_profile import DeviceProfile, derived_profile, load_profile, profile_names
from backend.core.exports import Activation
from backend.core.readings import MAX_CONNECTOR
from backend.core.registers import Exchange
from backend.settings.activation import UpstreamMeter, read_activation
from backend.settings.exchanges import read_exchanges
from backend.settings.section import Section, placed, read_name

#: How a charger's BootNotification may be answered (OCPP 1.6 §4.2), as a setting's words.
REGISTRATIONS = ("accept", "pending", "reject")


@dataclass(frozen=True, slots=True)
class StationSettings:
    """
    A charging station.

    Attributes:
        account: whose it is.
        identity: what it calls itself in its address (OCPP-J 1.6 §3.1.1).
        name: what people call it.
        profile: what is particular about its model.
        activation: metering code, OBIS code and interval (ISE-15); without it the station is
            in no file.
        configuration: configuration keys that the backend sets (OCPP 1.6 §9).
        registration: how its BootNotification is answered: ``accept``, ``pending``: it is
            configured but must not charge yet, or ``reject`` (OCPP 1.6 §4.2).
        exchanges: when its meters were exchanged, and what they showed then.
        upstream: the meter in front of it, which feeds the same metering point.
    """

    account: str
    identity: str
    name: str
    profile: DeviceProfile
    activation: Activation | None
    # Not shown: the value of a key may be a secret.
    configuration: Mapping[str, str] = field(repr=False)
    registration: str = "accept"
    exchanges: tuple[Exchange, ...] = ()
    upstream: UpstreamMeter | None = None


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """A station group of an account: the identities of its stations."""

    account: str
    name: str
    stations: tuple[str, ...]


def read_profiles(top: Section) -> dict[str, DeviceProfile]:
    """Read the models that the operator describes himself, each on top of a bundled one."""
    found: dict[str, DeviceProfile] = {}
    for section in top.tables("profile", "name"):
        name = section.text("name")
        if name in profile_names() or name in found:
            raise section.error("name", f"{name!r} is there already", "take another name")
        base = section.text("base", "generic")
        keys = section.rest()
        found[name] = placed(section, "base", lambda: derived_profile(name, base, keys))  # noqa: B023 - run at once
    return found


def read_station(section: Section, profiles: Mapping[str, DeviceProfile]) -> StationSettings:
    """Read a station, whose model may be the operator's own."""
    identity = read_name(
        section, "identity", "write the identity as the charger sends it in its address"
    )
    activation, upstream = read_activation(section, identity)
    profile = _profile(section, profiles)
    return StationSettings(
        account=section.text("account"),
        identity=identity,
        name=section.text("name", identity),
        profile=profile,
        activation=activation,
        configuration=_configuration(section.table("configuration")),
        registration=section.choice("registration", REGISTRATIONS, "accept"),
        exchanges=read_exchanges(section, profile.connectors or MAX_CONNECTOR),
        upstream=upstream,
    )


def read_group(section: Section) -> GroupSettings:
    """Read a station group."""
    stations = section.names("stations", "identities of stations", may_be_all=False) or ()
    return GroupSettings(section.text("account"), section.text("name"), stations)


def _profile(section: Section, profiles: Mapping[str, DeviceProfile]) -> DeviceProfile:
    name = section.text("profile", "generic")
    return placed(section, "profile", lambda: profiles.get(name) or load_profile(name))


def _configuration(section: Section) -> dict[str, str]:
    wanted = {}
    for key in section.mapping:
        # A list of measurands may be empty (OCPP 1.6 §9.1): then the charger chooses.
        value = section.text(key, "", example='the value as text, for example "900"')
        if len(key) > 50 or len(value) > 500:
            raise section.error(
                key, "is too long", "keep a key within 50 and a value within 500 signs"
            )
        wanted[key] = value
    return wanted
