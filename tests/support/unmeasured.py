"""Tests that run without coverage: it doubles what they take, and they run no line of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

import coverage

Arguments = ParamSpec("Arguments")


def unmeasured(test: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """
    Let a test run unmeasured: one that, by chance, goes the same ways thousands of times.

    What it goes through is to be covered by examples, which say what they are about. Or a test
    that reads code and runs none.
    """

    @functools.wraps(test)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        measured = coverage.Coverage.current()
        if measured is not None:
            measured.stop()
        try:
            test(*args, **kwargs)
        finally:
            if measured is not None:
                measured.start()

    return run
