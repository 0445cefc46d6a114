"""Every metric of the product, defined once and counted where it happens."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

registry = CollectorRegistry()

events_collected_total = Counter(
    "coterie_events_collected_total",
    "Events that were made durable in the log.",
    registry=registry,
)
events_refused_total = Counter(
    "coterie_events_refused_total",
    "Events that the collector refused, by error code.",
    ["code"],
    registry=registry,
)
collect_group_seconds = Histogram(
    "coterie_collect_group_seconds",
    "Time from the first request of a group to its commit.",
    buckets=SECONDS,
    registry=registry,
)
events_processed_total = Counter(
    "coterie_events_processed_total",
    "Events that workers took, by outcome.",
    ["outcome"],
    registry=registry,
)
batch_seconds = Histogram(
    "coterie_batch_seconds",
    "Time of a worker's transaction.",
    buckets=SECONDS,
    registry=registry,
)
changes_total = Counter(
    "coterie_changes_total",
    "Changes that workers recorded, by kind: enter, exit, merge, split.",
    ["kind"],
    registry=registry,
)
lane_backlog = Gauge(
    "coterie_lane_backlog",
    "Events of a lane that wait for a worker.",
    ["lane"],
    registry=registry,
)
outbox_sent_total = Counter(
    "coterie_outbox_sent_total",
    "Recipients that the sender settled, by outcome: told, parked, again.",
    ["outcome"],
    registry=registry,
)
outgoing_seconds = Histogram(
    "coterie_outgoing_seconds",
    "Time of a request to a destination.",
    buckets=SECONDS,
    registry=registry,
)
http_requests_total = Counter(
    "coterie_http_requests_total",
    "Requests that the web server answered, by route and status.",
    ["route", "status"],
    registry=registry,
)
http_seconds = Histogram(
    "coterie_http_seconds",
    "Time to answer a request, by route.",
    ["route"],
    buckets=SECONDS,
    registry=registry,
)


def render_metrics() -> bytes:
    """Return the metrics of this process in Prometheus' text form, of type CONTENT_TYPE."""
    return generate_latest(registry)
