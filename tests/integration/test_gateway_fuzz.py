"""Schemathesis asks the gateway's API in all ways that its document allows, and in many others."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from support.gateway_web import ServedGateway

FEW = hypothesis.settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
CHECKS = [
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
OTHER_CHECKS = [one for one in CHECKS if one is not negative_data_rejection]
TOO_LONG = 413


def ask(cases: Any, seen: Counter[int]) -> None:
    """Ask a few of the cases, and count the answers."""

    @hypothesis.seed(1)
    @FEW
    @hypothesis.given(case=cases)
    def each(case: schemathesis.Case) -> None:
        response = case.call()
        # Its list of refusals lacks 413, which says so of a body that is too long.
        refused = response.status_code == TOO_LONG
        case.validate_response(response, checks=OTHER_CHECKS if refused else CHECKS)
        seen[response.status_code] += 1
        assert response.status_code < 500

    # Where nothing can be given, nothing wrong can be.
    with contextlib.suppress(hypothesis.errors.Unsatisfiable):
        each()


@pytest.mark.timeout(120)
def test_no_answer_is_a_failure_or_undocumented() -> None:
    """No 5xx; no status, type or body that is not in the document."""
    seen: Counter[int] = Counter()
    with ServedGateway() as served:
        schema = schemathesis.openapi.from_url(f"{served.site.rest.address}openapi.json")
        for found in schema.get_all_operations():
            operation = found.ok()
            known: list[dict[str, Any]] = [{}]
            if "{id}" in operation.path:
                known.append({"path_parameters": {"id": 1}})
            for options in known:
                for mode in GenerationMode:
                    ask(operation.as_strategy(generation_mode=mode, **options), seen)

    assert {200, 400, 404} <= set(seen), seen
    assert sum(seen.values()) > 150, seen
