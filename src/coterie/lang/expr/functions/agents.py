"""Functions over user agents, the texts by which browsers name themselves."""

import re
from functools import lru_cache

import ua_parser

from coterie.lang.expr.bounds import LONGEST_AGENT
from coterie.lang.expr.functions.registry import Catalogue, Example
from coterie.lang.expr.values import kind_of, to_text

CATALOGUE = Catalogue()
_CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)
_MOZILLA = re.compile(r"Mozilla/([\d.]+)")
_REMARK = re.compile(r"\(([^()]*)\)")
_ENGINE = re.compile(r"\b(AppleWebKit|Gecko|Presto|Trident|Goanna|Blink|KHTML)/([\w.]+)")
_MOBILE = re.compile(
    r"\b(?:Mobile|Mobi|iPhone|iPad|iPod|Android|Windows Phone|BlackBerry|Opera Mini)\b"
)
_LANGUAGE = re.compile(r"[a-z]{2}(?:[-_][a-zA-Z]{2})?|[NUI]|compatible|Mobile|Tablet")
_GECKO_VERSION = re.compile(r"\brv:([\d.]+)")


@CATALOGUE.add(
    "useragent(text, part)",
    example=Example('useragent(ua, "browser")', "Chrome", {"ua": _CHROME}),
)
def _useragent(text: object, part: object) -> str | None:
    """Return a part of what a browser says of itself, as text.

    Parts are bot, mobile, mozilla, platform, os, engine, engine_version, browser and
    browser_version.
    """
    known = _agent(text)
    return None if known is None else known.get(str(part)) or None


@CATALOGUE.add(
    "useragent.map(text)",
    example=Example(
        "useragent.map(ua)",
        {
            "bot": "false",
            "mobile": "false",
            "mozilla": "5.0",
            "platform": "X11",
            "os": "Linux x86_64",
            "engine": "AppleWebKit",
            "engine_version": "537.36",
            "browser": "Chrome",
            "browser_version": "126.0.0.0",
        },
        {"ua": _CHROME},
    ),
)
def _useragent_map(text: object) -> dict[str, str] | None:
    """Return all nine parts that `useragent` tells; one that is not known is an empty text."""
    known = _agent(text)
    return dict(known) if known else None


def _agent(text: object) -> dict[str, str] | None:
    known = to_text(text) if kind_of(text) in ("text", "list") else None
    return _read(known) if known and len(known) <= LONGEST_AGENT else None


@lru_cache(maxsize=4_096)
def _read(text: str) -> dict[str, str]:
    """Return the parts: browser and bot by the list of ua-parser, the rest as it is written."""
    try:
        found = ua_parser.parse(text)
    except UnicodeEncodeError:
        return {}
    browser, device = found.user_agent, found.device
    is_bot = device is not None and device.family == "Spider"
    platform, system = _systems(text)
    engine, version = _engine(text)
    mozilla = _MOZILLA.match(text)
    return {
        "bot": str(is_bot).lower(),
        "mobile": str(_MOBILE.search(text) is not None).lower(),
        "mozilla": mozilla[1] if mozilla else "",
        "platform": platform,
        "os": system,
        "engine": engine,
        "engine_version": version,
        "browser": browser.family if browser is not None else "",
        "browser_version": _version(browser),
    }


def _systems(text: str) -> tuple[str, str]:
    """Return platform and system from the first remark, such as `(X11; Linux x86_64)`."""
    remark = _REMARK.search(text)
    if remark is None:
        return "", ""
    told = [part.strip() for part in remark[1].split(";")]
    told = [part for part in told if part and not _LANGUAGE.fullmatch(part)]
    if not told:
        return "", ""
    if told[0].startswith("Windows"):
        return "Windows", told[0]
    system = next((part for part in told[1:] if not part.startswith("rv:")), told[0])
    return told[0], system


def _engine(text: str) -> tuple[str, str]:
    found = _ENGINE.search(text)
    if found is None:
        return "", ""
    if found[1] == "Gecko" and (version := _GECKO_VERSION.search(text)) is not None:
        return "Gecko", version[1]
    return found[1], found[2]


def _version(browser: ua_parser.UserAgent | None) -> str:
    if browser is None:
        return ""
    numbers = (browser.major, browser.minor, browser.patch, browser.patch_minor)
    return ".".join(number for number in numbers if number is not None)
