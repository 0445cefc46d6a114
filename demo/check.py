"""Checks the demo's own claims: what Braze holds equals what the audiences say."""

from collections import Counter, defaultdict

import msgspec

from coterie.app.services import Services
from coterie.flow.run.generations import enter_live_generation
from demo.braze import Braze
from demo.data import Order
from demo.shop import ATTRIBUTE, AUDIENCES, IN_BRAZE, Shop

MEMBERS = """
SELECT a.slug, i.value FROM membership m
JOIN audience a ON a.id = m.audience_id
JOIN identity i ON i.account = m.account AND i.profile_id = m.profile_id AND i.field = 'user_id'
WHERE m.account = %(account)s
"""
COUNTS = """
SELECT (SELECT count(*) FROM profile WHERE account = %(account)s),
       (SELECT count(*) FROM identity WHERE account = %(account)s),
       (SELECT count(*) FROM change WHERE account = %(account)s AND kind = 'enter'),
       (SELECT count(*) FROM change WHERE account = %(account)s AND kind = 'exit'),
       (SELECT sum(added) FROM destination WHERE account = %(account)s),
       (SELECT sum(removed) FROM destination WHERE account = %(account)s)
"""


class Claim(msgspec.Struct, frozen=True):
    """One claim with what was found."""

    what: str
    expected: int
    found: int

    @property
    def is_true(self) -> bool:
        """Whether it holds."""
        return self.expected == self.found


class Figures(msgspec.Struct, frozen=True):
    """What the database counted; `added` and `removed` are values that were sent to Braze."""

    profiles: int
    identifiers: int
    entered: int
    left: int
    added: int
    removed: int


class Outcome(msgspec.Struct, frozen=True):
    """All that the summary shows."""

    claims: list[Claim]
    figures: Figures
    sizes: dict[str, int]
    braze_users: int
    braze_sizes: dict[str, int]


def check(
    services: Services, shop: Shop, braze: Braze, orders: list[Order], panel: dict[str, str]
) -> Outcome:
    """Compare three sources: the orders, the audiences, the users as the sandbox holds them."""
    with services.store.transaction() as conn:
        enter_live_generation(conn)
        counts = conn.execute(COUNTS, {"account": shop.account}).fetchone() or ()
        rows = conn.execute(MEMBERS, {"account": shop.account}).fetchall()
    figures = Figures(*map(int, counts))
    ours: dict[str, set[str]] = defaultdict(set)
    sizes: Counter[str] = Counter()
    for slug, user_id in rows:
        sizes[slug] += 1
        if slug in AUDIENCES:
            ours[user_id].add(slug)
    theirs = {
        user["external_id"]: set(user["custom_attributes"].get(ATTRIBUTE, ()))
        for user in braze.users()
    }
    told = {user_id: slugs for user_id, slugs in theirs.items() if slugs}
    different = [one for one in ours.keys() | told.keys() if ours.get(one) != told.get(one)]
    expected = expected_sizes(orders)
    people = len({order.customer_id for order in orders})
    claims = [
        Claim("every customer is one profile", people, figures.profiles),
        Claim(
            "identifiers: customers, panel numbers, Braze ids, e-mail addresses",
            people + len(panel) + len(theirs) + sizes["reachable_big_spenders"],
            figures.identifiers,
        ),
        *(
            Claim(f"size of {slug}, counted from the orders by hand", size, sizes[slug])
            for slug, size in expected.items()
        ),
        Claim("users whose audiences differ at Braze", 0, len(different)),
        Claim("everyone at Braze is known as such here", len(theirs), sizes[IN_BRAZE[0]]),
    ]
    braze_sizes: Counter[str] = Counter(slug for slugs in theirs.values() for slug in slugs)
    return Outcome(claims, figures, dict(sizes), len(theirs), dict(braze_sizes))


def expected_sizes(orders: list[Order]) -> dict[str, int]:
    """Count the audiences from the orders, without the product; cents, so that sums are exact."""
    cents: Counter[str] = Counter()
    count: Counter[str] = Counter()
    cds: Counter[str] = Counter()
    last: dict[str, str] = {}
    for order in orders:
        cents[order.customer_id] += round(order.amount * 100)
        count[order.customer_id] += 1
        cds[order.customer_id] += order.number_of_cds
        last[order.customer_id] = max(last.get(order.customer_id, ""), order.day.isoformat())
    return {
        "big_spenders": sum(total >= 200_00 for total in cents.values()),
        "one_time_buyers": sum(number == 1 for number in count.values()),
        "loyal": sum(number >= 5 and cds[one] >= 10 for one, number in count.items()),
        "lapsed": sum(day < "1998-01-01" for day in last.values()),
        "reachable_big_spenders": sum(total >= 200_00 for total in cents.values()),
    }
