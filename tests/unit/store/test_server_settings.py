"""What the embedded server runs with."""

import pytest

from coterie.store.server_settings import wal_gigabytes

GB = 2**30


@pytest.mark.parametrize(
    ("disk_gb", "wal_gb"), [(8, 4), (128, 4), (255, 7), (256, 8), (512, 16), (100_000, 16)]
)
def test_checkpoints_are_rarer_on_larger_disks_within_bounds(disk_gb: int, wal_gb: int) -> None:
    assert wal_gigabytes(disk_gb * GB) == wal_gb
