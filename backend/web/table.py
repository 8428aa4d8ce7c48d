"""
The API as a table: what can be asked, and what is answered.

`backend.web.api` has a handler of each operation's name, `backend.web.openapi` writes the table as
a document. An answer that is not listed here is a fault; a test looks for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LIMIT_MOST = 1_000
LIMIT_DEFAULT = 100
TEXT_MOST = 200


@dataclass(frozen=True, slots=True)
class Operation:
    """
    Something that can be asked.

    Attributes:
        name: its name, and that of its handler.
        method, path: where; ``{…}`` in a path is a parameter.
        summary: in one line.
        gives: the name of the shape of a good answer.
        many: whether it gives a list of them.
        takes: the name of the shape of which its body is a list; empty where it takes no body.
        limited: whether it takes the query parameter ``limit``.
        searched: whether it takes the query parameters ``text`` and ``day``.
        problems: the statuses of what can go wrong, besides those that always can.
        is_open: whether it needs no token.
    """

    name: str
    method: str
    path: str
    summary: str
    gives: str
    many: bool = False
    limited: bool = False
    searched: bool = False
    problems: tuple[int, ...] = ()
    is_open: bool = False
    takes: str = ""

    @property
    def statuses(self) -> tuple[int, ...]:
        """All statuses it can be answered with, the good one first."""
        always = () if self.is_open else (401, 503)
        limited = (422,) if self.limited or self.searched else ()
        return (200, *sorted({*always, *limited, *self.problems}))


OPERATIONS = (
    Operation("stations", "GET", "/api/stations", "All charging stations", "StationSummary", True),
    Operation(
        "station",
        "GET",
        "/api/stations/{identity}",
        "How a station stands",
        "Station",
        problems=(404,),
    ),
    Operation(
        "sessions",
        "GET",
        "/api/stations/{identity}/sessions",
        "Its newest sessions, newest first",
        "Session",
        many=True,
        limited=True,
        problems=(404,),
    ),
    Operation(
        "deviations",
        "GET",
        "/api/stations/{identity}/deviations",
        "What it lately did otherwise than OCPP asks, newest first",
        "Deviation",
        many=True,
        limited=True,
        problems=(404,),
    ),
    Operation(
        "frames",
        "GET",
        "/api/stations/{identity}/frames",
        "Its newest frames since the backend's start, newest first, without secrets",
        "Frame",
        many=True,
        limited=True,
        problems=(404,),
    ),
    Operation(
        "sent",
        "GET",
        "/api/stations/{identity}/sent",
        "The newest commands sent to it, newest first, without secrets",
        "SentCommand",
        many=True,
        limited=True,
        problems=(404,),
    ),
    Operation(
        "differences",
        "GET",
        "/api/stations/{identity}/differences",
        "Days on which it and the meter in front of it differ beyond the limits, newest first",
        "Difference",
        many=True,
        limited=True,
        problems=(404,),
    ),
    Operation(
        "commands",
        "GET",
        "/api/stations/{identity}/commands",
        "Which commands there are, with the schema of their payload",
        "Command",
        many=True,
        problems=(404,),
    ),
    Operation(
        "day",
        "GET",
        "/api/stations/{identity}/days/{day}",
        "The energies of a local day, each with the rule that made it",
        "Day",
        problems=(404, 422),
    ),
    Operation(
        "interval",
        "GET",
        "/api/stations/{identity}/intervals/{instant}",
        "Why an interval is what it is; named by its end, or by an instant within it",
        "Explanation",
        problems=(404, 422),
    ),
    Operation(
        "deliveries",
        "GET",
        "/api/deliveries",
        "Files and whether they have arrived, newest first",
        "Delivery",
        many=True,
        limited=True,
    ),
    Operation(
        "hold_delivery",
        "POST",
        "/api/tasks/{name}/hold",
        "Stop the delivery of the task's oldest file that has not arrived; those behind it wait",
        "Delivery",
        problems=(404,),
    ),
    Operation(
        "release_delivery",
        "POST",
        "/api/tasks/{name}/release",
        "Let the delivery of the task's oldest file go on, and try it now",
        "Delivery",
        problems=(404,),
    ),
    Operation(
        "receipts",
        "GET",
        "/api/receipts",
        "What has arrived, newest first; by a part of name, hash or server, and by a local day",
        "Receipt",
        many=True,
        limited=True,
        searched=True,
    ),
    Operation(
        "test_connection",
        "POST",
        "/api/accounts/{account}/destinations/{name}/test",
        "Try all that a delivery needs, with a file that no importer looks at, step by step",
        "ConnectionStep",
        many=True,
        problems=(404,),
    ),
    Operation("meters", "GET", "/api/meters", "All meters, and how they stand", "Meter", True),
    Operation(
        "meter_readings",
        "POST",
        "/api/meters/{name}/readings",
        "Bring readings of a meter: all of them are kept, on disk, or none",
        "KeptReadings",
        problems=(400, 404, 413, 415, 422),
        takes="MeterReading",
    ),
    Operation("profiles", "GET", "/api/profiles", "The models that are known", "Profile", True),
    Operation(
        "profile",
        "GET",
        "/api/profiles/{name}",
        "What is particular about a model",
        "Profile",
        problems=(404,),
    ),
)

COMMAND_PATH = "/api/stations/{identity}/commands/{action}"
COMMAND = Operation(
    "command",
    "POST",
    COMMAND_PATH,
    "Send a command and give the charger's answer",
    "Answer",
    problems=(400, 404, 409, 413, 415, 422, 502, 504),
)
"""One operation for each command; the action stands in its path."""

MEANINGS: Mapping[int, str] = {
    200: "as asked",
    400: "the body is no JSON",
    401: "no token, or a wrong one",
    404: "there is no such thing",
    409: "the charger is not connected, busy, or not allowed to get this now; nothing was sent",
    413: "the body is too large",
    415: "the body is not application/json",
    422: "what was asked breaks a rule; nothing was sent or kept",
    502: "the charger refuses, or its answer cannot be used",
    503: "the database refuses",
    504: "the charger has not answered; whether it did what was asked is not known",
}
"""What each status means, in the document."""
