"""The published schema, for reading."""

from litestar import get

from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor
from coterie.control.definitions.schema_versions import current_schema
from coterie.lang.lql import find_unreadable


@get("/data/schema", sync_to_thread=True)
def show_schema(visit: Visitor) -> Page:
    """Show the fields with how their values merge, then the mappings of each stream."""
    schema = current_schema(visit.deps.store, visit.account)
    streams = sorted({mapping.stream for mapping in schema.mappings})
    mappings = {
        stream: [mapping for mapping in schema.mappings if mapping.stream == stream]
        for stream in streams
    }
    rules = {rule.stream: rule.where for rule in schema.streams if rule.where}
    fields = sorted(
        schema.fields,
        key=lambda field: (field.identifier.rank if field.identifier else 1_000, field.name),
    )
    return visit.page(
        "schema.html",
        schema=schema,
        fields=fields,
        mappings=mappings,
        rules=rules,
        unreadable=[each.told for each in find_unreadable(schema)],
    )
