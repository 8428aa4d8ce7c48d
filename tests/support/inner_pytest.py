"""
A pytest within a pytest, for tests of scenarios.

What an inner run imports is forgotten with it. So the sentences are imported here, once, which is
most of what such a run would take; and no plugin comes along but those that it names.
"""

from __future__ import annotations

import importlib

import pytest

from harness import plugin

SENTENCES = [importlib.import_module(name) for name in plugin.pytest_plugins]
OPTIONS = ("-p", "harness.plugin", "-p", "pytest_bdd.plugin", "-p", "no:cacheprovider")


def run_within(
    pytester: pytest.Pytester, *options: str, plugins: list[object]
) -> pytest.HookRecorder:
    """Run the scenarios that `pytester` holds in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        return pytester.inline_run(*OPTIONS, *options, plugins=plugins)
