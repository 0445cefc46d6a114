from coterie.base.metrics import events_collected_total, http_seconds, render_metrics


def test_what_is_counted_shows_in_the_text_form() -> None:
    events_collected_total.inc(3)
    http_seconds.labels(route="/collect").observe(0.02)

    text = render_metrics().decode()

    assert "coterie_events_collected_total" in text
    assert 'coterie_http_seconds_bucket{le="0.025",route="/collect"}' in text
