"""Functions over e-mail addresses and web addresses."""

import re
from urllib.parse import SplitResult, parse_qsl, unquote, unquote_plus, urlencode, urlsplit

from coterie.lang.expr.functions.registry import Catalogue, Example
from coterie.lang.expr.values import items_of, kind_of, show, to_text

CATALOGUE = Catalogue()
_ATOM = r"[^\s()<>\[\]:;@\\,.\"]+"
_BARE = re.compile(
    rf"(?P<local>{_ATOM}(?:\.{_ATOM})*|\"[^\"]*\")@(?P<domain>{_ATOM}(?:\.{_ATOM})*)"
)
_NAMED = re.compile(r"(?P<name>[^<>@,;:\"]*+|\s*\"[^\"]*\"\s*)<(?P<address>[^<>]+)>")
_HOST = re.compile(r"[^\s%/?#\\<>\"^`{|}\x00-\x1f]*")
_ESCAPE_FAULT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LONGEST_ADDRESS = 1_000


def _split_address(value: object) -> tuple[str, str, str] | None:
    """Return name, local part and domain of an address, or None."""
    text = to_text(value)
    if text is None or len(text) > LONGEST_ADDRESS:
        return None
    text, name = text.strip(), ""
    named = _NAMED.fullmatch(text)
    if named is not None:
        text, name = named["address"].strip(), named["name"].strip().strip('"')
    bare = _BARE.fullmatch(text)
    return None if bare is None else (name, bare["local"], bare["domain"])


@CATALOGUE.add(
    "email(address)", example=Example('email("Ann <Ann@Example.com>")', "ann@example.com")
)
def _email(address: object) -> str | None:
    """Return the e-mail address in a text such as `Ann <ann@example.com>`, in lower case."""
    if address.__class__ is str and len(address) <= LONGEST_ADDRESS and _BARE.fullmatch(address):
        return address.lower()
    parts = _split_address(address)
    return None if parts is None else f"{parts[1]}@{parts[2]}".lower()


@CATALOGUE.add("emailname(address)", example=Example('emailname("Ann <ann@example.com>")', "Ann"))
def _emailname(address: object) -> str | None:
    """Return the name before an e-mail address."""
    parts = _split_address(address)
    return None if parts is None or not parts[0] else parts[0]


@CATALOGUE.add(
    "emaildomain(address)", example=Example('emaildomain("ann@Example.com")', "example.com")
)
def _emaildomain(address: object) -> str | None:
    """Return what follows the @ of an e-mail address, in lower case."""
    parts = _split_address(address)
    return None if parts is None else parts[2].lower()


@CATALOGUE.add(
    "host(url)", example=Example('host("https://www.Example.com/a?b=c")', "www.example.com")
)
def _host(url: object) -> str | None:
    """Return the host of a web address with its port, in lower case."""
    text = first_text(url).lower()
    return host_of(text) if text else None


@CATALOGUE.add(
    "hosts(url, ...)",
    example=Example(
        'hosts("https://a.example.com/x", "b.example.com")', ["a.example.com", "b.example.com"]
    ),
)
def _hosts(url: object, *more: object) -> list[str] | None:
    """Return the hosts of several web addresses, in lower case."""
    texts = (text.lower() for each in (url, *more) for text in texts_of(each))
    found = [host_of(text) for text in texts if text]
    return [host for host in found if host is not None] or None


@CATALOGUE.add("path(url)", example=Example('path("https://example.com/Blog/a?b=c")', "/blog/a"))
def _path(url: object) -> str | None:
    """Return the path of a web address, in lower case."""
    parts = parse_url(with_scheme(first_text(url).lower()))
    return None if parts is None else unquote(parts.path)


@CATALOGUE.add(
    "qs(url, parameter)", "qsl", example=Example('qs("https://example.com/?ID=A1", "id")', "a1")
)
def _qs(url: object, parameter: object) -> str | None:
    """Return a query parameter of a web address, both read in lower case."""
    return _query_value(first_text(url).lower(), parameter)


@CATALOGUE.add(
    "qs2(url, parameter)", example=Example('qs2("https://example.com/?id=A1", "id")', "A1")
)
def _qs2(url: object, parameter: object) -> str | None:
    """Return a query parameter of a web address, in the case it is written in."""
    return _query_value(first_text(url), parameter)


@CATALOGUE.add(
    "urlmain(url)", example=Example('urlmain("https://example.com/a?b=c")', "example.com/a")
)
def _urlmain(url: object) -> str | None:
    """Return host and path of a web address, without scheme and query."""
    parts = parse_url(first_text(url))
    return None if parts is None else f"{bare_host(parts)}{unquote(parts.path)}"


@CATALOGUE.add(
    "urlminusqs(url, parameter)",
    example=Example('urlminusqs("https://example.com/?a=1&b=2", "a")', "https://example.com/?b=2"),
)
def _urlminusqs(url: object, parameter: object) -> str | None:
    """Return a web address without one query parameter."""
    parts, name = parse_url(with_scheme(first_text(url))), to_text(parameter)
    if parts is None or not name:
        return None
    base = f"{parts.scheme}://{bare_host(parts)}{unquote(parts.path)}"
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = sorted((pair for pair in pairs if pair[0] != name), key=lambda pair: pair[0])
    query = parts.query if len(kept) == len(pairs) else urlencode(kept)
    return f"{base}?{query}" if query else base


@CATALOGUE.add("urldecode(text)", example=Example('urldecode("my%20value")', "my value"))
def _urldecode(text: object) -> str | None:
    """Return a text with %-escapes and + signs decoded."""
    known = first_text(text)
    return unquote_plus(known) if known and not _ESCAPE_FAULT.search(known) else None


def first_text(value: object) -> str:
    """Return a text, or the first of a list, and an empty text for all else."""
    return to_text(value) or "" if kind_of(value) in ("text", "list") else ""


def texts_of(value: object) -> list[str]:
    """Return a text as a list, and each item of a list as a text."""
    return [show(item) for item in (items_of(value) if kind_of(value) == "list" else [value])]


def with_scheme(url: str) -> str:
    """Return a web address with the scheme that it is split by."""
    # A path such as /blog/a is left alone; `www.example.com/a` gets a scheme to be split by.
    looks_bare = len(url) > 6 and "/" not in url[:5] and not url.startswith("http")
    return f"http://{url}" if looks_bare else url


def host_of(url: str) -> str | None:
    """Return the host of a web address with its port, None where it is no address."""
    parts = parse_url(url if url.startswith("http") else f"http://{url}")
    return None if parts is None else bare_host(parts)


def bare_host(parts: SplitResult) -> str:
    """Return host and port, without a user's name."""
    return parts.netloc.rpartition("@")[2]


def parse_url(url: str) -> SplitResult | None:
    """Return the parts of a web address, None where it is none."""
    if not url or _CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if _HOST.fullmatch(bare_host(parts)) is None or _ESCAPE_FAULT.search(parts.path):
        return None
    return parts


def _query_value(url: str, parameter: object) -> str | None:
    parts, name = parse_url(with_scheme(url)), to_text(parameter)
    if parts is None or not name:
        return None
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    return next((value for key, value in pairs if key == name), None) or None
