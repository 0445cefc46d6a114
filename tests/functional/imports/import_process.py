"""The job loop as a process of its own: `python import_process.py DATABASE_URL DATA_DIR`."""

import sys
import threading
from pathlib import Path

from coterie.base.clock import system_clock
from coterie.base.seal import new_ring
from coterie.base.settings import Settings
from coterie.control.definitions.pipeline import load_config
from coterie.flow.run.context import Contexts
from coterie.flow.run.names import Names
from coterie.store import Store
from coterie.worker.dependencies import Bench
from coterie.worker.jobs import run_jobs

if __name__ == "__main__":
    with Store.open(sys.argv[1]) as store:
        bench = Bench(
            settings=Settings(data_dir=Path(sys.argv[2])),
            clock=system_clock,
            ring=new_ring(),
            store=store,
            contexts=Contexts(load_config, Names(b"k" * 32)),
        )
        run_jobs(bench, threading.Event())
