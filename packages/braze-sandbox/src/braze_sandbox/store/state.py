"""All workspaces of a sandbox, kept in step with the database."""

from typing import TypeVar

import msgspec

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.access import RestKey
from braze_sandbox.model.canvas import Journey
from braze_sandbox.model.profile import Profile
from braze_sandbox.model.schedule import Schedule
from braze_sandbox.store.database import Database
from braze_sandbox.store.deeds import Deeds
from braze_sandbox.store.definitions import Definition, name_of
from braze_sandbox.store.meter import MeterLine
from braze_sandbox.store.waiting import Queued, Waiting
from braze_sandbox.store.workspace import Workspace

DEFAULT_WORKSPACE = "default"

_pack = msgspec.msgpack.Encoder().encode
_profile = msgspec.msgpack.Decoder(Profile)
_key = msgspec.msgpack.Decoder(RestKey)
_D = TypeVar("_D", bound=Definition)


class UnknownWorkspaceError(RefusedError):
    """A workspace was named that does not exist."""

    def __init__(self, workspace: str, known: list[str]) -> None:
        super().__init__(
            404,
            f"There is no workspace '{workspace}'. Workspaces are: {', '.join(known)}. "
            "Create one with POST /_sandbox/workspaces.",
        )


class State:
    """The whole of what a sandbox remembers between requests and restarts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.deeds = Deeds(database)
        self.waiting = Waiting(database)
        self.workspaces: dict[str, Workspace] = {}
        self._keys: dict[str, RestKey] = {}
        self._load()

    def workspace(self, workspace_id: str) -> Workspace:
        """Return a workspace; raise UnknownWorkspaceError (404) if there is none of that id."""
        try:
            return self.workspaces[workspace_id]
        except KeyError as error:
            raise UnknownWorkspaceError(workspace_id, sorted(self.workspaces)) from error

    def add_workspace(self, workspace_id: str, name: str) -> Workspace:
        """Return the workspace of that id, created if it is new."""
        if workspace_id not in self.workspaces:
            self._database.run("INSERT INTO workspace VALUES (?, ?)", (workspace_id, name))
            self.workspaces[workspace_id] = Workspace(workspace_id, name)
        return self.workspaces[workspace_id]

    def list_keys(self) -> list[RestKey]:
        """Return all REST keys, the oldest first."""
        for (body,) in self._database.rows("SELECT body FROM rest_key"):
            key = _key.decode(body)
            self._keys[key.key] = key
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.name))

    def find_key(self, key: str) -> RestKey | None:
        """Return a REST key, also one that another process has just added to the database."""
        if key not in self._keys:
            query = "SELECT body FROM rest_key WHERE key = ?"
            for (body,) in self._database.rows(query, (key,)):
                self._keys[key] = _key.decode(body)
        return self._keys.get(key)

    def add_key(self, key: RestKey) -> RestKey:
        """Keep a REST key and return it as kept; one with the same secret is replaced.

        Names are made distinct, because data points and journal show keys by name.
        """
        self.workspace(key.workspace)
        taken = {other.name for other in self.list_keys() if other.key != key.key}
        name, turn = key.name, 1
        while name in taken:
            turn += 1
            name = f"{key.name} ({turn})"
        key = msgspec.structs.replace(key, name=name)
        statement = "INSERT OR REPLACE INTO rest_key VALUES (?, ?, ?)"
        self._database.run(statement, (key.key, key.workspace, _pack(key)))
        self._keys[key.key] = key
        return key

    def remove_key(self, key: str) -> bool:
        """Delete a REST key; return whether there was one."""
        cursor = self._database.run("DELETE FROM rest_key WHERE key = ?", (key,))
        self._keys.pop(key, None)
        return cursor.rowcount > 0

    def put(self, workspace: Workspace, definition: _D) -> _D:
        """Add or replace a definition and return it."""
        kind = type(definition)
        statement = "INSERT OR REPLACE INTO definition VALUES (?, ?, ?, ?)"
        row = (workspace.id, name_of(kind), definition.id, _pack(definition))
        self._database.run(statement, row)
        workspace.shelf(kind)[definition.id] = definition
        return definition

    def remove(self, workspace: Workspace, kind: type[Definition], definition_id: str) -> bool:
        """Delete a definition; return whether there was one."""
        statement = "DELETE FROM definition WHERE workspace = ? AND kind = ? AND id = ?"
        self._database.run(statement, (workspace.id, name_of(kind), definition_id))
        return workspace.shelf(kind).pop(definition_id, None) is not None

    def save(self, workspace: Workspace, *, done: Queued | None = None) -> None:
        """Write what changed in `workspace` in one transaction.

        `done` is the queued body whose processing made the changes; it leaves the queue with them.
        """
        with self._database.transaction():
            self._write_changes(workspace)
            if done is not None:
                self.waiting.remove(done)
        workspace.mark_saved()

    def reset(self, *, definitions: bool) -> None:
        """Forget all users; with `definitions` also what marketers defined. Keys stay."""
        tables = ["profile", "attribute_type", "deed", "data_points", "queued"]
        tables += ["definition"] if definitions else []
        with self._database.transaction():
            for table in tables:
                self._database.run(f"DELETE FROM {table}")
            for kind in (Journey, Schedule):
                self._database.run("DELETE FROM definition WHERE kind = ?", (name_of(kind),))
        for workspace in self.workspaces.values():
            workspace.clear_users()
            workspace.shelf(Journey).clear()
            workspace.shelf(Schedule).clear()
            if definitions:
                workspace.definitions.clear()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _load(self) -> None:
        for workspace_id, name in self._database.rows("SELECT id, name FROM workspace"):
            self.workspaces[workspace_id] = Workspace(workspace_id, name)
        self.add_workspace(DEFAULT_WORKSPACE, "Default workspace")
        for workspace, body in self._database.rows(
            "SELECT workspace, body FROM profile ORDER BY workspace, number"
        ):
            self.workspaces[workspace].profiles.put(_profile.decode(body))
        for workspace, name, kind in self._database.rows("SELECT * FROM attribute_type"):
            self.workspaces[workspace].attribute_types[name] = kind
        for known in self.workspaces.values():
            known.product_ids |= {n for n, _ in self.deeds.names(known.id, "purchase")}
        for workspace, *line in self._database.rows("SELECT * FROM data_points"):
            self.workspaces[workspace].meter.restore([MeterLine(*line)])
        for workspace, kind, body in self._database.rows(
            "SELECT workspace, kind, body FROM definition"
        ):
            self.workspaces[workspace].definitions.load(kind, body)

    def _write_changes(self, workspace: Workspace) -> None:
        name = workspace.id
        self._database.run_many(
            "INSERT OR REPLACE INTO profile VALUES (?, ?, ?)",
            [(name, p.number, _pack(p)) for p in workspace.unsaved_profiles.values()],
        )
        self._database.run_many(
            "INSERT OR REPLACE INTO attribute_type VALUES (?, ?, ?)",
            [(name, *item) for item in workspace.unsaved_types.items()],
        )
        self._database.run_many(
            "DELETE FROM profile WHERE workspace = ? AND number = ?",
            [(name, number) for number in workspace.unsaved_removals],
        )
        self.deeds.add(name, workspace.unsaved_events, workspace.unsaved_purchases)
        for owner, heir in workspace.unsaved_heirs:
            self.deeds.give(name, owner, heir)
        self._database.run_many(
            "INSERT OR REPLACE INTO data_points VALUES (?, ?, ?, ?, ?)",
            [(name, x.key_name, x.kind, x.name, x.points) for x in workspace.meter.unsaved()],
        )
