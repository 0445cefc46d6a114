"""What tests of renaming do again and again."""

from datetime import timedelta

from tests.functional.flow.conftest import ACTOR, House

from coterie.control.definitions.renaming import rename_field
from coterie.control.definitions.schema import publish_edit


def rename(house: House, old: str, new: str) -> None:
    """Give a field another name at once, a moment later."""
    house.now += timedelta(seconds=1)
    publish_edit(
        house.store,
        account=house.account.number,
        edit=lambda draft: rename_field(draft, old, new),
        actor=ACTOR,
        clock=lambda: house.now,
    )
