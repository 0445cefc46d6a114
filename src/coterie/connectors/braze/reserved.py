"""Names that mean something of their own in Braze's attributes object."""

# docs of the user attributes object; names are case-sensitive.
PROFILE_FIELDS = frozenset({
    "country", "current_location", "date_of_first_session", "date_of_last_session", "dob", "email",
    "email_subscribe", "email_open_tracking_disabled", "email_click_tracking_disabled", "facebook",
    "first_name", "gender", "home_city", "image_url", "language", "last_name",
    "marked_email_as_spam_at", "phone", "push_subscribe", "push_tokens", "subscription_groups",
    "time_zone", "twitter",
})  # fmt: skip
"""Standard attributes: anything else is a custom attribute."""

CONTROL_KEYS = frozenset({
    "_update_existing_only", "_merge_objects", "push_token_import", "user_alias", "alias_name",
    "alias_label", "app_id", "external_id", "braze_id",
})  # fmt: skip
"""What names a user or steers a request."""


def is_custom(name: str) -> bool:
    """Say whether a name can be that of a custom attribute."""
    return name not in PROFILE_FIELDS and name not in CONTROL_KEYS and not name.startswith("$")
