"""Runs one due job and dies while its file is handed over: `python … URL DATA_DIR`."""

import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from coterie.base.clock import system_clock
from coterie.base.seal import new_ring
from coterie.base.settings import Settings
from coterie.connectors import local_folder
from coterie.connectors.files import Sink, Watch
from coterie.control.definitions.pipeline import load_config
from coterie.flow.run.context import Contexts
from coterie.flow.run.names import Names
from coterie.store import Store
from coterie.worker.dependencies import Bench
from coterie.worker.jobs import run_due_job


def die_half_way(source: BinaryIO, target: Sink, watch: Watch | None) -> None:  # noqa: ARG001 - as _copy
    """Copy the first bytes of a file, then end as if the machine had been switched off."""
    target.write(source.read(10))
    target.flush()  # type: ignore[attr-defined]
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    local_folder._copy = die_half_way
    with Store.open(sys.argv[1]) as store:
        bench = Bench(
            settings=Settings(data_dir=Path(sys.argv[2])),
            clock=system_clock,
            ring=new_ring(),
            store=store,
            contexts=Contexts(load_config, Names(b"k" * 32)),
        )
        with store.connect(autocommit=True) as conn:
            run_due_job(bench, conn, is_stopping=lambda: False)
