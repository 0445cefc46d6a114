"""How what a user should hold becomes objects of Braze's requests, one form of destination each."""

from collections.abc import Mapping, Sequence
from typing import Any

from coterie.connectors.braze.billing import count_points
from coterie.connectors.braze.cohorts import COHORT_USERS, IDS_AT_ONCE, make_assignment
from coterie.connectors.destination import Target
from coterie.model.delivery import (
    DestinationPlan,
    Difference,
    Form,
    Json,
    Load,
    QueueItem,
    Shipment,
    Told,
)
from coterie.model.recipients import read_recipient

BrazeObject = dict[str, Any]

TRACK = "/users/track"
DELETE = "/users/delete"
# Braze deletes at most 50 users a request (docs of users/delete).
DELETED_AT_ONCE = 50
# The key of the one item of the form `deletion`.
DELETED = "deleted"


def target_of(
    form: Form, *, objects_per_request: int, flush_seconds: float | None = None
) -> Target:
    """Return where the objects of a form go; the lane is the path of an endpoint."""
    if form == "cohorts":
        return Target(
            lane=COHORT_USERS, most=IDS_AT_ONCE, one_item=True, flush_seconds=flush_seconds
        )
    lane, array, most = TRACK, "attributes", objects_per_request
    if form in ("events", "purchases"):
        array = form
    elif form == "deletion":
        lane, array, most = DELETE, "users", min(DELETED_AT_ONCE, objects_per_request)
    return Target(lane=lane, array=array, most=most, flush_seconds=flush_seconds)


def name_user(recipient: str) -> BrazeObject:
    """Return the part of an object that names its user (users/track, "Identifier resolution")."""
    if ":" not in recipient:  # nearly all are, and this runs for every user
        return {"external_id": recipient}
    named = read_recipient(recipient)
    if named.kind == "alias":
        return {"user_alias": {"alias_name": named.value, "alias_label": named.label}}
    return {named.kind: named.value}


def make_object(plan: DestinationPlan, load: Load) -> BrazeObject | None:
    """Return the object that tells Braze of a load; None if there is nothing to tell."""
    if isinstance(load, QueueItem):
        return {**_user(plan, load.recipient), **load.body}
    difference = load.difference
    if difference.is_empty:
        return None
    user = _user(plan, load.row.recipient)
    match plan.form:
        case "array":
            user[plan.attribute] = _array_change(difference)
            return user
        case "booleans":
            gone = {key: False if key in plan.standing else None for key in difference.drop}
            return user | difference.put | gone
        case "attributes":
            return user | _attributes(load)
        case "subscription_groups":
            groups = [
                {"subscription_group_id": group, "subscription_state": state}
                for group, state in difference.put.items()
            ]
            return user | {"subscription_groups": groups} if groups else None
        case "cohorts":
            return make_assignment(user, difference)
        case "deletion":
            return user if difference.put.get(DELETED) else None
        case _:
            return None


def deletion_of(users: Sequence[BrazeObject]) -> BrazeObject:
    """Return the body of `/users/delete` for users that are named by one kind of identifier."""
    ((kind, _),) = users[0].items()
    plural = {"external_id": "external_ids", "braze_id": "braze_ids", "user_alias": "user_aliases"}
    if kind not in plural:
        # Several users may share an address; these rules say which of them is meant.
        rules = ["identified", "most_recently_updated"]
        name = "email_addresses" if kind == "email" else "phone_numbers"
        return {name: [{**user, "prioritization": rules} for user in users]}
    return {plural[kind]: [user[kind] for user in users]}


def data_points(form: Form, load: Load) -> int:
    """Return the data points that a load spends: one an attribute, cohort, event or purchase.

    A nested attribute costs one for each key that is written.
    """
    if isinstance(load, QueueItem):
        return 1
    if form == "array":
        return 0 if load.difference.is_empty else 1
    if form == "booleans":
        return len(load.difference.put) + len(load.difference.drop)
    if form == "attributes":
        return sum(count_points(name, value) for name, value in _attributes(load).items())
    if form == "cohorts":
        # Braze counts users that are put into a cohort (docs of cohort import).
        return len(load.difference.put)
    return 0


def _user(plan: DestinationPlan, recipient: str) -> BrazeObject:
    user = name_user(recipient)
    if plan.form in ("deletion", "cohorts"):
        return user
    # For an alias Braze only updates unless told otherwise, for the others it creates.
    if plan.existing_only or "user_alias" in user:
        user["_update_existing_only"] = plan.existing_only
    return user


def _array_change(difference: Difference) -> dict[str, list[str]]:
    change: dict[str, list[str]] = {}
    if difference.put:
        change["add"] = sorted(difference.put) if len(difference.put) > 1 else [*difference.put]
    if difference.drop:
        change["remove"] = list(difference.drop)
    return change


def _attributes(shipment: Shipment) -> BrazeObject:
    """Return changed attributes; of a nested one that is known, the changed keys alone.

    Braze bills a nested attribute by the keys that are written, and merges them when asked to.
    """
    row, difference = shipment.row, shipment.difference
    written: BrazeObject = dict.fromkeys(difference.drop)
    merged = False
    # Merging is asked for of all of an object's attributes together, so it must suit each of them.
    unknown = row.in_doubt.keys() | set(row.uncertain)
    is_known = not any(
        isinstance(difference.put[key], dict) for key in unknown & difference.put.keys()
    )
    for key, value in difference.put.items():
        part = _nested_change(row.told, value, key=key) if is_known else None
        written[key] = value if part is None else part
        merged = merged or part is not None
    return written | {"_merge_objects": True} if merged else written


def _nested_change(told: Mapping[str, Told], value: Json, *, key: str) -> Json | None:
    before = told[key].value if key in told else None
    if not isinstance(value, dict) or not isinstance(before, dict):
        return None
    return merge_patch(before, value)


def merge_patch(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Json]:
    """Return what turns one object into another when merged into it; null takes a key away."""
    patch: dict[str, Json] = {key: None for key in before if key not in after}
    for key, value in after.items():
        known = before.get(key)
        if isinstance(value, dict) and isinstance(known, dict):
            if value != known:
                patch[key] = merge_patch(known, value)
        elif key not in before or value != known:
            patch[key] = value
    return patch
