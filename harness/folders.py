"""Folders that a command writes into."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
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


def clear_folder(path: Path, option: str, marker: str, names: Sequence[str]) -> None:
    """
    Make a folder, or take out of it what an earlier run left; nothing else is touched.

    Parameters:
        path: the folder.
        option: the option of the command line that chooses it.
        marker: the file that tells that the names below are a command's own.
        names: the files and folders that the command is going to write.

    Raises:
        UsageError: If it cannot be made, or one of the names is somebody else's.
    """
    make_folder(path, option)
    standing = [path / name for name in names if (path / name).exists()]
    if standing and not (path / marker).exists():
        raise UsageError(
            f"{standing[0]}: is not from an earlier run; move it, or choose another with {option}"
        )
    try:
        for entry in standing:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        (path / marker).write_text(f"Written by isebench, which may replace: {', '.join(names)}\n")
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written to ({error.strerror}); choose another with {option}"
        ) from error
