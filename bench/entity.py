"""How fast one person's values and audiences are answered over HTTP.

Everything runs on this machine: an embedded PostgreSQL, the web process, and a few clients that ask
for people at random, each on a connection of its own. Profiles are written straight into the store,
with two identifiers, ten more values and an audience each.
"""

import http.client
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _figures import Options, print_figures, read_options
from _load import percentile
from collect import HOST, web_process

from coterie.app.database import prepare_database
from coterie.app.up import free_port
from coterie.base.clock import system_clock, to_us
from coterie.base.ids import keyed_hash
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience
from coterie.control.definitions.schema import current_schema
from coterie.control.tokens import create_token
from coterie.flow.identity.owners import save_owners
from coterie.flow.profiles.operators import operator
from coterie.flow.profiles.storage import save_profiles
from coterie.flow.run.generations import enter_live_generation
from coterie.model.control import Actor
from coterie.model.profile import Edge, EvaluatedProfile, FoldedProfile, Fragment
from coterie.model.schema import Field
from coterie.store import Embedded, Store

ACTOR = Actor(name="bench")
CLIENTS = 4
CHUNK = 5_000
VALUES = 10
WARM_UP = 200


def main() -> None:
    """Run the benchmark."""
    options = read_options(__doc__ or "")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        with Embedded.open(settings.data_dir, owner="bench/entity.py") as server:
            prepare_database(server.url, settings, system_clock)
            print_figures("entity", measure(server.url, settings, options), options)


def measure(url: str, settings: Settings, options: Options) -> dict[str, int | float | str]:
    """Fill the store, then ask for people at random."""
    people, seconds = (20_000, 8.0) if options.quick else (1_000_000, 30.0)
    with Store.open(url, max_size=1) as store:
        token = fill(store, people)
    port = free_port(HOST)
    with web_process(url, settings.data_dir, port):
        times = ask(port, token, people, seconds)
    return {
        "profiles": people,
        "clients": CLIENTS,
        "requests_per_second": round(len(times) / seconds),
        "p50_ms": round(1_000 * percentile(times, 0.5), 2),
        "p99_ms": round(1_000 * percentile(times, 0.99), 2),
        "max_ms": round(1_000 * percentile(times, 1.0), 2),
    }


def fill(store: Store, people: int) -> str:
    """Make an account with so many profiles; return a token that may read them."""
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
    return create_token(
        store,
        account=account,
        name="bench",
        scopes=["data_manager"],
        expires_at=None,
        actor=ACTOR,
        now=now,
    ).token


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


def ask(port: int, token: str, people: int, seconds: float) -> list[float]:
    """Return how long each answer took, in rising order."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        asked = [
            clients.submit(ask_as_one, port, token, people, seconds, seed)
            for seed in range(CLIENTS)
        ]
        return sorted(took for one in asked for took in one.result())


def ask_as_one(port: int, token: str, people: int, seconds: float, seed: int) -> list[float]:
    """Ask for people at random, one after the other, on one connection; return the times."""
    times: list[float] = []
    chance = random.Random(seed)
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    headers = {"Authorization": token}
    end = 0.0
    asked = 0
    while asked <= WARM_UP or time.perf_counter() < end:
        path = f"/api/entity/user/email/u{chance.randrange(people)}@example.org"
        started = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - started
        if answer.status != 200:
            raise SystemExit("A person was not found: " + str(answer.status))
        asked += 1
        if asked == WARM_UP:
            end = time.perf_counter() + seconds
        elif asked > WARM_UP:
            times.append(took)
    return times


if __name__ == "__main__":
    main()
