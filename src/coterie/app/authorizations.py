"""Binds what the API does with authorizations to the store and to what tries them."""

from typing import Any

from coterie.api.dependencies import AuthorizationCalls
from coterie.app.services import Services
from coterie.control import authorizations
from coterie.control.probes import build_probes
from coterie.model.control import Authorization


class AuthorizationDesk:
    """Authorizations of one installation; each is tried before it is saved."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._probes = build_probes(services.settings)

    def calls(self) -> AuthorizationCalls:
        """Return the functions that the API calls."""
        store = self._services.store
        return AuthorizationCalls(
            list_all=lambda account: authorizations.list_authorizations(store, account),
            get=lambda account, number: authorizations.get_authorization(store, account, number),
            create=self._create,
            update=self._update,
            delete=self._delete,
        )

    def _create(self, *, provider: str, **asked: Any) -> Authorization:
        return authorizations.create_authorization(
            self._services.store,
            self._services.ring,
            provider=provider,
            now=self._services.clock(),
            probe=self._probes.get(provider),
            **asked,
        )

    def _update(self, *, account: int, authorization_id: int, **asked: Any) -> Authorization:
        store = self._services.store
        before = authorizations.get_authorization(store, account, authorization_id)
        return authorizations.update_authorization(
            store,
            self._services.ring,
            account=account,
            authorization_id=authorization_id,
            now=self._services.clock(),
            probe=self._probes.get(before.provider),
            **asked,
        )

    def _delete(self, **asked: Any) -> None:
        authorizations.delete_authorization(
            self._services.store, now=self._services.clock(), **asked
        )
