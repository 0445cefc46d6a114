"""What the languages are told of a schema."""

from collections.abc import Iterable

from coterie.lang.expr.kinds import SchemaView
from coterie.model.schema import Field


def view_fields(fields: Iterable[Field]) -> SchemaView:
    """Return the fields of a schema, or of a draft, as the languages look at them."""
    known = tuple(fields)
    return SchemaView(
        kinds={field.name: field.kind for field in known},
        ops={field.name: field.op for field in known},
    )
