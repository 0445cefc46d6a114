"""Sends one batch of shipments as requests, down to the object that spoils it."""

from collections.abc import Sequence

import msgspec

from coterie.connectors.braze.answers import TrackAnswer
from coterie.connectors.braze.client import AttributesObject, BrazeClient, attribute_update
from coterie.connectors.braze.errors import BrazeRefusedError
from coterie.model.delivery import Acknowledged, Refused, Settlement, Shipment
from coterie.sender.limiter import Limiter

CAREFUL_ATTEMPTS = 3


class Batch(msgspec.Struct, frozen=True):
    """Shipments of one destination that fit into one request."""

    attribute: str
    shipments: tuple[Shipment, ...]


class Sent(msgspec.Struct, frozen=True):
    """What came of a batch, and how many requests it took."""

    settlements: tuple[Settlement, ...]
    requests: int
    answers: tuple[TrackAnswer, ...]


def split_batches(
    attribute: str, shipments: Sequence[Shipment], *, objects_per_request: int
) -> list[Batch]:
    """Return the shipments cut into batches, as full as can be.

    A shipment that failed again and again goes in smaller company and at last alone, in case it
    is what makes the destination fail.
    """
    batches: list[Batch] = []
    by_size: dict[int, list[Shipment]] = {}
    for shipment in shipments:
        size = _batch_size(shipment.row.attempts, objects_per_request=objects_per_request)
        by_size.setdefault(size, []).append(shipment)
    for size, group in by_size.items():
        starts = range(0, len(group), size)
        batches += [Batch(attribute, tuple(group[start : start + size])) for start in starts]
    return batches


def _batch_size(attempts: int, *, objects_per_request: int) -> int:
    if attempts < CAREFUL_ATTEMPTS:
        return objects_per_request
    return min(10, objects_per_request) if attempts < 2 * CAREFUL_ATTEMPTS else 1


async def send_batch(client: BrazeClient, batch: Batch, *, limiter: Limiter) -> Sent:
    """Send a batch; return a verdict for each shipment.

    If the destination refuses the whole request without saying why, halves are tried, so that one
    bad object does not stop its neighbours. Raises the client's errors when nothing is known.
    """
    objects = [_object(batch.attribute, shipment) for shipment in batch.shipments]
    limiter.spend()
    try:
        answer = await client.track_attributes(objects)
    except BrazeRefusedError as error:
        if len(objects) > 1:
            return await _send_halves(client, batch, limiter=limiter)
        verdict = Refused(error.message, _record(objects[0], answer=error.answer))
        return Sent((Settlement(batch.shipments[0], verdict),), 1, ())
    settlements = tuple(
        Settlement(shipment, _verdict(answer, index=index, sent=objects[index]))
        for index, shipment in enumerate(batch.shipments)
    )
    return Sent(settlements, 1, (answer,))


async def _send_halves(client: BrazeClient, batch: Batch, *, limiter: Limiter) -> Sent:
    middle = len(batch.shipments) // 2
    settlements: tuple[Settlement, ...] = ()
    answers: tuple[TrackAnswer, ...] = ()
    requests = 1
    for part in (batch.shipments[:middle], batch.shipments[middle:]):
        sent = await send_batch(client, Batch(batch.attribute, part), limiter=limiter)
        settlements += sent.settlements
        answers += sent.answers
        requests += sent.requests
    return Sent(settlements, requests, answers)


def _verdict(answer: TrackAnswer, *, index: int, sent: AttributesObject) -> Acknowledged | Refused:
    reason = answer.refused.get(index)
    if reason is None:
        return Acknowledged()
    return Refused(reason, _record(sent, answer=f"{answer.status} {reason}"))


def _object(attribute: str, shipment: Shipment) -> AttributesObject:
    difference = shipment.difference
    return attribute_update(
        shipment.row.recipient, attribute, add=difference.add, remove=difference.remove
    )


def _record(sent: AttributesObject, *, answer: str) -> str:
    return msgspec.json.encode({"sent": sent, "answer": answer}).decode()
