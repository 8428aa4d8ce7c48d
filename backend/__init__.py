"""The reference backend: from what a charger says to the file a utility bills from."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.app import Backend
    from backend.settings import Settings

__all__ = ["Backend", "Settings"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: whoever needs only a part, say `backend.ports`, does not pay for
    # the database and the protocols.
    if name == "Backend":
        from backend.app import Backend

        return Backend
    if name == "Settings":
        from backend.settings import Settings

        return Settings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
