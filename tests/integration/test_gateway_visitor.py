"""The visitor of scenarios, at a gateway of this machine."""

from __future__ import annotations

import asyncio

import pytest
from support.gateway_web import SITE, a_gateway

from harness import gateway_visitor
from harness.errors import UsageError
from harness.modbus_master import Reading

LOCKED = {**SITE, "settings": {"authentication": {"enabled": True}}}


def test_it_asks_sends_and_logs_in() -> None:
    """Status, JSON and text come back; with the password it is let in."""

    async def run() -> None:
        async with a_gateway(LOCKED) as site:
            refused = await gateway_visitor.ask(site.rest, "api")
            assert (403, ["error"]) == (refused.status, [*refused.body])
            login = "admin:iskra"
            said = await gateway_visitor.ask(site.rest, "api", login=login)
            assert "IS000122" == said.body["device"]["serial_number"]
            body = {"id": 1, "val": "on"}
            said = await gateway_visitor.ask(site.rest, "api/bicom", body=body, login=login)
            assert "on" == said.body["bicom"]["state"]
            said = await gateway_visitor.ask(
                site.rest, "api/files/ghost", method="DELETE", login=login
            )
            assert 404 == said.status
            page = await gateway_visitor.ask(site.rest, "")
            assert (None, True) == (page.body, "<title>" in page.text)

    asyncio.run(run())


def test_it_reads_and_looks_for_with_the_public_client() -> None:
    """A meter by its serial number; a gateway, and one that is not there any more."""

    async def run() -> None:
        async with a_gateway() as site:
            read = await gateway_visitor.read(site.rest, "I0006494")
            assert Reading(2.9, 230.0, 5.5, 20_249.5) == read
            with pytest.raises(UsageError, match=r"pyiskra finds W4124940, .* and not X1"):
                await gateway_visitor.read(site.rest, "X1")
            found = await gateway_visitor.looked_for(site.udp.port, "IS000122")
            assert "SG-E1" == found["model"]
            await site.udp.stop()
            assert {} == await gateway_visitor.looked_for(site.udp.port, "IS000122")

    asyncio.run(run())
