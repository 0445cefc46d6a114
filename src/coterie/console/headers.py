"""The HTTP headers and cookies that keep the console safe in a browser."""

from litestar import MediaType, Response
from litestar.datastructures import Cookie

SESSION_COOKIE = "coterie_session"
SIGN_IN_COOKIE = "coterie_sign_in"
NOTICE_COOKIE = "coterie_notice"
FOLLOWING_COOKIE = "coterie_following"
"""Set by `static/follow.js` for a request that the page makes by itself."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
PAGE_HEADERS = {**SECURITY_HEADERS, "cache-control": "no-store"}

Page = Response[str]


def html_page(html: str, *, status: int = 200, cookies: tuple[Cookie, ...] = ()) -> Page:
    """Return a page with all security headers, never kept by a cache."""
    return Response(
        html,
        status_code=status,
        media_type=MediaType.HTML,
        headers=PAGE_HEADERS,
        cookies=list(cookies),
    )


def download(text: bytes, *, name: str) -> Page:
    """Return JSON that the browser saves under a name, never kept by a cache."""
    return Response(
        text.decode(),
        media_type=MediaType.TEXT,
        headers={
            **PAGE_HEADERS,
            "content-type": "application/json",
            "content-disposition": f'attachment; filename="{name}"',
        },
    )


def see_other(path: str, *, cookies: tuple[Cookie, ...] = ()) -> Page:
    """Return an answer that makes the browser load `path` with GET."""
    return Response(
        "",
        status_code=303,
        media_type=MediaType.HTML,
        headers={**PAGE_HEADERS, "location": path},
        cookies=list(cookies),
    )


def private_cookie(name: str, value: str, *, secure: bool, max_age: int | None = None) -> Cookie:
    """Return a cookie that no script reads and no other site sends with a form; age in seconds."""
    return Cookie(
        key=name,
        value=value,
        path="/",
        max_age=max_age,
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def no_cookie(name: str, *, secure: bool) -> Cookie:
    """Return a cookie that removes the one of this name."""
    return private_cookie(name, "", secure=secure, max_age=0)
