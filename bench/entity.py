"""How fast one person's values and audiences are answered over HTTP, under load.

The load: 1,000 events a second about people at random come in, in requests of 25, and are worked
off, while 200 people at random a second are asked for. Requests arrive at random instants and wait
for nobody's answer, and each is measured from the instant at which it was to arrive.

Everything runs on this machine: the whole product with an embedded PostgreSQL, and the senders as a
process of their own. Profiles are written straight into the store, with two identifiers, eleven
more values and an audience each. What a read takes of the processors is the difference to the same
load without reads.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from _arrivals import Plan
from _figures import Options, common_options, options_of, print_figures, say
from _postgres import ServerTime, family_seconds

from coterie.app.up import Running, current_environment, running_product
from coterie.base.clock import from_us, system_clock, to_us
from coterie.base.ids import keyed_hash
from coterie.base.log import configure_logging
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience, get_audience
from coterie.control.definitions.schema_versions import current_schema
from coterie.control.tokens import create_token
from coterie.flow.audiences.membership import save_memberships
from coterie.flow.identity.owners import save_owners
from coterie.flow.profiles.operators import operator
from coterie.flow.profiles.storage import save_profiles
from coterie.flow.run.generations import enter_live_generation
from coterie.model.control import Actor
from coterie.model.profile import Edge, EvaluatedProfile, FoldedProfile, Fragment
from coterie.model.schema import Field
from coterie.store import Store

ACTOR = Actor(name="bench")
READS, EVENTS = 200.0, 1_000.0
PEOPLE, QUICK_PEOPLE = 1_000_000, 20_000
SECONDS, QUICK_SECONDS = 20.0, 8.0
CHUNK = 5_000
VALUES = 10
WARM_UP = 3.0
ARRIVALS = (sys.executable, str(Path(__file__).with_name("_arrivals.py")))


def main() -> None:
    """Run the benchmark."""
    parser = common_options(__doc__ or "")
    parser.add_argument("--people", type=int, help=f"how many profiles (default {PEOPLE:,})")
    given = parser.parse_args()
    options = options_of(given)
    people = given.people or (QUICK_PEOPLE if options.quick else PEOPLE)
    configure_logging("console", level="error")
    env = {**current_environment(), "COTERIE_LOG_LEVEL": "error"}
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), port=0, log_level="error")
        with running_product(settings, env) as product:
            figures = measure(product, people, options)
    print_figures("entity", figures, options)


def measure(product: Running, people: int, options: Options) -> dict[str, int | float | str]:
    """Fill the store, then load it without and with reads."""
    seconds = QUICK_SECONDS if options.quick else SECONDS
    with Store.open(product.url, max_size=1) as store:
        home = open_home(store)
        fill(store, home, people, system_clock(), None)
        wait_until_built(store, home.account, ("everyone",))
        server = ServerTime(store)

        def used() -> tuple[float, float]:
            return family_seconds(product.pids["web"]), server.seconds()

        parts = urlsplit(product.address)
        plan = Plan(
            host=parts.hostname or "", port=parts.port or 80, token=home.token,
            account=home.account, people=people, reads_per_second=READS, events_per_second=EVENTS,
            seconds=seconds, warm_up=WARM_UP,
        )  # fmt: skip
        say("events come, nobody reads")
        at_first = used()
        load(msgspec.structs.replace(plan, reads_per_second=0.0))
        say("events come, people are read")
        between = used()
        taken = load(plan)
        at_last = used()
    if taken["failures"]:
        raise SystemExit("Requests were refused: " + str(taken["failures"]))
    asked = READS * (WARM_UP + seconds)
    web, postgres = (
        1e6 * ((c - b) - (b - a)) / asked
        for a, b, c in zip(at_first, between, at_last, strict=True)
    )
    return {
        "profiles": people,
        "reads_per_second": READS,
        "events_per_second": round(taken["events"] / (WARM_UP + seconds)),
        "reads": round(taken["reads"]),
        "p50_ms": round(taken["p50_ms"], 2),
        "p99_ms": round(taken["p99_ms"], 2),
        "max_ms": round(taken["max_ms"], 2),
        "accept_p99_ms": round(taken["accept_p99_ms"], 2),
        "web_cpu_us_per_read": round(web),
        "postgres_cpu_us_per_read": round(postgres),
    }


def wait_until_built(store: Store, account: int, slugs: Iterable[str]) -> None:
    """Return once audiences are built, which nobody does on an ordinary day."""
    while any(get_audience(store, account, slug).state != "live" for slug in slugs):
        time.sleep(0.2)


def load(plan: Plan) -> dict[str, float]:
    """Let requests arrive from a process of its own; return its figures."""
    done = subprocess.run(
        ARRIVALS, input=msgspec.json.encode(plan), stdout=subprocess.PIPE, check=True
    )
    return msgspec.json.decode(done.stdout, type=dict[str, float])


class Home(msgspec.Struct, frozen=True):
    """An account, a token of it that may read and add, and the audience that holds everybody."""

    account: int
    token: str
    everyone: int


def open_home(store: Store) -> Home:
    """Make an account with an audience and a token."""
    account = create_account(store, name="Bench", actor=ACTOR, clock=system_clock).number
    everyone = add_audience(store, account, "everyone", "FILTER *")
    token = create_token(
        store,
        account=account,
        name="bench",
        scopes=["data_manager"],
        expires_at=None,
        actor=ACTOR,
        now=system_clock(),
    ).token
    return Home(account, token, everyone)


def add_audience(store: Store, account: int, slug: str, filter_text: str) -> int:
    """Make an audience; return its id."""
    return create_audience(
        store,
        account=account,
        slug=slug,
        name=slug.capitalize(),
        filter_text=filter_text,
        actor=ACTOR,
        clock=system_clock,
    ).id


def fill(
    store: Store, home: Home, people: int, seen_at: datetime, leaving: tuple[int, datetime] | None
) -> None:
    """Write so many profiles that were all seen last at `seen_at`, and are all in "everyone".

    With `leaving` they are in this other audience too, until an instant.
    """
    say(f"{people:,} profiles are written")
    fields = current_schema(store, home.account).fields
    known = {field.name: field for field in fields}
    others = [field for field in fields if field.kind == "string" and field.identifier is None]
    other, instant = leaving or (None, None)
    audiences = [home.everyone] if other is None else sorted([home.everyone, other])
    for start in range(0, people, CHUNK):
        write(
            store,
            home.account,
            [
                EvaluatedProfile(
                    profile(number, known, others[:VALUES], to_us(seen_at)),
                    tuple(audiences),
                    (to_us(seen_at),) * len(audiences),
                    instant,
                )
                for number in range(start, min(start + CHUNK, people))
            ],
        )
    with store.connect(autocommit=True) as conn:
        # As autovacuum would have done by the time that there are so many.
        conn.execute("VACUUM ANALYZE")


def write(store: Store, account: int, made: Sequence[EvaluatedProfile]) -> None:
    """Write new profiles as a worker does."""
    owners = {
        part.identifier: one.folded.profile_id for one in made for part in one.folded.fragments
    }
    with store.transaction() as conn:
        enter_live_generation(conn)
        save_owners(conn, account, owners, {})
        save_profiles(conn, account, made, {})
        save_memberships(conn, account, made, {}, ())


def profile(number: int, known: dict[str, Field], others: list[Field], at_us: int) -> FoldedProfile:
    """Return a profile as events would have made it."""
    user_id, email = ("user_id", f"u{number}"), ("email", f"u{number}@example.org")
    said: list[tuple[Field, Any]] = [(known["user_id"], user_id[1]), (known["email"], email[1])]
    said.append((known["last_seen"], from_us(at_us)))
    said += [(field, f"{field.name} of {number % 1_000}") for field in others]
    states = {field.id: operator(field).fold(None, value, at_us) for field, value in said}
    return FoldedProfile(
        keyed_hash(b"bench", "profile", user_id[1]).hex(),
        None,
        (Fragment(*user_id, at_us, at_us, states), Fragment(*email, at_us, at_us, {})),
        (Edge(*user_id, *email, at_us, at_us, 1, "default"),),
        (),
        None,
        at_us,
    )


if __name__ == "__main__":
    main()
