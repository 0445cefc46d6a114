"""Ready-made webhook bodies."""

# The twelve keys that Braze's Lytics page shows (braze-docs, customer_data_platform/lytics.md).
# Braze has no variable for a Twitter handle, so that one comes from a custom attribute.
LYTICS_WEBHOOK_BODY: dict[str, str] = {
    "city": "{{${city}}}",
    "country": "{{${country}}}",
    "first_name": "{{${first_name}}}",
    "gender": "{{${gender}}}",
    "language": "{{${language}}}",
    "last_name": "{{${last_name}}}",
    "date_of_birth": "{{${date_of_birth}}}",
    "phone_number": "{{${phone_number}}}",
    "time_zone": "{{${time_zone}}}",
    "twitter_handle": "{{custom_attribute.${twitter_handle}}}",
    "email": "{{${email_address}}}",
    "braze_id": "{{${braze_id}}}",
}


def lytics_webhook_body(*, external_id: bool = False) -> dict[str, str]:
    """Return the twelve-key body, with the user's `external_id` as thirteenth if asked for."""
    extra = {"external_id": "{{${user_id}}}"} if external_id else {}
    return {**LYTICS_WEBHOOK_BODY, **extra}
