"""
`isebench verify`: whether a statement and all that belongs to it are as they were issued.

Everything is looked at, offline, and everything that was altered is named. A statement that nobody
signed can be compared with itself only, which is not enough to trust it; so that has an exit code
of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.certify import signature
from harness.certify.results import sha256_of
from harness.certify.statement import FORMAT, NAME, VERSION, canonical
from harness.errors import UsageError

SOUND, ALTERED, UNSIGNED = 0, 1, 4
"""Exit codes: as issued and signed, altered or signed by another, and signed by nobody."""

_SHAPES = {
    "files": dict,
    "issued": str,
    "outcome": str,
    "headline": str,
    "is_whole": bool,
    "left_out": list,
}
"""What is told of a statement here, and what it must be."""


def verify(path: Path, key: Path | None, tell: Callable[[str], None]) -> int:
    """
    Check a statement.

    Parameters:
        path: of the statement, or of the folder in which it lies.
        key: the public key that it shall be signed by, or None: whichever it is.
        tell: told one line a thing that was found.

    Returns:
        The exit code, see the constants of this module.

    Raises:
        UsageError: If there is no statement, or no such key.
    """
    file = path / NAME if path.is_dir() else path
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read ({error.strerror}); name a statement.json, or its folder"
        ) from error
    statement = _read(file, content)
    wanted = signature.load_public(key) if key is not None else None
    wrong = _altered(file, content, statement)
    signed, is_signed = _signed(file, content, wanted, wrong)
    for one in wrong:
        tell(f"altered: {one}")
    if wrong:
        return ALTERED
    count = len(statement["files"])
    tell(f"{file}: as issued {statement['issued']}, with its {count} files")
    tell(f"{statement['outcome']}: {statement['headline']}")
    if not statement["is_whole"]:
        tell(f"not a whole certification: {'; '.join(statement['left_out'])}")
    tell(signed)
    return SOUND if is_signed else UNSIGNED


def _read(file: Path, content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
        is_ours = told["format"] == FORMAT and told["version"] == VERSION
        is_whole = all(isinstance(told[key], kind) for key, kind in _SHAPES.items())
        if is_ours and is_whole and all(isinstance(one, str) for one in told["left_out"]):
            return dict(told)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise UsageError(f"{file}: is no statement that this version reads; name a statement.json")


def _altered(file: Path, content: bytes, statement: dict[str, Any]) -> list[str]:
    """Name what is not as the statement says."""
    wrong = []
    if canonical(statement) != content:
        wrong.append(f"{file}: is not written as it was issued")
    for name, digest in statement["files"].items():
        path = file.parent / str(name)
        if ".." in Path(str(name)).parts or Path(str(name)).is_absolute():
            wrong.append(f"{name}: no file of a statement lies there")
        elif not path.is_file():
            wrong.append(f"{path}: is not there")
        elif sha256_of(path) != digest:
            wrong.append(f"{path}: is not the file that the statement was issued with")
    return wrong


def _signed(
    file: Path, content: bytes, wanted: signature.Public | None, wrong: list[str]
) -> tuple[str, bool]:
    """Look at the signature; what is wrong with it is added to the list."""
    path = file.with_name(signature.NAME)
    if not path.is_file():
        if wanted is not None:
            wrong.append(f"{path}: is not there, so the key has signed nothing")
        return (
            "signed by nobody: whoever altered the files could have altered the hashes too",
            False,
        )
    found = signature.check(content, path.read_bytes())
    if isinstance(found, str):
        wrong.append(f"{path}: {found}")
        return "", False
    if wanted is None:
        return f"signed by the key {found.fingerprint}; compare it with one that you trust", True
    if signature.fingerprint_of(wanted) != found.fingerprint:
        wrong.append(f"{path}: is by another key, {found.fingerprint}")
        return "", False
    return f"signed by the given key, {found.fingerprint}", True
