"""What a server is told of its machine."""

from pathlib import Path

from coterie.store.machine import memory_bytes

MACHINE = memory_bytes(())


def test_a_container_that_may_take_less_than_the_machine_has_decides(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("536870912\n", encoding="ascii")

    assert memory_bytes((limit,)) == 512 * 2**20


def test_a_container_without_a_limit_has_the_machine_s_memory(tmp_path: Path) -> None:
    unlimited, huge = tmp_path / "memory.max", tmp_path / "memory.limit_in_bytes"
    unlimited.write_text("max\n", encoding="ascii")
    huge.write_text("9223372036854771712\n", encoding="ascii")

    assert memory_bytes((unlimited, huge, tmp_path / "missing")) == MACHINE
