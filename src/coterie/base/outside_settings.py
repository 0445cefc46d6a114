"""What can be set about files, e-mail and other outside systems."""

from pathlib import Path
from typing import Annotated

from coterie.base.collect_settings import CollectSettings
from coterie.base.setting_values import described


class OutsideSettings(CollectSettings, frozen=True, kw_only=True):
    """How outside systems are reached, each with its default and help.

    A chain, since a struct has one parent: these come after those of the doors.
    """

    import_root: Annotated[
        Path | None,
        described(
            "Folder of this machine that import jobs may read; "
            "unset, it is the folder imports in data_dir."
        ),
    ] = None

    smtp_url: Annotated[
        str | None,
        described(
            "Mail server for alerts, such as smtp://user:password@host:587 (STARTTLS) or "
            "smtps://user:password@host:465."
        ),
    ] = None
    smtp_from: Annotated[str, described("Address that the e-mail of alerts comes from.")] = (
        "coterie@localhost"
    )
    console_url: Annotated[
        str,
        described(
            "Address under which people open the console, such as https://cdp.example.org; alerts "
            "link to it. Unset, it is the host and port that the HTTP server listens on."
        ),
    ] = ""
    delivery_keep_days: Annotated[
        int,
        described(
            "Days for which requests to destinations, and events and purchases that were sent, "
            "stay on record.",
            ge=1,
            le=400,
        ),
    ] = 30
    import_settle_seconds: Annotated[
        int,
        described(
            "Seconds for which a file must not have changed before it is imported, so that uploads "
            "under way are left alone.",
            ge=0,
            le=86_400,
        ),
    ] = 10
    import_file_limit_bytes: Annotated[
        int,
        described(
            "Most bytes that a file may have, as it comes and once decrypted and unpacked.",
            ge=1_000,
            le=1_000_000_000_000,
        ),
    ] = 20_000_000_000

    sftp_port: Annotated[
        int,
        described(
            "Port of Coterie's own SFTP server, such as 2022; 0 leaves it off.", ge=0, le=65535
        ),
    ] = 0
    sftp_host: Annotated[str, described("Address that the SFTP server listens on.")] = "127.0.0.1"
    sftp_name: Annotated[
        str,
        described(
            "Name under which clients reach the SFTP server, shown to those who set them up; "
            "unset, it is sftp_host."
        ),
    ] = ""

    flush_seconds: Annotated[
        float,
        described(
            "Least time between two requests to a destination that are not full, in seconds: what "
            "changes meanwhile is gathered.",
            ge=0,
            le=3600,
        ),
    ] = 1.0
    allow_private_addresses: Annotated[
        bool,
        described(
            "Whether outgoing requests may reach private and loopback addresses. Leave it off in "
            "production; the Braze sandbox on this machine needs it."
        ),
    ] = False
