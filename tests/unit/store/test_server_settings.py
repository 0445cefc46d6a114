"""What the embedded server runs with."""

import pytest

from coterie.store.server_settings import buffers_megabytes, wal_gigabytes

GB = 2**30


@pytest.mark.parametrize(
    ("disk_gb", "wal_gb"), [(8, 4), (128, 4), (255, 7), (256, 8), (512, 16), (100_000, 16)]
)
def test_checkpoints_are_rarer_on_larger_disks_within_bounds(disk_gb: int, wal_gb: int) -> None:
    assert wal_gigabytes(disk_gb * GB) == wal_gb


@pytest.mark.parametrize(
    ("memory_mb", "buffers_mb"),
    [(256, 128), (1024, 256), (8192, 2048), (16_384, 4096), (262_144, 4096)],
)
def test_more_pages_stay_in_memory_on_larger_machines_within_bounds(
    memory_mb: int, buffers_mb: int
) -> None:
    assert buffers_megabytes(memory_mb * 2**20) == buffers_mb
