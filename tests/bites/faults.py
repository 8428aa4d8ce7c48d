"""
All faults, by what they are about: what real systems have done, put into what is under test.

`mutant` is what a fault is, `trial` how one is tried in this process, `copies` how it is tried as a
patch of a copy; `bite` is the command that tries them all. A subject is a module, or a part of one.
"""

from __future__ import annotations

from collections.abc import Mapping

from bites import central_system, charger, collecting, delivery, energies, files, gateway
from bites.mutant import Mutant

SUBJECTS: Mapping[str, tuple[Mutant, ...]] = {
    "energies": energies.ENERGIES,
    "status": energies.STATUS,
    "local days": energies.DAYS,
    "corrections": energies.REVISIONS,
    "activation": files.ACTIVATION,
    "sources": collecting.SOURCES,
    "collecting": collecting.COLLECTING,
    "field faults": collecting.FIELD_FAULTS,
    "explanations": collecting.EXPLAINED,
    "files": files.FILES,
    "formats": files.FORMATS,
    "delivery": delivery.DELIVERING,
    "cards": central_system.CARDS,
    "central system": central_system.CENTRAL_SYSTEMS,
    "commands": central_system.ASKING,
    "models": collecting.MODELS,
    "sessions": charger.STARTS_AND_STOPS,
    "boots and frames": charger.BOOTS,
    "meter values": charger.VALUES,
    "without a line": charger.OFFLINE,
    "local lists": charger.CARDS,
    "requests": charger.REMOTE,
    "reservations": charger.RESERVING,
    "charging profiles": charger.LIMITS,
    "configuration": charger.CONFIGURING,
    "maintenance": charger.MAINTAINING,
    "the charger's page": charger.PAGE,
    "a gateway's status": gateway.STATUS,
    "reading a gateway": gateway.READING,
    "a gateway's links": gateway.LINKS,
    "load profiles": gateway.KEEPING,
    "switching": gateway.SWITCHING,
    "handling a gateway": gateway.HANDLING,
}
MUTANTS = tuple(mutant for mutants in SUBJECTS.values() for mutant in mutants)
