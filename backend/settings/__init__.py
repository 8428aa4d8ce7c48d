"""
The operator's settings: one TOML file, and the environment for what differs by machine.

They are read here and nowhere else, and checked as a whole before anything starts. A mistake
is told with its place (table and key), what is wrong there, and what to write instead.

Environment: ``ISEBENCH_HOST``, ``ISEBENCH_PORT``, ``ISEBENCH_DATABASE``,
``ISEBENCH_FRAME_LIMIT_BYTES``, ``ISEBENCH_HEARTBEAT_S`` and ``ISEBENCH_ANSWER_LIMIT_S`` stand
above the keys of the same name in ``[backend]``; ``secret_env`` names a variable of its own.
"""

from backend.settings.whole import (
    CARD_STATUSES,
    CHARGER,
    HOST_KEY_KINDS,
    INTERVALS_MINUTES,
    MEASURED,
    METER_IN_FRONT,
    NOW,
    REGISTRATIONS,
    VIRTUAL_TARIFFS,
    YEARS,
    AccountSettings,
    BackendSettings,
    CardSettings,
    DestinationSettings,
    FolderSettings,
    FormatSettings,
    GroupSettings,
    MeterSettings,
    Settings,
    SourceSettings,
    StationSettings,
    TaskSettings,
    UpstreamMeter,
    WebSettings,
)

__all__ = [
    "CARD_STATUSES",
    "CHARGER",
    "HOST_KEY_KINDS",
    "INTERVALS_MINUTES",
    "MEASURED",
    "METER_IN_FRONT",
    "NOW",
    "REGISTRATIONS",
    "VIRTUAL_TARIFFS",
    "YEARS",
    "AccountSettings",
    "BackendSettings",
    "CardSettings",
    "DestinationSettings",
    "FolderSettings",
    "FormatSettings",
    "GroupSettings",
    "MeterSettings",
    "Settings",
    "SourceSettings",
    "StationSettings",
    "TaskSettings",
    "UpstreamMeter",
    "WebSettings",
]
