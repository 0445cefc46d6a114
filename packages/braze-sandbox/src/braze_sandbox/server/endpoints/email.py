"""The calls for e-mail subscriptions."""

from braze_sandbox.engine import Engine
from braze_sandbox.server.endpoint import Call, Endpoint, Result, do
from braze_sandbox.server.paging import read_offset
from braze_sandbox.users.email_status import list_unsubscribed, read_email_status, read_emails

_ADDRESSES_A_PAGE = 500


def set_status(engine: Engine, call: Call) -> Result:
    """Set the e-mail subscription of all users with an address."""
    read_email_status(call.data, limit=engine.settings.user_ids)
    do(engine, call, "email_status")
    return Result(201, {"message": "success"})


def remove_spam(engine: Engine, call: Call) -> Result:
    """Take addresses off the spam list."""
    read_emails(call.data, limit=engine.settings.user_ids)
    do(engine, call, "email_spam_remove")
    return Result(201, {"message": "success"})


def unsubscribes(_: Engine, call: Call) -> Result:
    """Give the addresses that were unsubscribed between two days."""
    start, end = call.one("start_date") or "", call.one("end_date") or ""
    offset, limit = read_offset(call.query, largest=_ADDRESSES_A_PAGE)
    found = list(list_unsubscribed(call.workspace.profiles, start=start, end=end))
    emails = [
        {"email": email, "unsubscribed_at": f"{moment:%Y-%m-%d %H:%M:%S} +0000"}
        for email, moment in found[offset : offset + limit]
    ]
    return Result(200, {"emails": emails, "message": "success"})


def hard_bounces(_: Engine, _call: Call) -> Result:
    """Give no address: the sandbox sends no e-mail, so that none can bounce."""
    return Result(200, {"emails": [], "message": "success"})


ENDPOINTS = (
    Endpoint(method="POST", path="/email/status", permission="email.status", act=set_status),
    Endpoint(
        method="POST", path="/email/spam/remove", permission="email.spam.remove", act=remove_spam
    ),
    Endpoint(
        method="GET", path="/email/unsubscribes", permission="email.unsubscribe", act=unsubscribes
    ),
    Endpoint(
        method="GET", path="/email/hard_bounces", permission="email.hard_bounces", act=hard_bounces
    ),
)
