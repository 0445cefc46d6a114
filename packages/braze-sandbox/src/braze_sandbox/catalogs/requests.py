"""The reading of catalogs and items from bodies."""

import re
from datetime import datetime
from typing import Any, get_args

from braze_sandbox.catalogs.errors import CatalogError
from braze_sandbox.model.catalog import Catalog, CatalogField, CatalogItem, FieldType
from braze_sandbox.store.workspace import Workspace

_NAME = re.compile(r"[\w-]{1,250}")
_MOST_FIELDS = 500
_MOST_ITEMS = 50
_LONGEST_TEXT = 5000


def read_catalog(body: Any, workspace: Workspace, *, now: datetime) -> Catalog:
    """Return the catalog that a decoded body describes; raise CatalogError (400)."""
    given = body.get("catalogs") if isinstance(body, dict) else None
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], dict):
        message = "The request must hold exactly one catalog"
        raise CatalogError(400, "catalog-array-invalid", message)
    name = given[0].get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = "Catalog names hold letters, digits, hyphens and underscores"
        raise CatalogError(400, "invalid-catalog-name", message, name=str(name))
    if name in workspace.shelf(Catalog):
        message = "A catalog with that name already exists"
        raise CatalogError(400, "catalog-name-already-exists", message, name=name)
    return Catalog(
        name=name,
        description=str(given[0].get("description", "")),
        fields=_read_fields(given[0].get("fields")),
        created_at=now,
        updated_at=now,
    )


def find_catalog(workspace: Workspace, name: str) -> Catalog:
    """Return a catalog; raise CatalogError (404)."""
    catalog = workspace.shelf(Catalog).get(name)
    if catalog is None:
        message = "Could not find catalog"
        raise CatalogError(404, "catalog-not-found", message, catalog_name=name)
    return catalog


def read_items(body: Any, catalog: Catalog) -> list[CatalogItem]:
    """Return the items of a decoded body, checked against the fields; raise CatalogError (400)."""
    given = body.get("items") if isinstance(body, dict) else None
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise CatalogError(400, "items-missing", "The request must hold an array of items")
    if not 1 <= len(given) <= _MOST_ITEMS:
        message = f"A request holds 1 to {_MOST_ITEMS} items"
        raise CatalogError(400, "request-includes-too-many-items", message)
    items = [_read_item(item, catalog) for item in given]
    if len({item.key for item in items}) < len(items):
        raise CatalogError(400, "ids-not-unique", "The ids of the items are not unique")
    return items


def _read_fields(fields: Any) -> tuple[CatalogField, ...]:
    if not isinstance(fields, list) or not 1 <= len(fields) <= _MOST_FIELDS:
        message = f"A catalog has 1 to {_MOST_FIELDS} fields"
        raise CatalogError(400, "invalid-fields", message)
    read = []
    for field in fields:
        name = field.get("name") if isinstance(field, dict) else None
        kind: Any = field.get("type") if isinstance(field, dict) else None
        if not isinstance(name, str) or kind not in get_args(FieldType):
            message = "Each field has a name and a type"
            raise CatalogError(400, "invalid-fields", message, field=str(name))
        read.append(CatalogField(name, kind))
    if (read[0].name, read[0].type) != ("id", "string"):
        message = "The first field must be 'id' of the type string"
        raise CatalogError(400, "id-not-first-column", message)
    return tuple(read)


def _read_item(item: dict[str, Any], catalog: Catalog) -> CatalogItem:
    key = item.get("id")
    if not isinstance(key, str) or not _NAME.fullmatch(key):
        raise CatalogError(400, "invalid-ids", "Item ids are strings", id=str(key))
    fields = {field.name: field.type for field in catalog.fields}
    for name, value in item.items():
        if name not in fields:
            message = "The catalog has no such field"
            raise CatalogError(400, "fields-do-not-match", message, field_name=name)
        if not _fits(value, fields[name]):
            message = f"The value is no {fields[name]}"
            raise CatalogError(400, "fields-do-not-match", message, field_name=name)
    return CatalogItem(catalog=catalog.name, key=key, values=item)


def _fits(value: Any, kind: str) -> bool:
    if value is None:
        return True
    if kind in ("string", "time"):
        return isinstance(value, str) and len(value) <= _LONGEST_TEXT
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    wanted = {"boolean": bool, "object": dict, "array": list}[kind]
    return isinstance(value, wanted)
