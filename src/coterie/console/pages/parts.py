"""What several areas of the console need to name things."""

from litestar.di import NamedDependency

from coterie.console.visit import Visit
from coterie.control.users import list_people

Visitor = NamedDependency[Visit]
"""The type of a handler's `visit` parameter."""


def actor_names(visit: Visit) -> dict[str, str]:
    """Return the e-mail address of each of the account's people by the name of their actor."""
    people = list_people(visit.deps.store, visit.account)
    return {f"person:{person.id}": person.email for person in people}
