"""
What chargers in the field have done: the rows F01 to F92 of the catalogue, one small class each.

They are grouped as the catalogue is. A row that is a habit of every INCH stands in `habits`. Most
classes only rewrite what is said (`quirks`); the others are asked for by the device, the connector
or the line, at the one place where they bite. A value that is told may be wrong; the meter, the
queue and its order never are.
"""

from __future__ import annotations

WITHOUT_A_SWITCH = dict.fromkeys(
    ("F93", "F94", "F95", "F96", "F97"),
    "it is about OCPP over SOAP, which the charger does not speak",
)
"""The rows of the catalogue that cannot be switched on, each with the reason."""
