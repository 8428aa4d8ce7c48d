"""
The systems under test, and what is said of them beforehand.

What a system declares not to do is "not applicable" in a report; what this project has not built
yet is "not yet covered". Both bear their reason, are counted by it, and are never passed and never
failed. What is said of a charger elsewhere stands in its own profile (`harness.certify`).
"""

from __future__ import annotations

from collections.abc import Mapping

NAME = "the bundled backend and the emulated INCH"

BACKEND, CHARGE_POINT, CENTRAL_SYSTEM = "backend", "charge-point", "central-system"
"""Who says so: the backend of the features, or the side under test of a compliance case."""

DECLARED_NOT_DONE: Mapping[str, Mapping[str, str]] = {
    BACKEND: {
        "SOAP": "the bundled backend does not speak OCPP over SOAP yet",
        "XML": "the bundled backend does not write XML yet",
    },
    CHARGE_POINT: {
        "GetLocalListVersion": "GetLocalListVersion: the INCH's questionnaire leaves its box empty",
        "GetCompositeSchedule": "GetCompositeSchedule: the INCH's questionnaire has no row for it",
    },
    CENTRAL_SYSTEM: {},
}
"""What is declared not to be done, with the reason that a report shows."""

_CHARGER_PROFILES = (
    "security profiles: the emulated INCH checks certificates, and has no key or certificate yet"
)
_BACKEND_PROFILES = "security profiles: the bundled backend has none yet"
_PROFILES = (
    "a security profile",
    "security profile 1 or 2",
    "security profile 2 or 3",
    "security profile 3",
)

NOT_YET_COVERED: Mapping[str, Mapping[str, str]] = {
    BACKEND: {},
    CHARGE_POINT: dict.fromkeys(_PROFILES, _CHARGER_PROFILES)
    | {"OCPP over SOAP": "OCPP over SOAP: the emulated INCH does not speak it yet"},
    CENTRAL_SYSTEM: dict.fromkeys(_PROFILES, _BACKEND_PROFILES),
}
"""What has scenarios and cannot be shown yet, with the reason that a report shows."""
