import re
from datetime import UTC, datetime
from typing import Any

import pytest

from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.file_checks import check_file_export, read_file_export
from coterie.model.file_exports import ExportFilesConfig

AT = datetime(2031, 5, 31, 12, 30, 5, tzinfo=UTC)


def checked(**options: Any) -> ExportFilesConfig:
    return check_file_export(read_file_export({"audience": "vips", **options}))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"audience": ""}, "Choose the audience"),
        ({"filename": "../up"}, "no file name"),
        ({"filename": ".hidden"}, "dot"),
        ({"filename": "{OTHER}"}, "no other braces"),
        ({"filename": "x" * 250}, "200 bytes"),
        ({"time_format": "%H/%M"}, "no file name"),
        ({"format": "parquet", "gzip": True}, "compressed inside"),
        ({"format": "xlsx"}, "do not fit"),
        ({"frequency": "daily"}, "time of day"),
        ({"frequency": "weekly", "time_of_day": "02:30"}, "weekday"),
        ({"time_of_day": "02:30"}, "belong to a job with a frequency"),
        ({"frequency": "daily", "time_of_day": "25:00"}, "must look like"),
        ({"frequency": "daily", "time_of_day": "02:30", "timezone": "Mars/Base"}, "time zone"),
        ({"fields": ["a", "a"]}, "twice"),
        ({"fields": ["a", "b"], "names": {"b": "a"}}, "Two columns"),
        ({"fields": ["a"], "names": {"c": "d"}}, "not exported"),
        ({"fields": ["a"], "names": {"a": "\n"}}, "readable"),
        ({"delimiter": "x"}, "delimiter"),
        ({"join": "x" * 11}, "at most 10"),
        ({"limit": -1}, "above zero"),
        ({"consent": {"field": "optin", "values": [" "]}}, "mean yes"),
        ({"colour": "red"}, "no option 'colour'"),
    ],
)  # fmt: skip
def test_options_that_cannot_be_are_refused_with_the_cure(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadJobError, match=re.escape(said)):
        checked(**options)


@pytest.mark.parametrize(
    ("options", "encrypted", "name"),
    [
        ({}, False, "vips_20310531T123005Z.csv"),
        ({"format": "json", "gzip": True}, True, "vips_20310531T123005Z.json.gz.pgp"),
        ({"format": "parquet", "filename": "x.parquet"}, False, "x.parquet"),
        ({"filename": "{TIMESTAMP}-x", "time_format": "%Y-%m-%d"}, False, "2031-05-31-x.csv"),
    ],
)
def test_endings_are_added_where_they_are_missing(
    options: dict[str, Any], encrypted: bool, name: str
) -> None:
    assert checked(**options).file_name(at=AT, is_encrypted=encrypted) == name
