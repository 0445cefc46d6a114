"""Says in plain words what holds of an account: what it concerns, why, and what to do."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from coterie.control.alerts import (
    concerns,
    find_authorization_labels,
    find_faults,
    find_job_labels,
    find_refused,
    find_sent,
    find_sharers,
    find_size,
)
from coterie.flow.exports.told import list_deliveries
from coterie.model.alerts import METRIC_NAMES, AlertKind, AlertMetric, AlertRule, Condition
from coterie.model.ledger import DeliveryView
from coterie.store import Connection

DAY = timedelta(days=1)
NAMES_SHOWN = 3

COUNTS: Mapping[AlertMetric, Callable[[DeliveryView], int]] = {
    "waiting": lambda view: view.waiting,
    "refused": lambda view: view.parked,
    "doubtful": lambda view: view.doubtful,
    "omitted": lambda view: view.omitted,
}
CURES: Mapping[AlertMetric, str] = {
    "waiting": "The page shows rate, time left and the last error. Resume what is paused; what the "
    "destination's limits hold back goes by itself.",
    "refused": "The page lists what was refused and why. Correct the data, then send it again.",
    "doubtful": "The page lists what was never answered. Choose what to send again and what to "
    "give up.",
    "omitted": "The job's page lists who is omitted and why; most lack an identifier or a consent.",
    "sent": "Look whether events still arrive, whether the job is paused, and whether its "
    "audiences have changed.",
    "size": "Look whether its filter, or the events that it reads, have changed.",
}


class Surroundings(msgspec.Struct, frozen=True):
    """What people call things: labels of jobs and authorizations, deliveries with their jobs."""

    jobs: Mapping[int, str]
    authorizations: Mapping[int, str]
    deliveries: Sequence[DeliveryView]
    sharers: Mapping[int, Sequence[int]]

    def name_jobs(self, jobs: Iterable[int], otherwise: str) -> str:
        """Return the labels of jobs, in the order of their ids, or what else to say."""
        labels = [self.jobs[job] for job in sorted(jobs) if job in self.jobs]
        shown, more = labels[:NAMES_SHOWN], len(labels) - NAMES_SHOWN
        if more > 0:
            shown.append(f"{more} more")
        return ", ".join(shown) or otherwise

    def name_delivery(self, number: int) -> str:
        """Return what people call a delivery: by its jobs."""
        writes = next((each.writes for each in self.deliveries if each.id == number), "")
        return self.name_jobs(self.sharers.get(number, ()), writes or f"Delivery {number}")


def look_around(conn: Connection, account: int, *, now: datetime) -> Surroundings:
    """Return what there is in an account and how it is called."""
    return Surroundings(
        find_job_labels(conn, account),
        find_authorization_labels(conn, account),
        list_deliveries(conn, account, now=now),
        find_sharers(conn, account),
    )


def find_conditions(
    conn: Connection, rule: AlertRule, around: Surroundings, *, now: datetime
) -> list[Condition]:
    """Return what holds of a rule's account that the rule is about."""
    found: list[Condition] = []
    if "failure" in rule.kinds:
        found += _failures(conn, rule.account, around)
    if rule.audience is not None:
        found += _size(conn, rule, rule.audience)
    elif "stall" in rule.kinds or "threshold" in rule.kinds:
        sent = find_sent(conn, rule.account, now - DAY) if rule.metric == "sent" else {}
        for view in around.deliveries:
            if "stall" in rule.kinds:
                found += _stall(view, rule, around, now=now)
            if "threshold" in rule.kinds:
                count = sent.get(view.id) if rule.metric == "sent" else _count(view, rule)
                found += _threshold(view, rule, around, count)
    return [condition for condition in found if concerns(rule, condition.jobs)]


def find_end(conn: Connection, account: int, around: Surroundings, key: str) -> Condition:
    """Return in which words a condition is over that people were told of under its key."""
    kind, _, what = key.partition(":")
    place, _, which = what.partition(":")
    number = int(which) if which.isdigit() else 0
    match place:
        case "job":
            name, said = around.jobs.get(number, f"Job {number}"), "works again"
        case "authorization":
            name = around.authorizations.get(number, f"Authorization {number}")
            said = "the authorization works again"
        case "audience":
            found = find_size(conn, account, which)
            name, said = found[0] if found else which, "its size is within bounds again"
        case _:
            name = around.name_delivery(number)
            said = "delivers again" if kind == "stall" else "its numbers are within bounds again"
    return Condition(
        key=key,
        kind=_kind(kind),
        subject=f"{name}: {said}",
        message="What you were told of holds no more, or its cause was taken away.",
        cure="",
        path=_path(place, which),
        jobs=frozenset(),
    )


def _failures(conn: Connection, account: int, around: Surroundings) -> list[Condition]:
    faults = [
        Condition(
            key=f"failure:job:{job}",
            kind="failure",
            subject=f"{label}: {'stopped after errors' if state == 'failed' else 'a run failed'}",
            message=error or "Its log says more.",
            cure=(
                "Put right what the error names, then choose Resume on the job's page."
                if state == "failed"
                else "It is tried again by itself, for ten hours. If the error stays, put right "
                "what it names."
            ),
            path=_path("job", job),
            jobs=frozenset({job}),
        )
        for job, label, state, error in find_faults(conn, account)
    ]
    refused = [
        Condition(
            key=f"failure:authorization:{number}",
            kind="failure",
            subject=f"{around.name_jobs(jobs, label)}: the authorization {label} does not work",
            message=detail,
            cure=(
                "Open the authorization, correct it and test it. What waits is sent then; nothing "
                "is lost."
            ),
            path=_path("authorization", number),
            jobs=frozenset(jobs),
        )
        for number, label, detail, jobs in find_refused(conn, account)
    ]
    return faults + refused


def _stall(
    view: DeliveryView, rule: AlertRule, around: Surroundings, *, now: datetime
) -> list[Condition]:
    since = now - timedelta(minutes=rule.stall_minutes)
    waits = view.waiting_since is not None and view.waiting_since <= since
    is_silent = view.last_success_at is None or view.last_success_at <= since
    if not (view.waiting and waits and is_silent):
        return []
    if view.delivery != "running":
        why, cure = f"The delivery is {view.delivery}.", "Resume the delivery on its page."
    elif view.is_in_trouble and view.last_error:
        why, cure = view.last_error, "Put right what the error names. What waits is sent then."
    else:
        why = "No error is known."
        cure = (
            "Look whether the job is paused or in its quiet hours, and with `coterie doctor` "
            "whether the sender runs."
        )
    return [
        Condition(
            key=f"stall:delivery:{view.id}",
            kind="stall",
            subject=f"{around.name_delivery(view.id)}: nothing was delivered for "
            f"{rule.stall_minutes} minutes",
            message=f"{_counted(view.waiting, 'change waits', 'changes wait')}. {why}",
            cure=cure,
            path=_path("delivery", view.id),
            jobs=frozenset(around.sharers.get(view.id, ())),
        )
    ]


def _count(view: DeliveryView, rule: AlertRule) -> int | None:
    count_of = COUNTS.get(rule.metric) if rule.metric else None
    return None if count_of is None else count_of(view)


def _threshold(
    view: DeliveryView, rule: AlertRule, around: Surroundings, count: int | None
) -> list[Condition]:
    passed = _passed(rule, count)
    if rule.metric is None or not passed:
        return []
    said = f"{count:,} {METRIC_NAMES[rule.metric]}"
    return [
        Condition(
            key=f"threshold:delivery:{view.id}",
            kind="threshold",
            subject=f"{around.name_delivery(view.id)}: {said}",
            message=f"{said}, which is {passed}.",
            cure=CURES[rule.metric],
            path=_path("delivery", view.id),
            jobs=frozenset(around.sharers.get(view.id, ())),
        )
    ]


def _size(conn: Connection, rule: AlertRule, slug: str) -> list[Condition]:
    name, size = find_size(conn, rule.account, slug) or (slug, None)
    passed = _passed(rule, size)
    if not passed:
        return []
    return [
        Condition(
            key=f"threshold:audience:{slug}",
            kind="threshold",
            subject=f"{name}: {_counted(size or 0, 'member', 'members')}",
            message=f"{name} has {_counted(size or 0, 'member', 'members')}, which is {passed}.",
            cure=CURES["size"],
            path=_path("audience", slug),
            jobs=frozenset(),
        )
    ]


def _passed(rule: AlertRule, count: int | None) -> str:
    """Return which bound of a rule a number has passed, "" if none."""
    if count is not None and rule.above is not None and count > rule.above:
        return f"above {rule.above:,}"
    if count is not None and rule.below is not None and count < rule.below:
        return f"below {rule.below:,}"
    return ""


def _path(place: str, which: object) -> str:
    homes = {
        "job": "/data/jobs",
        "authorization": "/data/authorizations",
        "audience": "/audiences",
    }
    return f"{homes.get(place, '/data/deliveries')}/{which}"


def _kind(text: str) -> AlertKind:
    match text:
        case "stall" | "threshold":
            return text
        case _:
            return "failure"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
