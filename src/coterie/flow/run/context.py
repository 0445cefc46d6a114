"""The compiled form of what the data plane is told to do, account by account."""

from collections.abc import Callable, Iterable

from coterie.flow.audiences.evaluate import Evaluator
from coterie.flow.exports.claims import Exporter
from coterie.flow.exports.feeds import Feeder
from coterie.flow.exports.withdrawals import FeedGates
from coterie.flow.identity.rules import identity_rules, pins_of
from coterie.flow.mapping.mapper import Mapper
from coterie.flow.profiles.fold import Folder
from coterie.flow.profiles.histories import HistoryOperator, hidden_fields
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.names import Names
from coterie.lang.behaviour import Bounds
from coterie.model.config import AccountConfig, PipelineConfig
from coterie.model.identifier_names import IdentifierNames
from coterie.model.schema import Schema
from coterie.store import Connection

ConfigAt = Callable[[Connection], PipelineConfig]
"""Returns the configuration in force in a transaction; cheap while nothing changed."""


class AccountContext:
    """Everything that a batch needs to process events of one account.

    A silent one records no changes: it fills a generation that nobody sees yet.
    """

    def __init__(
        self, config: AccountConfig, names: Names, bounds: Bounds, *, is_silent: bool = False
    ) -> None:
        self.number = config.number
        self.is_silent = is_silent
        self.name_node = names.node(config.number)
        self.schema: Schema = config.schemas[-1]
        self.called = IdentifierNames(self.schema.fields)
        self.mapper = Mapper(config)
        self.rules = identity_rules(self.schema, pins_of(config.decisions))
        hidden = hidden_fields(config.trackers, bounds)
        fields = [*self.schema.fields, *[field for field, _ in hidden]]
        self.field_ids = {field.name: field.id for field in fields}
        self.histories = HistoryOperator(bounds)
        self.unfilled = tuple(item for item in config.trackers if not item.is_filled)
        self.evaluator = Evaluator(config, self.field_ids)
        self.suppresses = config.suppresses
        self.exporter = Exporter(config.exports)
        self.feeder = Feeder(config.exports)
        self.gates = FeedGates(config.exports)
        keys = self.evaluator.keys
        self.viewer = Viewer(self.schema, hidden, keys=keys)
        watched = {name: keys.get(name) for name in self.evaluator.reads}
        self.folder = Folder(
            self.schema,
            hidden,
            drops_hidden=config.has_retired_trackers,
            watched=watched | dict.fromkeys(self.exporter.reads | self.gates.fields),
        )
        self.repeats = config.repeats
        self.own = config.own
        self._trackers = config.trackers
        self._ids = {audience.slug: audience.id for audience in config.audiences}

    @property
    def slugs(self) -> dict[int, str]:
        """The slugs of the audiences that are kept current, by id."""
        return {audience_id: slug for slug, audience_id in self._ids.items()}

    def trackers_of(self, audience_id: int) -> frozenset[str]:
        """Return the texts of the trackers that an audience reads."""
        known = {tracker.text for tracker in self._trackers}
        return self.evaluator.only(audience_id).reads & known

    def audience_ids(self, slugs: Iterable[str]) -> list[int]:
        """Return the ids of those audiences that are kept current."""
        return [self._ids[slug] for slug in slugs if slug in self._ids]


class Contexts:
    """Compiled accounts, compiled again only when the configuration's epoch moves."""

    def __init__(
        self,
        config_at: ConfigAt,
        names: Names,
        bounds: Bounds | None = None,
        *,
        is_silent: bool = False,
    ) -> None:
        self._config_at = config_at
        self.names = names
        self.bounds = bounds or Bounds()
        self._is_silent = is_silent
        self._config = PipelineConfig(epoch=-1, accounts={})
        self._compiled: dict[int, AccountContext] = {}

    def refresh(self, conn: Connection) -> None:
        """Take over the configuration in force; call it behind the fence, once a transaction."""
        config = self._config_at(conn)
        if config is self._config:
            return
        # Accounts that did not change keep what was compiled for them.
        self._compiled = {
            number: context
            for number, context in self._compiled.items()
            if config.accounts.get(number) == self._config.accounts.get(number)
        }
        self._config = config

    def get(self, account: int) -> AccountContext:
        """Return the context of an account that the configuration knows."""
        context = self._compiled.get(account)
        if context is None:
            context = AccountContext(
                self._config.accounts[account], self.names, self.bounds, is_silent=self._is_silent
            )
            self._compiled[account] = context
        return context

    def knows(self, account: int) -> bool:
        """Say whether the account exists."""
        return account in self._config.accounts

    @property
    def numbers(self) -> list[int]:
        """All account numbers, in rising order."""
        return sorted(self._config.accounts)
