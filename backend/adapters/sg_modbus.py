"""
A meter's counters over a smart gateway's Modbus TCP (document 004 §3.4.1).

One line a reading: the gateway passes one request at a time on to its meters, and another master
may wait for it. Who does not answer is absent: the gateway says nothing for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from backend.core.sg_counters import Counter
from backend.core.sg_registers import HOLDING, IDENTITY, Block, evidence_of, identity_of, layout_of
from backend.errors import GatewayAnswerError, GatewayUnreachable
from backend.ports import Gateway, GatewayMeter

# It writes the last frames down as an error for each meter that does not answer, each time.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
ANSWER_LIMIT_S = 1.0
"""How long a meter may take to answer a request, in real seconds."""


async def read_counters(
    gateway: Gateway, meter: GatewayMeter, asking: Callable[[], None] = lambda: None
) -> tuple[list[Counter], str]:
    """
    Read a meter's counters.

    Parameters:
        asking: called when the counters themselves are asked for.

    Returns:
        The counters, and what was read, as JSON, for evidence.

    Raises:
        GatewayError: If it cannot be read, or it is another meter than is said.
    """
    client = AsyncModbusTcpClient(
        gateway.host,
        port=gateway.port,
        framer=FramerType.SOCKET,
        timeout=ANSWER_LIMIT_S,
        retries=0,
        reconnect_delay=0,
    )
    try:
        if not await client.connect():
            raise GatewayUnreachable(
                f"nobody answers at {gateway.host}:{gateway.port}",
                gateway.where(),
                "look whether it has power and TCP Modbus is enabled; it is tried again",
            )
        return await _read(client, gateway, meter, asking)
    finally:
        client.close()


async def _read(
    client: AsyncModbusTcpClient, gateway: Gateway, meter: GatewayMeter, asking: Callable[[], None]
) -> tuple[list[Counter], str]:
    where = gateway.where(meter)
    model, serial = identity_of(await _words(client, IDENTITY, meter, where))
    if serial != meter.serial:
        raise GatewayAnswerError(
            f"under address {meter.address} answers {model} {serial!r}, not {meter.serial!r}",
            where,
            "correct address or serial number of the meter; nothing of it was kept",
        )
    layout = layout_of(model, where)
    asking()
    # The values are in the first block; the others say what they are.
    words = {block: await _words(client, block, meter, where) for block in layout.blocks}
    return layout.counters(words, where), evidence_of(model, serial, words)


async def _words(
    client: AsyncModbusTcpClient, block: Block, meter: GatewayMeter, where: str
) -> Sequence[int]:
    ask = (
        client.read_holding_registers if block.function == HOLDING else client.read_input_registers
    )
    try:
        answer: ModbusPDU = await ask(block.address, count=block.count, device_id=meter.address)
    except (ModbusException, OSError) as error:
        raise GatewayUnreachable(
            f"address {meter.address} does not answer ({type(error).__name__})",
            where,
            "look at its power and at the line to it; it is tried again",
        ) from None
    if answer.isError() or len(answer.registers) != block.count:
        code = getattr(answer, "exception_code", 0)
        raise GatewayAnswerError(
            f"registers {block.address} to {block.address + block.count - 1} are refused "
            f"(exception {code})",
            where,
            "look at the model of the meter; it is tried again",
        )
    return answer.registers
