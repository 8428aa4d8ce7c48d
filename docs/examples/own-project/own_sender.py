"""A sender of our own: brings a file to the utility over SFTP, whole or not at all."""

import asyncio
from pathlib import PurePosixPath
from typing import Any

import asyncssh


async def send(destination: dict[str, Any], name: str, content: bytes) -> None:
    """Upload under another name, look at the size, then give the file its name."""
    host, port = destination["host"], destination["port"]
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {destination['host_key']}\n")
    async with (
        asyncssh.connect(
            host,
            port,
            username=destination["user"],
            password=destination["secret"],
            known_hosts=known,
            client_keys=None,
            config=None,
        ) as line,
        line.start_sftp_client() as sftp,
    ):
        final = PurePosixPath(destination["folder"]) / name
        part = final.with_name(f".{name}.part")
        async with sftp.open(part, "wb") as file:
            await file.write(content)
        if await sftp.getsize(part) != len(content):
            raise OSError(f"{name} has not arrived whole")
        await sftp.rename(part, final)


def send_now(destination: dict[str, Any], name: str, content: bytes) -> None:
    """Do the same for who does not await."""
    asyncio.run(send(destination, name, content))
