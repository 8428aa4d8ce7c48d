"""What a source of energies is called in files: the table ``[ise]`` of each."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from backend.core.exports import Activation
from backend.core.file_names import check_name
from backend.core.formats.row import Numbers
from backend.core.id_tags import canonical
from backend.core.meter_difference import DifferenceLimit
from backend.core.meter_registers import REGISTERS, register_of
from backend.core.metering_code import check_metering_code
from backend.core.obis import Obis, check_energy_obis, check_interval_obis
from backend.errors import BackendError, ObisError, SettingsError
from backend.settings.section import Section

#: The intervals that a charger may be read in, minutes (document 000, "Setting options").
INTERVALS_MINUTES = (1, 5, 10, 15, 30, 60)
#: Which of a charger and the meter in front of it counts (COL-07), as a setting's words.
CHARGER, METER_IN_FRONT = "charger", "meter"
_DEFAULT_OBIS = "1-1:1.29.0*255"
#: The longest number of a meter.
_NUMBER_SIGNS = 48


@dataclass(frozen=True, slots=True)
class UpstreamMeter:
    """
    The meter in front of a charger (COL-07).

    Attributes:
        meter: its name.
        counts: whose energies the files have: ``charger`` or ``meter``.
        limit: from when on a difference between the two is one to look after.
    """

    meter: str
    counts: str
    limit: DifferenceLimit


def read_activation(
    section: Section, identity: str, *, is_station: bool = True
) -> tuple[Activation | None, UpstreamMeter | None]:
    """Read what a station or a meter is called in files, and the meter in front of a station."""
    if section.mapping.get("ise") is None:
        section.take("ise")
        return None, None
    ise = section.table("ise")
    code = ise.text("metering_code", example="33 signs, beginning with CH")
    activation = Activation(
        station=identity,
        metering_code=check_metering_code(code, f"{ise.where}, key 'metering_code'"),
        numbers=_numbers(ise),
        **_obis_and_interval(ise, is_meter=not is_station),
    )
    upstream = _upstream(ise) if is_station else None
    ise.finish()
    return activation, upstream


def read_card_activation(section: Section) -> Activation | None:
    """Read what a card is called in files: its number as it is written, or a free name."""
    if section.mapping.get("ise") is None:
        section.take("ise")
        return None
    ise, number = section.table("ise"), section.text("id_tag")
    where = f"{ise.where}, key 'metering_code'"
    name = ise.text("metering_code", number)
    try:
        check_name(name, where)
    except BackendError as error:
        what = error.what if name != number else f"is not set, and the number {name!r} is no name"
        remedy = "write a metering code, or a name of letters, digits, '-', '_' and '.'"
        raise SettingsError(what, where, remedy) from error
    activation = Activation(
        station=canonical(number), metering_code=name, **_obis_and_interval(ise)
    )
    ise.finish()
    return activation


def _obis_and_interval(ise: Section, *, is_meter: bool = False) -> dict[str, Any]:
    obis, where = ise.text("obis", _DEFAULT_OBIS), f"{ise.where}, key 'obis'"
    return {
        "obis": _meter_obis(obis, where) if is_meter else check_interval_obis(obis, where),
        "interval_minutes": ise.choice("interval", INTERVALS_MINUTES, 15),
    }


def _meter_obis(text: str, where: str) -> str:
    """Check a code for the energies of any register that a meter can have."""
    obis = Obis.parse(check_energy_obis(text, where), where)
    if register_of(obis) is None:
        codes = ", ".join(one.code for one in REGISTERS)
        what = f"{text!r} ({obis.meaning}) is of no register that a meter has here"
        raise ObisError(what, where, f"use D = 29 or 9 of one of these: {codes}")
    return text


def _numbers(ise: Section) -> Numbers:
    """Read what else a meter is called by (document 001)."""
    found = {}
    for one in fields(Numbers):
        text = ise.text(one.name, "")
        if len(text) > _NUMBER_SIGNS or not text.isprintable() or text != text.strip():
            what = f"is longer than {_NUMBER_SIGNS} signs, or has some that cannot be printed"
            raise ise.error(one.name, what, "write it as the utility has it")
        found[one.name] = text
    return Numbers(**found)


def _upstream(ise: Section) -> UpstreamMeter | None:
    if ise.mapping.get("upstream_meter") is None:
        ise.take("upstream_meter")
        for key in ("counts", "difference_limit_percent", "difference_limit_kwh"):
            if ise.take(key) is not None:
                raise ise.error(key, "has no meaning without upstream_meter", "add that one")
        return None
    standard = DifferenceLimit()
    return UpstreamMeter(
        meter=ise.text("upstream_meter"),
        counts=ise.choice("counts", (CHARGER, METER_IN_FRONT), CHARGER),
        limit=DifferenceLimit(
            percent=ise.amount("difference_limit_percent", 100, str(standard.percent)),
            kwh=ise.amount("difference_limit_kwh", 1_000_000, str(standard.kwh)),
        ),
    )
