"""
Key files as people make them: with the commands of openssl and ssh-keygen that this machine has.

What the utility knows of such a key is what ssh-keygen says of it, so that the backend's reading of
the file is not what it is judged by.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

PASSPHRASE = "a passphrase for the bench"
LIMIT_S = 60.0
"""How long a command may take."""

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "openssl genrsa 2048": ("openssl genrsa -out {file} 2048",),
    "openssl rsa -des-ede3-cbc -traditional": (
        "openssl genrsa -out {plain} 2048",
        "openssl rsa -in {plain} -des-ede3-cbc -traditional -passout env:PASSPHRASE -out {file}",
    ),
    "ssh-keygen -t rsa": ("ssh-keygen -q -t rsa -N {none} -f {file}",),
    "ssh-keygen -t ecdsa": ("ssh-keygen -q -t ecdsa -N {none} -f {file}",),
    "ssh-keygen -t ed25519": ("ssh-keygen -q -t ed25519 -N {none} -f {file}",),
    "ssh-keygen -t ed25519 -N PASSPHRASE": ("ssh-keygen -q -t ed25519 -N {passphrase} -f {file}",),
}
"""What a scenario can say of a key file, and the commands that make it."""
_WANTS_PASSPHRASE = ("env:PASSPHRASE", "{passphrase}")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """
    A key file.

    Attributes:
        path: where it is.
        passphrase: what it is protected with; empty for nothing.
        public_key: what belongs to it, as an OpenSSH line.
    """

    path: Path
    passphrase: str
    public_key: str


def make_key_file(command: str, folder: Path) -> KeyFile:
    """
    Make a key file in a folder.

    Raises:
        UsageError: If the command is none of `COMMANDS`, or is not possible here.
    """
    if command not in COMMANDS:
        known = ", ".join(f'"{one}"' for one in COMMANDS)
        raise UsageError(f'"{command}" is no command that makes a key file; there is {known}')
    path = folder / "key"
    is_protected = any(way in COMMANDS[command][-1] for way in _WANTS_PASSPHRASE)
    passphrase = PASSPHRASE if is_protected else ""
    places = {
        "file": str(path),
        "plain": str(folder / "plain.pem"),
        "none": "",
        "passphrase": passphrase,
    }
    for one in COMMANDS[command]:
        _run([word.format_map(places) for word in shlex.split(one)])
    # ssh-keygen looks at no key that others may read.
    path.chmod(0o600)
    said = _run(["ssh-keygen", "-y", "-P", passphrase, "-f", str(path)])
    return KeyFile(path, passphrase, said.strip())


def _run(command: list[str]) -> str:
    environment = {**os.environ, "PASSPHRASE": PASSPHRASE}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=LIMIT_S
        )
    except FileNotFoundError:
        raise UsageError(
            f"a key file of the scenario is made with {command[0]}, which this machine has not; "
            "install it (Debian: openssl, openssh-client)"
        ) from None
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = " ".join(str(error.stderr or error).split())
        raise UsageError(f"{' '.join(command[:2])} could not make a key file: {said}") from None
    return done.stdout
