"""Functions over e-mail addresses and web addresses."""

import re
from urllib.parse import SplitResult, parse_qsl, unquote, unquote_plus, urlencode, urlsplit

from coterie.lang.expr.functions.registry import Catalogue
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


@CATALOGUE.add("email(address)")
def _email(address: object) -> str | None:
    """Return the e-mail address in a text such as `Ann <ann@example.com>`, in lower case."""
    if address.__class__ is str and len(address) <= LONGEST_ADDRESS and _BARE.fullmatch(address):
        return address.lower()
    parts = _split_address(address)
    return None if parts is None else f"{parts[1]}@{parts[2]}".lower()


@CATALOGUE.add("emailname(address)")
def _emailname(address: object) -> str | None:
    """Return the name before an e-mail address."""
    parts = _split_address(address)
    return None if parts is None or not parts[0] else parts[0]


@CATALOGUE.add("emaildomain(address)")
def _emaildomain(address: object) -> str | None:
    """Return what follows the @ of an e-mail address, in lower case."""
    parts = _split_address(address)
    return None if parts is None else parts[2].lower()


@CATALOGUE.add("host(url)")
def _host(url: object) -> str | None:
    """Return the host of a web address with its port, in lower case."""
    text = _first(url).lower()
    return _host_of(text) if text else None


@CATALOGUE.add("hosts(url, ...)")
def _hosts(url: object, *more: object) -> list[str] | None:
    """Return the hosts of several web addresses, in lower case."""
    texts: list[str] = []
    for each in (url, *more):
        members = items_of(each) if kind_of(each) == "list" else [each]
        texts.extend(show(item).lower() for item in members)
    found = [_host_of(text) for text in texts if text]
    return [host for host in found if host is not None] or None


@CATALOGUE.add("path(url)")
def _path(url: object) -> str | None:
    """Return the path of a web address, in lower case."""
    parts = _parse(_with_scheme(_first(url).lower()))
    return None if parts is None else unquote(parts.path)


@CATALOGUE.add("qs(url, parameter)", "qsl")
def _qs(url: object, parameter: object) -> str | None:
    """Return a query parameter of a web address, both read in lower case."""
    return _query_value(_first(url).lower(), parameter)


@CATALOGUE.add("qs2(url, parameter)")
def _qs2(url: object, parameter: object) -> str | None:
    """Return a query parameter of a web address, in the case it is written in."""
    return _query_value(_first(url), parameter)


@CATALOGUE.add("urlmain(url)")
def _urlmain(url: object) -> str | None:
    """Return host and path of a web address, without scheme and query."""
    parts = _parse(_first(url))
    return None if parts is None else f"{_bare_host(parts)}{unquote(parts.path)}"


@CATALOGUE.add("urlminusqs(url, parameter)")
def _urlminusqs(url: object, parameter: object) -> str | None:
    """Return a web address without one query parameter."""
    parts, name = _parse(_with_scheme(_first(url))), to_text(parameter)
    if parts is None or not name:
        return None
    base = f"{parts.scheme}://{_bare_host(parts)}{unquote(parts.path)}"
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = sorted((pair for pair in pairs if pair[0] != name), key=lambda pair: pair[0])
    query = parts.query if len(kept) == len(pairs) else urlencode(kept)
    return f"{base}?{query}" if query else base


@CATALOGUE.add("urldecode(text)")
def _urldecode(text: object) -> str | None:
    """Return a text with %-escapes and + signs decoded."""
    known = _first(text)
    return unquote_plus(known) if known and not _ESCAPE_FAULT.search(known) else None


def _first(value: object) -> str:
    return to_text(value) or "" if kind_of(value) in ("text", "list") else ""


def _with_scheme(url: str) -> str:
    # A path such as /blog/a is left alone; `www.example.com/a` gets a scheme to be split by.
    looks_bare = len(url) > 6 and "/" not in url[:5] and not url.startswith("http")
    return f"http://{url}" if looks_bare else url


def _host_of(url: str) -> str | None:
    parts = _parse(url if url.startswith("http") else f"http://{url}")
    return None if parts is None else _bare_host(parts)


def _bare_host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _parse(url: str) -> SplitResult | None:
    if not url or _CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if _HOST.fullmatch(_bare_host(parts)) is None or _ESCAPE_FAULT.search(parts.path):
        return None
    return parts


def _query_value(url: str, parameter: object) -> str | None:
    parts, name = _parse(_with_scheme(url)), to_text(parameter)
    if parts is None or not name:
        return None
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    return next((value for key, value in pairs if key == name), None) or None
