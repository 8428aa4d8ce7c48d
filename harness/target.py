"""
The system under test, and what it declares not to do.

What is declared is "not applicable" in a report, with its reason, never passed and never
failed. Only the bundled backend can be put under test so far.
"""

from __future__ import annotations

NAME = "the bundled backend"

DECLARED_NOT_DONE = {
    "SOAP": "the bundled backend does not speak OCPP over SOAP yet",
    "FTP": "the bundled backend does not deliver over FTP yet",
    "FTPS": "the bundled backend does not deliver over FTPS yet",
    "XML": "the bundled backend does not write XML yet",
}
"""What the bundled backend does not do, with the reason that a report shows."""
