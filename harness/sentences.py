"""
The sentences alone, as a pytest plugin for other projects.

Load it in the ``conftest.py`` at the root of your tests, by
``pytest_plugins = ["harness.sentences"]``. It brings the sentences and the ``bench`` that they
speak of. It adds no option and writes no report, and of tags it takes those of our requirements
and cases only; for all that is `harness.plugin`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from pytest_bdd.parser import Step

from harness.catalogue import CASE_TAG, REQUIREMENT_TAG, side_of
from harness.plugin import bench, pytest_plugins, refuse_coroutine

__all__ = ["bench", "pytest_plugins"]


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks that our tags turn into."""
    config.addinivalue_line("markers", "requirement(id): the requirement that a scenario proves")
    config.addinivalue_line("markers", "case(id, side): the compliance case that a scenario is")


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_apply_tag(tag: str, function: Callable[..., object]) -> bool | None:
    """Turn ``@ISE-02`` into ``requirement(id="ISE-02")``; other tags are the project's own."""
    if REQUIREMENT_TAG.fullmatch(tag):
        pytest.mark.requirement(id=tag)(function)
    elif CASE_TAG.fullmatch(tag):
        pytest.mark.case(id=tag, side=side_of(tag))(function)
    else:
        return None
    return True


def pytest_bdd_before_step(step: Step, step_func: Callable[..., object]) -> None:
    """Refuse coroutine steps: pytest-bdd never awaits them, so they would always pass."""
    if inspect.iscoroutinefunction(step_func):
        refuse_coroutine(step)
