"""How fast one person's values and audiences are answered over HTTP, under load.

The load: 1,000 events a second about people at random come in, in requests of 25, and are worked
off, while 200 people at random a second are asked for. Requests arrive at random instants and wait
for nobody's answer, and each is measured from the instant at which it was to arrive.

Everything runs on this machine: the whole product with an embedded PostgreSQL, and the senders as a
process of their own. Profiles are written straight into the store, with two identifiers, ten more
values and an audience each. What a read takes of the processors is the difference to the same load
without reads.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from _arrivals import Plan
from _figures import Options, print_figures, read_options
from _postgres import ServerTime, family_seconds

from coterie.app.up import current_environment, running_product
from coterie.base.clock import system_clock, to_us
from coterie.base.ids import keyed_hash
from coterie.base.log import configure_logging
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience, get_audience
from coterie.control.definitions.schema import current_schema
from coterie.control.tokens import create_token
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
CHUNK = 5_000
VALUES = 10
WARM_UP = 3.0
ARRIVALS = (sys.executable, str(Path(__file__).with_name("_arrivals.py")))


def main() -> None:
    """Run the benchmark."""
    options = read_options(__doc__ or "")
    configure_logging("console", level="error")
    env = {**current_environment(), "COTERIE_LOG_LEVEL": "error"}
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), log_level="error")
        with running_product(settings, env) as product:
            figures = measure(product.url, product.address, product.pids, options)
    print_figures("entity", figures, options)


def measure(
    url: str, address: str, pids: Mapping[str, int], options: Options
) -> dict[str, int | float | str]:
    """Fill the store, then load it without and with reads."""
    people, seconds = (20_000, 8.0) if options.quick else (1_000_000, 60.0)
    with Store.open(url, max_size=1) as store:
        account, token = fill(store, people)
        wait_until_built(store, account, ("everyone",))
        server = ServerTime(store)

        def used() -> tuple[float, float]:
            return family_seconds(pids["web"]), server.seconds()

        parts = urlsplit(address)
        plan = Plan(
            host=parts.hostname or "", port=parts.port or 80, token=token, account=account,
            people=people, reads_per_second=READS, events_per_second=EVENTS, seconds=seconds,
            warm_up=WARM_UP,
        )  # fmt: skip
        at_first = used()
        load(msgspec.structs.replace(plan, reads_per_second=0.0))
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


def fill(store: Store, people: int) -> tuple[int, str]:
    """Make an account with so many profiles; return it and a token that may read and add."""
    now = system_clock()
    account = create_account(store, name="Bench", actor=ACTOR, clock=system_clock).number
    audience = create_audience(
        store,
        account=account,
        slug="everyone",
        name="Everyone",
        filter_text="FILTER *",
        actor=ACTOR,
        clock=system_clock,
    ).id
    fields = current_schema(store, account).fields
    known = {field.name: field for field in fields}
    others = [field for field in fields if field.kind == "string" and field.identifier is None]
    for start in range(0, people, CHUNK):
        made = [
            profile(number, known, others[:VALUES], audience, to_us(now))
            for number in range(start, min(start + CHUNK, people))
        ]
        owners = {
            part.identifier: one.folded.profile_id for one in made for part in one.folded.fragments
        }
        with store.transaction() as conn:
            enter_live_generation(conn)
            save_owners(conn, account, owners, {})
            save_profiles(conn, account, made, {})
    with store.connect(autocommit=True) as conn:
        # As autovacuum would have done by the time that there are so many.
        conn.execute("VACUUM ANALYZE")
    token = create_token(
        store,
        account=account,
        name="bench",
        scopes=["data_manager"],
        expires_at=None,
        actor=ACTOR,
        now=now,
    ).token
    return account, token


def profile(
    number: int, known: dict[str, Field], others: list[Field], audience: int, at_us: int
) -> EvaluatedProfile:
    """Return a profile as events would have made it."""
    user_id, email = ("user_id", f"u{number}"), ("email", f"u{number}@example.org")
    said = [(known["user_id"], user_id[1]), (known["email"], email[1])]
    said += [(field, f"{field.name} of {number % 1_000}") for field in others]
    states = {field.id: operator(field).fold(None, value, at_us) for field, value in said}
    folded = FoldedProfile(
        keyed_hash(b"bench", "profile", user_id[1]).hex(),
        None,
        (Fragment(*user_id, at_us, at_us, states), Fragment(*email, at_us, at_us, {})),
        (Edge(*user_id, *email, at_us, at_us, 1, "default"),),
        (),
        None,
        at_us,
    )
    return EvaluatedProfile(folded, (audience,), (at_us,), None)


if __name__ == "__main__":
    main()
