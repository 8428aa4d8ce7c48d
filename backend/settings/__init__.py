"""
The operator's settings: one TOML file, and the environment for what differs by machine.

They are read here and nowhere else, and checked as a whole before anything starts. A mistake
is told with its place (table and key), what is wrong there, and what to write instead.

Environment: ``ISEBENCH_HOST``, ``ISEBENCH_PORT``, ``ISEBENCH_DATABASE``,
``ISEBENCH_FRAME_LIMIT_BYTES``, ``ISEBENCH_HEARTBEAT_S`` and ``ISEBENCH_ANSWER_LIMIT_S`` stand
above the keys of the same name in ``[backend]``; ``secret_env`` names a variable of its own.
"""

from backend.settings.accounts import AccountSettings
from backend.settings.activation import CHARGER, INTERVALS_MINUTES, METER_IN_FRONT, UpstreamMeter
from backend.settings.cards import CARD_STATUSES, CardSettings
from backend.settings.destinations import HOST_KEY_KINDS, DestinationSettings
from backend.settings.formats import FormatSettings
from backend.settings.gateways import GatewaySettings
from backend.settings.listening import BackendSettings, WebSettings
from backend.settings.meters import FolderSettings, GatewayPlace, MeterSettings
from backend.settings.section import YEARS
from backend.settings.sources import SourceSettings
from backend.settings.stations import REGISTRATIONS, GroupSettings, StationSettings
from backend.settings.tasks import MEASURED, NOW, VIRTUAL_TARIFFS, TaskSettings
from backend.settings.whole import Settings

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
    "GatewayPlace",
    "GatewaySettings",
    "GroupSettings",
    "MeterSettings",
    "Settings",
    "SourceSettings",
    "StationSettings",
    "TaskSettings",
    "UpstreamMeter",
    "WebSettings",
]
