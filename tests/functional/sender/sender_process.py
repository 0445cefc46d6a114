"""A sender as a process of its own: `python sender_process.py DATABASE_URL KEY_FILE [SECONDS]`."""

import asyncio
import sys
from pathlib import Path

from coterie.base.keyfile import load_or_create
from coterie.flow.exports.desk import DeliveryDesk
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.loop import run_sender
from coterie.store import Store


async def main(url: str, key_file: Path, seconds: float = 0.0) -> None:
    with Store.open(url) as store:
        deps = SenderDependencies(
            desk=DeliveryDesk(store),
            ring=load_or_create(key_file),
            allow_private_addresses=True,
            flush_seconds=seconds or 0.02,
            poll_seconds=0.01,
            takeover_seconds=0.05 if seconds else 0.2,
            timeout=seconds or 30.0,
        )
        await run_sender(deps, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *map(float, sys.argv[3:])))
