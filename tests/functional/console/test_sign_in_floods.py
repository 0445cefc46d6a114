"""Many sign-ins at the same time."""

import asyncio
import re

import httpx
from litestar import Litestar
from tests.functional.console.conftest import PASSWORD

from coterie.console.dependencies import ConsoleDependencies
from coterie.console.routes import SIGN_INS_AT_ONCE, SIGN_INS_WAITING, build_console

CROWD = 40


async def test_a_crowd_of_sign_ins_is_sent_away_without_counting_as_failures(
    deps: ConsoleDependencies,
) -> None:
    app = Litestar(build_console(deps), openapi_config=None)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://console") as browser:
        page = await browser.get("/sign-in")
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found is not None
        form = {"csrf_token": found[1], "email": "admin@example.org", "password": PASSWORD}
        cookies = dict(browser.cookies)

        async def sign_in() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=transport, base_url="http://console", cookies=cookies
            ) as visitor:
                return await visitor.post("/sign-in", data=form)

        answers = await asyncio.gather(*(sign_in() for _ in range(CROWD)))
        afterwards = await sign_in()

    statuses = [answer.status_code for answer in answers]
    sent_away = [answer for answer in answers if answer.status_code == 503]
    assert statuses.count(303) + len(sent_away) == CROWD
    assert statuses.count(303) >= SIGN_INS_AT_ONCE + SIGN_INS_WAITING
    assert sent_away
    assert "Try again in a moment" in sent_away[0].text
    assert afterwards.status_code == 303
