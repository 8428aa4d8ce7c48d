"""Key files, as scenarios make them."""

from __future__ import annotations

import shutil
from pathlib import Path

import asyncssh
import pytest

from harness import key_files
from harness.errors import UsageError
from harness.key_files import COMMANDS, PASSPHRASE, make_key_file
from harness.utility import SECRET, Login

needs_commands = pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("ssh-keygen") is None,
    reason="the keys are made with the commands openssl and ssh-keygen, which are not there",
)


@needs_commands
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_makes_its_key(tmp_path: Path, command: str) -> None:
    """The public half belongs to the file, which is protected where the command says so."""
    key = make_key_file(command, tmp_path)

    protected = "des" in command.split()[2] or "PASSPHRASE" in command
    assert (PASSPHRASE if protected else "") == key.passphrase
    opened = asyncssh.read_private_key(key.path, key.passphrase or None)
    public = asyncssh.import_public_key(key.public_key)
    assert opened.public_data == public.public_data
    if protected:
        with pytest.raises(asyncssh.KeyImportError):
            asyncssh.read_private_key(key.path)


@needs_commands
def test_the_documented_command_writes_what_it_is_known_for(tmp_path: Path) -> None:
    """What is called 3DES is 3DES in the traditional form."""
    key = make_key_file("openssl rsa -des-ede3-cbc -traditional", tmp_path)
    lines = key.path.read_text().splitlines()

    assert ["-----BEGIN RSA PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"] == lines[:2]
    assert lines[2].startswith("DEK-Info: DES-EDE3-CBC,")


def test_another_command(tmp_path: Path) -> None:
    """A command that is not known is not run, and those that are are named."""
    with pytest.raises(UsageError, match=r'"rm key" is no command .* "openssl genrsa 2048", '):
        make_key_file("rm key", tmp_path)


def test_a_machine_without_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that this machine has not is named, with what to install."""
    monkeypatch.setattr(key_files, "COMMANDS", {"x": ("isebench-has-no-such-command",)})

    with pytest.raises(UsageError, match=r"isebench-has-no-such-command, which .* openssl, open"):
        make_key_file("x", tmp_path)


@needs_commands
def test_a_command_that_fails(tmp_path: Path) -> None:
    """What a command has said is told."""
    with pytest.raises(UsageError, match=r"openssl genrsa could not make a key file: .*No such"):
        make_key_file("openssl genrsa 2048", tmp_path / "none")


def test_a_login_as_settings(tmp_path: Path) -> None:
    """A login by password names the password, one by key the key, and no empty passphrase."""
    assert {"secret": SECRET} == Login().settings()
    file = tmp_path / "key"
    assert {"key_file": str(file)} == Login("", file).settings()
    assert {"key_file": str(file), "key_passphrase": "x"} == Login("", file, "x").settings()
