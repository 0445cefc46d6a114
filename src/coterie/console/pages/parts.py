"""What several areas of the console need to name things."""

from litestar.di import NamedDependency

from coterie.console.visit import Visit
from coterie.control.definitions.schema_versions import current_schema
from coterie.control.users import list_people
from coterie.flow.run.veil import Veil
from coterie.model.mapped import Identifier

Visitor = NamedDependency[Visit]
"""The type of a handler's `visit` parameter."""


PERSONAL_SCOPE = "data_manager"
"""What a person needs before they are shown personal data."""


def veil_for(visit: Visit, *known: Identifier) -> Veil | None:
    """Return what hides personal values from the visitor; None if they may see them.

    `known` are identifiers that the visitor has named.
    """
    if visit.may(PERSONAL_SCOPE):
        return None
    return Veil(current_schema(visit.deps.store, visit.account), known)


def actor_names(visit: Visit) -> dict[str, str]:
    """Return the e-mail address of each of the account's people by the name of their actor."""
    people = list_people(visit.deps.store, visit.account)
    return {f"person:{person.id}": person.email for person in people}
