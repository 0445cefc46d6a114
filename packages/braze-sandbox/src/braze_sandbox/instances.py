"""Where Braze's instances are, for forms that ask which one an account is on."""

import msgspec


class Instance(msgspec.Struct, frozen=True):
    """A Braze instance with its addresses."""

    instance: str
    dashboard: str
    rest: str


def _make(name: str, dashboard: str, rest: str) -> Instance:
    return Instance(name, f"https://dashboard{dashboard}", f"https://rest.{rest}")


# braze-docs `_docs/_api/basics.md`.
INSTANCES: tuple[Instance, ...] = (
    *(_make(f"US-0{n}", f"-0{n}.braze.com", f"iad-0{n}.braze.com") for n in range(1, 9)),
    _make("US-10", ".us-10.braze.com", "us-10.braze.com"),
    *(_make(f"EU-0{n}", f"-0{n}.braze.eu", f"fra-0{n}.braze.eu") for n in range(1, 3)),
    *(
        _make(f"{place}-01", f".{place.lower()}-01.braze.com", f"{place.lower()}-01.braze.com")
        for place in ("AU", "ID", "JP", "KR")
    ),
)
