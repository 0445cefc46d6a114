"""A worker as a process of its own: `python worker_process.py DATABASE_URL BATCH_SIZE KEY`."""

import sys
import threading

from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.base.log import configure_logging
from coterie.flow.run.batch import BatchSettings
from coterie.store import Store
from coterie.worker.loop import WorkerDependencies, run_worker

if __name__ == "__main__":
    configure_logging("console", level="error")
    with Store.open(sys.argv[1]) as store:
        batch = BatchSettings(bytes.fromhex(sys.argv[3]), limit=int(sys.argv[2]))
        run_worker(
            WorkerDependencies(store, config_source(), system_clock, batch), threading.Event()
        )
