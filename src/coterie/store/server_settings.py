"""The configuration that the embedded PostgreSQL runs with."""

from pathlib import Path

import msgspec

from coterie.store.machine import Machine

PORT = 5432

ACCESS_RULES = """\
# Written by Coterie at every start. The socket's folder is private, so whoever reaches it is us.
local all all trust
"""


LEAST_WAL_GB, MOST_WAL_GB = 4, 16
WAL_SHARE_OF_DISK = 32
LEAST_BUFFERS_MB, MOST_BUFFERS_MB = 128, 4096
BUFFERS_SHARE_OF_MEMORY = 4


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What may differ from one embedded server to the next.

    `shared_buffers_mb` is chosen by the machine's memory where it is None. `durable=False` gives up
    crash safety for speed, which only tests of other things may want.
    """

    shared_buffers_mb: int | None = None
    durable: bool = True


def render_configuration(
    options: ServerOptions,
    *,
    socket_dir: Path,
    log_dir: Path,
    name: str,
    lz4: bool,
    machine: Machine,
) -> str:
    """Return the text of postgresql.conf; `name` shows in the titles of the server's processes."""
    buffers_mb = options.shared_buffers_mb or buffers_megabytes(machine.memory_bytes)
    values: dict[str, str] = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": '"' + str(socket_dir).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "cluster_name": name,
        "max_connections": "60",
        "max_logical_replication_workers": "0",
        "timezone": "UTC",
        "shared_buffers": f"{buffers_mb}MB",
        "huge_pages": "try",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "jit": "off",
        "random_page_cost": "1.1",
        "synchronous_commit": "on",
        "max_wal_size": f"{wal_gigabytes(machine.disk_bytes)}GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "30min",
        "checkpoint_completion_target": "0.9",
        "autovacuum_naptime": "15s",
        "autovacuum_vacuum_cost_limit": "2000",
        "autovacuum_vacuum_scale_factor": "0.1",
        # Rows are found by their keys, so plans need rough figures only; analysing tables that grow
        # all the time took a tenth of the server's processor time.
        "autovacuum_analyze_scale_factor": "0.1",
        "default_statistics_target": "20",
        "logging_collector": "on",
        "log_directory": str(log_dir),
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_truncate_on_rotation": "on",
        "log_timezone": "UTC",
        "log_file_mode": "0600",
        # Statements, details and contexts quote rows, which hold personal data.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "log_min_duration_statement": "-1",
    }
    if lz4:
        values |= {"wal_compression": "lz4", "default_toast_compression": "lz4"}
    if not options.durable:
        values |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    lines = ["# Written by Coterie at every start; changes made here are lost."]
    lines += [f"{key} = {_quote(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def wal_gigabytes(disk_bytes: int) -> int:
    """Return how much write-ahead log may gather between checkpoints, for a disk of this size.

    The first write to a page after a checkpoint logs the whole page, which with millions of
    profiles is nearly every write, so checkpoints shall be rare. The size of the disk decides and
    not what is free of it: a running server is taken over only if its settings are the same.
    """
    share = disk_bytes // (WAL_SHARE_OF_DISK * 2**30)
    return min(MOST_WAL_GB, max(LEAST_WAL_GB, share))


def buffers_megabytes(memory_bytes: int) -> int:
    """Return how much the server keeps of its pages itself, on a machine with this much memory.

    A quarter, as PostgreSQL's manual advises: a page that is not there is copied in from the
    operating system and another one out, which with millions of profiles is every write. Memory
    is taken as pages come, so little data takes little of it.
    """
    share = memory_bytes // (BUFFERS_SHARE_OF_MEMORY * 2**20)
    return min(MOST_BUFFERS_MB, max(LEAST_BUFFERS_MB, share))


def _quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
