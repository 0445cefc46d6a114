"""The people of the pipeline's benchmark: what is known of them, what they do, who asks."""

import random
from collections.abc import Iterator

STREAM = "bench"
# People whose events come together when a history is imported.
BLOCK = 1_000
LQL = """
SELECT user_id KIND string, email(email) AS email KIND string,
  _uid AS _uids KIND []string MERGEOP merge,
  country KIND string, plan KIND string, toint(age) AS age KIND int,
  tonumber(amount) AS order_total KIND number MERGEOP sum,
  count(amount) AS order_count KIND int MERGEOP sum,
  todate(at) AS last_event_at KIND date MERGEOP max,
  set(tag) AS tags KIND []string MERGEOP merge,
  valuect(event) AS event_counts KIND map[string]intsum MERGEOP mapsum,
  page AS last_page KIND string
FROM bench INTO user BY user_id OR email OR _uids ALIAS bench
"""
COUNTRIES = ["DE", "FR", "IT", "ES", "NO", "SE", "DK", "FI", "PL", "NL"]
PLANS = ["free", "basic", "pro", "team"]
TAGS = [f"tag{number}" for number in range(40)]


def audiences() -> list[str]:
    """Return twenty filters of one to three clauses."""
    return [
        *(f'FILTER country = "{country}"' for country in COUNTRIES[:5]),
        *(f'FILTER AND (plan = "{plan}", age > 30)' for plan in PLANS),
        *(f"FILTER order_total > {limit}" for limit in (10, 100, 250, 1_000)),
        *(f'FILTER AND (order_count >= {n}, country IN ("DE", "FR"))' for n in (2, 5, 10)),
        'FILTER tags INTERSECTS ("tag1", "tag2")',
        'FILTER last_page LIKE "/shop/*"',
        "FILTER event_counts.view > 20",
        "FILTER NOT EXISTS email",
    ]


def behavioural_audiences() -> list[str]:
    """Return five filters over the history of events; they watch for six things."""
    return [
        'FILTER count_of("view", "now-30d") >= 20',
        'FILTER AND (count_of("order", "now-90d") >= 3, last_of("order", amount) > 50)',
        'FILTER sum_of("order", amount, "now-30d") > 200',
        'FILTER did("search", page LIKE "/shop/1*", "now-7d")',
        'FILTER did_in_order("view", "click", "order", "now-7d")',
    ]


def first_event(person: int) -> dict[str, object]:
    """Return the event that names all three identifiers of a person."""
    return {
        "user_id": f"user-{person}",
        "email": f"User{person}@example.com",
        "_uid": f"cookie-{person}",
        "country": COUNTRIES[person % len(COUNTRIES)],
        "plan": PLANS[person % len(PLANS)],
        "age": 18 + person % 60,
        "at": "2026-01-01T00:00:00Z",
        "event": "sign_up",
    }


def next_event(chance: random.Random, person: int) -> dict[str, object]:
    """Return what a person does next: mostly a page, at times an order or a new plan."""
    body: dict[str, object] = {
        "_uid": f"cookie-{person}",
        "at": f"2026-01-{chance.randint(2, 28):02}T{chance.randint(0, 23):02}:00:00Z",
        "event": chance.choice(("view", "search", "click")),
        "page": f"/shop/{chance.randint(1, 500)}",
        "tag": chance.choice(TAGS),
    }
    if chance.random() < 0.3:
        body["user_id"] = f"user-{person}"
    if chance.random() < 0.1:
        body |= {"event": "order", "amount": chance.randint(100, 20_000) / 100}
    if chance.random() < 0.02:
        body["plan"] = chance.choice(PLANS)
    return body


def next_events(people: int, events: int, *, in_blocks: bool) -> Iterator[dict[str, object]]:
    """Yield what people do, always the same.

    Anybody comes next, as in live traffic, or, `in_blocks`, a thousand people with all that they
    ever did before the next thousand, as in an import of a history.
    """
    chance = random.Random(1)
    for number in range(events):
        first, size = 0, people
        if in_blocks:
            size = min(BLOCK, people)
            first = number * (people // size) // events * size
        yield next_event(chance, first + chance.randrange(size))
