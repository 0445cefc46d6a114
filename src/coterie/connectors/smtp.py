"""Sends e-mail by SMTP."""

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

import msgspec

from coterie.base.errors import PermanentError, TransientError, UserError

TIMEOUT = 20.0
PORTS = {"smtp": 587, "smtps": 465}
LOCAL = ("localhost", "127.0.0.1", "::1")


class BadSmtpUrlError(UserError):
    """What should name the mail server cannot be read, or is missing."""

    code = "bad_smtp_url"

    def __init__(self) -> None:
        super().__init__(
            "No e-mail can be sent: COTERIE_SMTP_URL names no mail server. Write "
            "smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465."
        )


class MailRefusedError(PermanentError):
    """The mail server refuses the sign-in, the sender or the recipient."""

    code = "mail_refused"

    def __init__(self, *, host: str, reason: str) -> None:
        super().__init__(
            f"The mail server {host} refuses the e-mail ({reason}). Check COTERIE_SMTP_URL, "
            "COTERIE_SMTP_FROM and the address."
        )


class MailUnavailableError(TransientError):
    """The mail server does not answer."""

    code = "mail_unavailable"

    def __init__(self, *, host: str, reason: str) -> None:
        super().__init__(f"The mail server {host} does not answer ({reason}). It is tried again.")


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where e-mail is handed in; `sender` is the address that it comes from."""

    host: str
    port: int
    is_tls: bool
    user: str
    password: str
    sender: str

    def __repr__(self) -> str:
        """Return the server without the password."""
        return f"MailServer(host={self.host!r}, port={self.port})"


def read_mail_server(url: str | None, *, sender: str) -> MailServer:
    """Return the server that a setting names. Raises BadSmtpUrlError."""
    try:
        parts = urlsplit(url or "")
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise BadSmtpUrlError from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadSmtpUrlError
    return MailServer(
        host=parts.hostname,
        port=port,
        is_tls=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=sender,
    )


def send_mail(server: MailServer, *, to: str, subject: str, text: str, at: datetime) -> None:
    """Send one plain e-mail, written at an instant. Raises MailRefusedError, MailUnavailableError.

    A password leaves over TLS alone, unless the server is this machine.
    """
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    # What lacks these two is taken for spam by many (RFC 5322, 3.6).
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid(domain=parseaddr(server.sender)[1].rpartition("@")[2])
    # Nobody's "I am on holiday" comes back (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    # Not every server takes eight bits, and none takes lines without end.
    message.set_content(text, cte="quoted-printable")
    try:
        with _connect(server) as smtp:
            _sign_in(smtp, server)
            smtp.send_message(message)
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < 500:
            reason = f"{error.smtp_code}"
            raise MailUnavailableError(host=server.host, reason=reason) from error
        raise MailRefusedError(host=server.host, reason=f"{error.smtp_code}") from error
    except smtplib.SMTPRecipientsRefused as error:
        raise MailRefusedError(host=server.host, reason="the recipient") from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailUnavailableError(host=server.host, reason=type(error).__name__) from error


def _connect(server: MailServer) -> smtplib.SMTP:
    if server.is_tls:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)


def _sign_in(smtp: smtplib.SMTP, server: MailServer) -> None:
    smtp.ehlo()
    is_safe = server.is_tls or server.host in LOCAL
    if not server.is_tls and smtp.has_extn("starttls"):
        smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo()
        is_safe = True
    if not server.user:
        return
    if not is_safe:
        raise MailRefusedError(host=server.host, reason="no TLS for the password")
    smtp.login(server.user, server.password)
