"""Nobody who is killed leaves processes behind that stand in the way of the next."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.crash.killer import find_processes, find_victims, kill
from tests.e2e.crash.product import Product, running_product, wait_until

from coterie.store import find_running

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes by /proc"),
]

RUNNING = ("supervisor", "worker-1", "jobs", "sender", "web", "web server")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("product")) as opened:
        yield opened


def test_the_http_server_ends_when_its_role_is_killed(product: Product) -> None:
    data_dir = product.settings.data_dir
    before = find_victims(data_dir, "web server")

    kill(find_victims(data_dir, "web"))

    wait_until(
        lambda: not set(before) & find_processes(data_dir).keys(), "gone", product.last_words
    )
    wait_until(product.is_ready, "ready", product.last_words)
    assert len(find_victims(data_dir, "web server")) == 1


def test_a_role_that_was_killed_is_back_at_once(product: Product) -> None:
    data_dir = product.settings.data_dir
    before = find_victims(data_dir, "sender")

    kill(before)

    wait_until(
        lambda: bool(set(find_victims(data_dir, "sender")) - set(before)),
        "back",
        product.last_words,
        seconds=2.0,
    )


def test_roles_end_when_their_supervisor_is_killed_and_stopping_the_next_ends_everything(
    tmp_path: Path,
) -> None:
    first = Product(tmp_path, restarts=False)
    first.wait_until_ready()
    data_dir = first.settings.data_dir
    assert len(find_processes(data_dir)) == len(RUNNING)

    kill(find_victims(data_dir, "supervisor"))
    first.wait_until_gone()
    database = find_running(data_dir)
    second = Product(tmp_path, restarts=False)
    second.wait_until_ready()
    code = second.stop()

    assert database is not None, "the database outlives its owner, for the next to take over"
    assert code == 0, second.last_words()
    assert find_running(data_dir) is None
