"""Functions over the parts of web addresses that need to know how domains are given out."""

from functools import lru_cache
from ipaddress import ip_address
from operator import itemgetter
from urllib.parse import parse_qsl, unquote, urlencode

from publicsuffixlist import PublicSuffixList

from coterie.lang.expr.functions.patterns import check_patterns
from coterie.lang.expr.functions.registry import Catalogue, Example
from coterie.lang.expr.functions.web import (
    bare_host,
    first_text,
    host_of,
    parse_url,
    texts_of,
    with_scheme,
)
from coterie.lang.expr.safe_regex import searcher

CATALOGUE = Catalogue()
LONGEST_HOST = 253


@CATALOGUE.add(
    "domain(url)", example=Example('domain("https://www.shop.example.co.uk/a")', "example.co.uk")
)
def _domain(url: object) -> str | None:
    """Return the domain of a web address that somebody registered, in lower case.

    The list of public suffixes is the one that the installed package ships; nothing is fetched.
    """
    return _registered(first_text(url).lower())


@CATALOGUE.add(
    "domains(url, ...)",
    example=Example(
        'domains("https://www.example.com/", "a.example.org")', ["example.com", "example.org"]
    ),
)
def _domains(url: object, *more: object) -> list[str] | None:
    """Return the distinct registered domains of several web addresses."""
    found = (_registered(text.lower()) for each in (url, *more) for text in texts_of(each))
    return list(dict.fromkeys(domain for domain in found if domain is not None)) or None


@CATALOGUE.add(
    "url(text)", example=Example('url("https://example.com/a")', "https://example.com/a")
)
def _url(text: object) -> str | None:
    """Return a web address as it is if it is one."""
    known = first_text(text)
    parts = parse_url(with_scheme(known))
    return known if parts is not None and bare_host(parts) else None


@CATALOGUE.add(
    "url.matchqs(url, pattern, ...)",
    check=check_patterns,
    example=Example(
        'url.matchqs("https://example.com/a?id=7&utm_source=x", "^utm_")',
        "example.com/a?utm_source=x",
    ),
)
def _matchqs(url: object, *patterns: object) -> str | None:
    """Return host and path of a web address with those query parameters that fit a pattern.

    Patterns are regular expressions (RE2) that fit somewhere in the name; parameters are sorted.
    """
    parts = parse_url(with_scheme(first_text(url)))
    tests = [searcher(pattern) for pattern in patterns if isinstance(pattern, str)]
    if parts is None or not bare_host(parts):
        return None
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if any(test is not None and test(name) for test in tests)
    ]
    base = f"{bare_host(parts)}{unquote(parts.path)}"
    return f"{base}?{urlencode(sorted(kept, key=itemgetter(0)))}" if kept else base


def _registered(url: str) -> str | None:
    host = host_of(url) if url else None
    if not host:
        return None
    name, colon, port = host.rpartition(":")
    host = (name if colon and port.isdigit() else host).strip(".")
    return _registered_of_host(host) if 0 < len(host) <= LONGEST_HOST else None


@lru_cache(maxsize=16_384)
def _registered_of_host(host: str) -> str | None:
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return None
    try:
        found = _suffixes().privatesuffix(host)
    except (UnicodeError, ValueError):
        return None
    return found if isinstance(found, str) else None


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """Return the list, read when first asked for: it takes a fifth of a second."""
    return PublicSuffixList()
