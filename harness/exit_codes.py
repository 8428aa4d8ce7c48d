"""
With which code each command ends, and what that says; docs/reference/exit-codes.md is made of it.

One meaning for each code, whatever the command: who reads it in a script need not know which.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.conform import BROKEN, FAILED, INTERRUPTED, NOTHING_RUN, PASSED, USAGE

MEANINGS: Mapping[int, str] = {
    PASSED: "done, and all that was asked is so",
    FAILED: "done, and something that was asked is not so",
    USAGE: "not begun: wrong usage, settings or files that cannot be read, an address in use",
    BROKEN: "the bench itself broke, or the machine gave way (a full disk); nothing is judged",
    NOTHING_RUN: "not decided: nothing was run, something could not be shown, or nobody vouches",
    INTERRUPTED: "ended by Ctrl-C before it was done",
}
"""What a code says, of any command."""

_ALWAYS = {
    USAGE: "a word that is not understood, or a file that cannot be read",
    BROKEN: "the bench itself broke",
    INTERRUPTED: "Ctrl-C",
}
_UNTIL_STOPPED = {
    PASSED: "stopped, by Ctrl-C or SIGTERM",
    USAGE: "an option, a port or a folder that cannot be used",
    BROKEN: "it broke, or the machine gave way",
    INTERRUPTED: "Ctrl-C before it was up",
}

COMMANDS: Mapping[str, Mapping[int, str]] = {
    "isebench demo": {
        **_ALWAYS,
        PASSED: "what was delivered equals the meters to the last digit",
        FAILED: "it does not",
    },
    "isebench up": _UNTIL_STOPPED,
    "isebench charger": _UNTIL_STOPPED,
    "isebench gateway": _UNTIL_STOPPED,
    "isebench drop": _UNTIL_STOPPED,
    "isebench seal": {**_ALWAYS, PASSED: "sealed"},
    "isebench conform": {
        PASSED: "all that was asked passed; not applicable and not yet covered are counted apart",
        FAILED: "a scenario failed",
        USAGE: "an unknown id or tag, features that cannot be read, a folder that is no report's",
        BROKEN: "the bench broke, or a report could not be written",
        NOTHING_RUN: "no scenario was left, of a part, by --quick, or of all that was asked",
        INTERRUPTED: "Ctrl-C or SIGTERM; there are reports of what was run until then",
    },
    "isebench compare": {
        **_ALWAYS,
        PASSED: "the later run is no worse",
        FAILED: "it is worse, or was interrupted",
    },
    "isebench merge": {
        **_ALWAYS,
        PASSED: "merged, and the whole run passed",
        FAILED: "merged, and it did not",
    },
    "isebench certify": {
        PASSED: "all that was asked passed",
        FAILED: "something failed",
        USAGE: "a wrong profile, key or folder, or the charger never came",
        BROKEN: "the bench broke",
        NOTHING_RUN: "something could not be shown, or the person at the charger stopped the run",
        INTERRUPTED: "Ctrl-C or SIGTERM; there is a statement of what was run until then",
    },
    "isebench verify": {
        **_ALWAYS,
        PASSED: "as it was issued, and signed",
        FAILED: "something was altered, or another key has signed",
        USAGE: "no statement is there, or no key",
        NOTHING_RUN: "as it was issued, and signed by nobody",
    },
    "isebench record": _UNTIL_STOPPED,
    "isebench replay": {**_ALWAYS, PASSED: "put before the backend; what came of it is shown"},
    "isebench sequence": {**_ALWAYS, PASSED: "drawn"},
    "isebench minimise": {
        **_ALWAYS,
        PASSED: "nothing more can be left out of what was written",
        FAILED: "the recording does not show the fault",
        USAGE: "a fault that cannot be judged, or a file that cannot be read or is there already",
        NOTHING_RUN: "the recording does not say enough for the rule to be judged",
        INTERRUPTED: "Ctrl-C; the shortest so far is written, once the fault was seen",
    },
    "isebench scenario": {**_ALWAYS, PASSED: "written"},
    "isebench explain": {**_ALWAYS, PASSED: "told"},
    "isebench read": {**_ALWAYS, PASSED: "each file was read"},
    "isebench test-connection": {
        **_ALWAYS,
        PASSED: "each step was done at each destination",
        FAILED: "a step was not",
    },
    "isebench questionnaire": {**_ALWAYS, PASSED: "written"},
    "isebench list": {**_ALWAYS, PASSED: "listed"},
    "python -m backend": {
        PASSED: "stopped; with --export all files have arrived",
        FAILED: "with --export: a file waits for its next try",
        USAGE: "wrong settings, or a database that cannot be used",
        BROKEN: "the backend broke",
    },
    "python -m simulators": {
        code: told for code, told in _UNTIL_STOPPED.items() if code != INTERRUPTED
    },
}
"""Each command with its codes, and when it ends with them."""
