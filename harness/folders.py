"""Folders that a command writes into."""

from __future__ import annotations

from pathlib import Path

from harness.errors import UsageError


def make_folder(path: Path, option: str) -> None:
    """
    Make a folder where it is missing.

    Parameters:
        path: the folder.
        option: the option of the command line that chooses it.

    Raises:
        UsageError: If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path}: is no folder and cannot become one ({error.strerror}); "
            f"choose another with {option}"
        ) from error
