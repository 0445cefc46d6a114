"""The calls for catalogs with their items."""

from collections.abc import Callable
from typing import Any

import msgspec

from braze_sandbox.catalogs.requests import find_catalog, read_catalog, read_items
from braze_sandbox.engine import Engine
from braze_sandbox.model.catalog import Catalog, CatalogItem
from braze_sandbox.server.endpoint import Call, Endpoint, Result
from braze_sandbox.store.workspace import Workspace

_ITEMS_A_PAGE = 50
_SUCCESS = {"message": "success"}


def create_catalog(engine: Engine, call: Call) -> Result:
    """Create a catalog."""
    catalog = read_catalog(call.data, call.workspace, now=engine.clock())
    engine.state.put(call.workspace, catalog)
    return Result(201, {"catalogs": [_show(call.workspace, catalog)], **_SUCCESS})


def list_catalogs(_: Engine, call: Call) -> Result:
    """Give the catalogs."""
    shown = [_show(call.workspace, c) for c in call.workspace.shelf(Catalog).values()]
    return Result(200, {"catalogs": shown, **_SUCCESS})


def delete_catalog(engine: Engine, call: Call) -> Result:
    """Delete a catalog with its items."""
    catalog = find_catalog(call.workspace, call.path["name"])
    for item in _items(call.workspace, catalog):
        engine.state.remove(call.workspace, CatalogItem, item.id)
    engine.state.remove(call.workspace, Catalog, catalog.id)
    return Result(200, _SUCCESS)


def add_items(engine: Engine, call: Call) -> Result:
    """Add items; those whose id exists are passed over."""
    known = call.workspace.shelf(CatalogItem)
    return _write(engine, call, lambda item: item if item.id not in known else None)


def update_items(engine: Engine, call: Call) -> Result:
    """Change the given fields of items that exist."""

    def merge(item: CatalogItem) -> CatalogItem | None:
        before = call.workspace.shelf(CatalogItem).get(item.id)
        if before is None:
            return None
        return msgspec.structs.replace(before, values={**before.values, **item.values})

    return _write(engine, call, merge)


def replace_items(engine: Engine, call: Call) -> Result:
    """Put items in the place of those with their ids, or add them."""
    return _write(engine, call, lambda item: item)


def delete_items(engine: Engine, call: Call) -> Result:
    """Delete items; unknown ones are passed over."""
    catalog = find_catalog(call.workspace, call.path["name"])
    for item in read_items(call.data, catalog):
        engine.state.remove(call.workspace, CatalogItem, item.id)
    return Result(202, _SUCCESS)


def list_items(_: Engine, call: Call) -> Result:
    """Give the items of a catalog; `Link` leads to the next page."""
    catalog = find_catalog(call.workspace, call.path["name"])
    cursor = call.one("cursor") or ""
    items = sorted(_items(call.workspace, catalog), key=lambda item: item.key)
    left = [item for item in items if item.key > cursor]
    page = left[:_ITEMS_A_PAGE]
    headers = {}
    if len(left) > len(page):
        address = f"{call.origin}/catalogs/{catalog.name}/items?cursor={page[-1].key}"
        headers["Link"] = f'<{address}>; rel="next"'
    return Result(200, {"items": [item.values for item in page], **_SUCCESS}, headers)


def _write(
    engine: Engine, call: Call, choose: Callable[[CatalogItem], CatalogItem | None]
) -> Result:
    catalog = find_catalog(call.workspace, call.path["name"])
    for item in read_items(call.data, catalog):
        chosen = choose(item)
        if chosen is not None and not engine.settings.blackhole:
            engine.state.put(call.workspace, chosen)
    return Result(202, _SUCCESS)


def _items(workspace: Workspace, catalog: Catalog) -> list[CatalogItem]:
    return [i for i in workspace.shelf(CatalogItem).values() if i.catalog == catalog.name]


def _show(workspace: Workspace, catalog: Catalog) -> dict[str, Any]:
    items = _items(workspace, catalog)
    return {
        "description": catalog.description,
        "fields": [
            {"name": field.name, "token": str(number - 1), "type": field.type}
            for number, field in enumerate(catalog.fields)
        ],
        "name": catalog.name,
        "source": "Braze",
        "num_items": len(items),
        "storage_size": sum(len(msgspec.json.encode(item.values)) for item in items),
        "selections_size": 0,
        "updated_at": catalog.updated_at.isoformat(timespec="milliseconds"),
        "selections": [],
    }


def _bucket(name: str) -> Callable[[Any], str]:
    return lambda _: name


ENDPOINTS = tuple(
    Endpoint(
        method=method,
        path=path,
        permission=f"catalogs.{permission}",
        bucket=_bucket(bucket),
        act=act,
    )
    for method, path, permission, bucket, act in (
        ("POST", "/catalogs", "create", "catalogs", create_catalog),
        ("GET", "/catalogs", "get", "catalogs", list_catalogs),
        ("DELETE", "/catalogs/{name}", "delete", "catalogs", delete_catalog),
        ("POST", "/catalogs/{name}/items", "add_items", "catalogs.items", add_items),
        ("PATCH", "/catalogs/{name}/items", "update_items", "catalogs.items", update_items),
        ("PUT", "/catalogs/{name}/items", "replace_items", "catalogs.items", replace_items),
        ("DELETE", "/catalogs/{name}/items", "delete_items", "catalogs.items", delete_items),
        ("GET", "/catalogs/{name}/items", "get_items", "catalogs", list_items),
    )
)
