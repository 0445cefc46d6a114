"""Binds what doors do with drafts of schemas to the store."""

from functools import partial

from coterie.api.dependencies import DraftCalls
from coterie.app.services import Services
from coterie.control.definitions.drafted import DraftRef, SchemaDraft
from coterie.control.definitions.pipeline import load_config
from coterie.control.definitions.schema import Edit
from coterie.control.definitions.schema_drafts import (
    catch_up,
    create_draft,
    discard_draft,
    edit_draft,
    get_draft,
    list_drafts,
    publish_draft,
)
from coterie.control.definitions.schema_faults import FaultySchemaError
from coterie.control.definitions.schema_report import draft_schema, report_draft
from coterie.flow.run.schema_preview import preview_schema
from coterie.model.control import Actor
from coterie.model.schema_preview import SchemaPreview


def draft_calls(services: Services) -> DraftCalls:
    """Return the functions that doors call."""
    store, clock = services.store, services.clock

    def edit(wanted: DraftRef, change: Edit, actor: Actor) -> SchemaDraft:
        return edit_draft(store, wanted, change, actor=actor, clock=clock)

    def preview(account: int, name: str, hides_personal: bool) -> SchemaPreview:
        faults = report_draft(store, account, name).faults
        if faults:
            raise FaultySchemaError(faults=faults)
        draft = draft_schema(store, account, name, clock=clock)
        with store.transaction() as conn:
            config = load_config(conn).accounts[account]
            return preview_schema(conn, config, draft, hides_personal=hides_personal)

    return DraftCalls(
        list_all=partial(list_drafts, store),
        get=partial(get_draft, store),
        create=partial(create_draft, store, clock=clock),
        edit=edit,
        report=partial(report_draft, store),
        preview=preview,
        catch_up=partial(catch_up, store, clock=clock),
        publish=partial(publish_draft, store, clock=clock),
        discard=partial(discard_draft, store, clock=clock),
    )
