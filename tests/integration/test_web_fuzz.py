"""Schemathesis asks the API in all ways that its document allows, and in many that it does not."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
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
from support.command_site import SETTINGS, TOKEN, WEB, CommandSite

FEW = hypothesis.settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
MANY = hypothesis.settings(FEW, max_examples=100, derandomize=False)
CHECKS = [
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
# A request without a token is wrong, until ours is put there: of many drawn some are only that.
CHECKS_OF_MANY = [one for one in CHECKS if one is not negative_data_rejection]
METER = """
[[meter]]
account = "Stadtwerke"
name = "Keller"
"""
OUR_OWN = {502, 504}
"""What the charger does is no failure of the server; any other 5xx is."""


class Fuzzer:
    """Asks as often as the settings say, and counts the answers."""

    def __init__(self, address: str, settings: hypothesis.settings, checks: list[Any]) -> None:
        self._settings = settings
        self._checks = checks
        self.seen: Counter[int] = Counter()
        self._schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json")

    def run(self) -> Counter[int]:
        """Ask every operation, with good and bad data, of any station and of those there are."""
        for found in self._schema.get_all_operations():
            operation = found.ok()
            stations: list[dict[str, Any]] = [{}]
            if operation.path.startswith("/api/meters/{name}"):
                stations.append({"path_parameters": {"name": "Keller"}})
            if "{identity}" in operation.path:
                stations += [{"path_parameters": {"identity": one}} for one in ("WB-1", "WB-2")]
            for options in stations:
                for mode in GenerationMode:
                    self._ask(operation.as_strategy(generation_mode=mode, **options))
        return self.seen

    def _ask(self, cases: Any) -> None:
        @self._settings
        @hypothesis.given(case=cases)
        def ask(case: schemathesis.Case) -> None:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            response = case.call_and_validate(headers=headers, checks=self._checks)
            self.seen[response.status_code] += 1
            assert response.status_code < 500 or response.status_code in OUR_OWN

        ask()


def fuzz(folder: Path, settings: hypothesis.settings, checks: list[Any]) -> Counter[int]:
    """Ask a backend with a charger; give how often each status was answered."""

    async def run() -> Counter[int]:
        async with CommandSite(folder, SETTINGS + METER + WEB) as site, site.charger() as charger:
            charger.answers["GetLocalListVersion"] = '[4,"{id}","NotSupported","",{}]'
            address = site.backend.web_address
            # It blocks its thread, and the server needs this one.
            seen = await asyncio.to_thread(lambda: Fuzzer(address, settings, checks).run())
            assert charger.asked
            return seen

    seen = asyncio.run(run())
    assert {200, 404, 409, 422, 502} <= set(seen), seen
    return seen


# The charger's line is kept alive meanwhile, and the pings of websockets draw from `random`.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.timeout(300)
def test_no_answer_is_a_failure_or_undocumented(tmp_path: Path) -> None:
    """No 5xx but for what a charger does; no status, type or body that is not in the document."""
    assert sum(fuzz(tmp_path, FEW, CHECKS).values()) > 300


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.timeout(1_800)
def test_nor_is_any_of_many(tmp_path: Path) -> None:
    """The same for many more questions, which take longer than CI allows."""
    assert sum(fuzz(tmp_path, MANY, CHECKS_OF_MANY).values()) > 3_000
