"""The calls that change who is who: aliases, identify, merge, delete, external_ids."""

import msgspec

from braze_sandbox.engine import Engine
from braze_sandbox.server.endpoint import Call, Endpoint, Result, do
from braze_sandbox.users.aliases import read_new_aliases, read_renamings
from braze_sandbox.users.delete import read_deletions
from braze_sandbox.users.external_ids import check_removals, check_renames
from braze_sandbox.users.identify import read_identifications
from braze_sandbox.users.merge import read_merges


def alias_new(engine: Engine, call: Call) -> Result:
    """Give users aliases."""
    aliases = read_new_aliases(call.data, limit=engine.settings.user_ids)
    do(engine, call, "alias_new")
    return Result(201, {"aliases_processed": len(aliases), "message": "success"})


def alias_update(engine: Engine, call: Call) -> Result:
    """Rename aliases."""
    read_renamings(call.data, limit=engine.settings.user_ids)
    do(engine, call, "alias_update")
    return Result(201, {"message": "success"})


def identify(engine: Engine, call: Call) -> Result:
    """Give anonymous users their external_id."""
    request = read_identifications(call.data, limit=engine.settings.user_ids)
    do(engine, call, "identify")
    return Result(201, request.answer())


def merge(engine: Engine, call: Call) -> Result:
    """Merge users into others."""
    read_merges(call.data, limit=engine.settings.user_ids)
    do(engine, call, "merge")
    return Result(202, {"message": "success"})


def delete(engine: Engine, call: Call) -> Result:
    """Delete users; recorded: the count is that of the ids sent, whether they exist or not."""
    names = read_deletions(call.data, limit=engine.settings.user_ids)
    do(engine, call, "delete")
    return Result(201, {"deleted": len(names), "message": "success"})


def external_ids_rename(engine: Engine, call: Call) -> Result:
    """Rename external_ids; the old ones become deprecated."""
    outcome = check_renames(call.data, call.workspace.profiles, engine.settings)
    do(engine, call, "external_ids_rename")
    renamed = [msgspec.structs.asdict(rename) for rename in outcome.done]
    answer = {"rename_errors": outcome.errors, "external_ids": renamed, "message": "success"}
    return Result(201, answer)


def external_ids_remove(engine: Engine, call: Call) -> Result:
    """Remove deprecated external_ids."""
    outcome = check_removals(call.data, call.workspace.profiles, engine.settings)
    do(engine, call, "external_ids_remove")
    answer = {
        "removed_ids": outcome.done,
        "removal_errors": outcome.errors,
        "message": "success",
    }
    return Result(201, answer)


ENDPOINTS = (
    *(
        Endpoint(
            method="POST",
            path=f"/users/{path}",
            permission=f"users.{path.replace('/', '.')}",
            bucket=lambda _: "users.identity",
            act=act,
        )
        for path, act in (
            ("alias/new", alias_new),
            ("alias/update", alias_update),
            ("identify", identify),
            ("merge", merge),
            ("delete", delete),
        )
    ),
    Endpoint(
        method="POST",
        path="/users/external_ids/rename",
        permission="users.external_ids.rename",
        bucket=lambda _: "users.external_ids.rename",
        act=external_ids_rename,
    ),
    Endpoint(
        method="POST",
        path="/users/external_ids/remove",
        permission="users.external_ids.remove",
        bucket=lambda _: "users.external_ids.remove",
        act=external_ids_remove,
    ),
)
