"""What the demo asks of the Braze sandbox."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from demo.stage import BRAZE_KEY

OBJECTS_A_REQUEST = 75
PAGE = 5_000


class Braze:
    """The sandbox as its own people use it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=120)

    def users(self) -> Iterator[dict[str, Any]]:
        """Yield all users."""
        after = 0
        while True:
            page = self._get("/_sandbox/users", {"limit": PAGE, "after": after})
            yield from page["users"]
            if page["next"] is None:
                return
            after = page["next"]

    def track_requests(self) -> int:
        """Return how many /users/track requests came."""
        counts = self._get("/_sandbox/journal/counts", {})["counts"]
        return sum(row["requests"] for row in counts if row["path"] == "/users/track")

    def set_emails(self, external_ids: Sequence[str]) -> None:
        """Give users an e-mail address, made from their ids since the data set is anonymous."""
        for at in range(0, len(external_ids), OBJECTS_A_REQUEST):
            some = external_ids[at : at + OBJECTS_A_REQUEST]
            attributes = [
                {"external_id": one, "email": f"customer-{one}@example.com"} for one in some
            ]
            answer = self._http.post(
                "/users/track",
                json={"attributes": attributes},
                headers={"Authorization": f"Bearer {BRAZE_KEY}"},
            )
            answer.raise_for_status()

    def fire_webhooks(self, target: str, external_ids: Sequence[str]) -> dict[str, Any]:
        """Send a webhook campaign to these users, with the body of Braze's Lytics page."""
        body = self._get("/_sandbox/presets/lytics_webhook_body", {"external_id": "true"})
        campaign = {
            "name": "Tell the CDP",
            "webhook": {"url": target, "method": "POST", "body": body.get("body", body)},
        }
        made = self._http.post("/_sandbox/campaigns", json=campaign)
        made.raise_for_status()
        fired = self._http.post(
            f"/_sandbox/campaigns/{made.json()['id']}/fire",
            json={"wait": True, "external_ids": list(external_ids)},
        )
        fired.raise_for_status()
        found: dict[str, Any] = fired.json()
        return found

    def export_csv(self, file: Path) -> None:
        """Write the CSV export of all users to a file."""
        with (
            self._http.stream("GET", "/_sandbox/export/users.csv") as answer,
            file.open("wb") as out,
        ):
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                out.write(chunk)

    def _get(self, path: str, query: dict[str, Any]) -> Any:
        answer = self._http.get(path, params=query)
        answer.raise_for_status()
        return answer.json()
