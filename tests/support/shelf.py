"""A drop that keeps what it is given, or fails as it is told."""

from __future__ import annotations

import asyncio

from backend.ports import Arrival, Destination


class Shelf:
    """A drop that keeps what it is given, or fails as it is told."""

    def __init__(self) -> None:
        self.failing: list[Exception] = []
        self.tries: list[tuple[str, bytes]] = []
        self.files: dict[str, bytes] = {}
        self.hosts: list[str] = []

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """Keep a file, or raise the next failure."""
        await asyncio.sleep(0)
        self.tries.append((name, content))
        self.hosts.append(destination.host)
        if self.failing:
            raise self.failing.pop(0)
        self.files[name] = content
        return Arrival(name, len(content), already_there=False)

    async def rest(self) -> None:
        """Have nothing to give back."""
