"""Sentences about key files, which open the door of the utility's server."""

from __future__ import annotations

import json
from dataclasses import replace

from pytest_bdd import given, parsers, then, when

from harness.bench import Bench
from harness.console import Console
from harness.errors import Disagreement, NothingArrived
from harness.key_files import make_key_file
from harness.utility import Login


@given(parsers.parse('EW Seedorf takes SFTP logins by the key file of "{command}" alone'))
def takes_logins_by_key(bench: Bench, command: str) -> None:
    """Make a key file with a command of this machine, and have the server know its public half."""
    key = make_key_file(command, bench.folder)
    bench.login = Login("", key.path, key.passphrase, (key.public_key,))


@given("EW Seedorf does not know the key")
def does_not_know_the_key(bench: Bench) -> None:
    """Have the server know another key in the place of the sender's."""
    folder = bench.folder / "another"
    folder.mkdir()
    other = make_key_file("ssh-keygen -t ed25519", folder)
    bench.login = replace(bench.login, public_keys=(other.public_key,))


@when(parsers.re(r'the passphrase of the key file is given as "(?P<passphrase>[^"]*)"'))
def passphrase_is_given(bench: Bench, passphrase: str) -> None:
    """Offer the backend settings with a passphrase; with "" they have none."""
    bench.login = replace(bench.login, passphrase=passphrase)


@then(parsers.parse('the operator reads of the delivery: "{words}"'))
def reads_of_the_delivery(bench: Bench, words: str) -> None:
    """Read over the API why the file has not arrived, and find these words in it."""
    console = Console(bench.backend.web_address, bench.tap)
    deliveries = json.loads(bench.run(console.read_api("/api/deliveries")))
    bench.decide_drop()
    if not deliveries:
        raise NothingArrived("the backend has made no file")
    if not all(words in (one["error"] or "") for one in deliveries):
        told = "; ".join(one["error"] or "nothing" for one in deliveries)
        raise Disagreement(f"the operator reads: {told}")
