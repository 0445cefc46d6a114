"""Cohorts that partners import."""

from datetime import datetime

import msgspec


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """A partner that may import cohorts into a workspace; its name is its id.

    `partner_api_key` is the partner's, `client_secret` the workspace's data import key.
    """

    id: str
    partner_api_key: str
    client_secret: str
    created_at: datetime


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """A named set of users; its id is `partner/cohort_id`."""

    id: str
    name: str
    created_at: datetime
