"""What destinations hold of a person, found by any of their identifiers."""

from collections.abc import Sequence

from coterie.flow.exports.forget import names_of
from coterie.flow.exports.told import find_holdings
from coterie.flow.identity.owners import find_owners
from coterie.flow.profiles.storage import read_profiles
from coterie.flow.run.context import ConfigAt
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.lookup import is_unicode, normal_form
from coterie.model.ledger import Holding
from coterie.model.mapped import can_identify
from coterie.store import Connection, Store


class HoldingsFinder:
    """The ledgers of one store, person by person."""

    def __init__(self, store: Store, config_at: ConfigAt) -> None:
        self._store = store
        self._config_at = config_at

    def find(self, account: int, text: str) -> Sequence[Holding]:
        """Return what is held of the user of this name, or of whom the identifier belongs to.

        A person may be known under several names, and of one that is known no more here a
        destination may still hold something: the text itself is looked for as well.
        """
        if not is_unicode(text) or not can_identify(text):
            return ()
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            values = {text, *self._identifiers(conn, account, text)}
            return find_holdings(conn, account, names_of(values))

    def _identifiers(self, conn: Connection, account: int, text: str) -> set[str]:
        config = self._config_at(conn).accounts.get(account)
        if config is None or not config.schemas:
            return set()
        schema = config.schemas[-1]
        asked = {
            found
            for field in schema.fields
            if (found := normal_form(schema, (field.name, text))) is not None
        }
        people = set(find_owners(conn, account, asked).values())
        return {
            fragment.identifier[1]
            for profile in read_profiles(conn, account, people)
            for fragment in profile.body.fragments
        }
