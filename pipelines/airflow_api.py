"""A few words of Airflow's REST API. Standard library only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class AirflowApi:
    """Airflow at an address, as the admin that everyone on this machine is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._token = ""

    def get(self, path: str) -> dict[str, Any]:
        """The answer at a path below /api/v2."""
        return self.call("GET", path)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to something new at a path below /api/v2."""
        return self.call("POST", path, body)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request; urllib's HTTPError if it is refused, URLError if nobody answers."""
        if not self._token:
            self._token = _ask("GET", f"{self.url}/auth/token", {}, None)["access_token"]
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        return _ask(method, f"{self.url}/api/v2{path}", headers, body)

    def health(self) -> dict[str, str | None]:
        """Status of every component by name; none if nobody answers yet."""
        try:
            answer = _ask("GET", f"{self.url}/api/v2/monitor/health", {}, None)
        except OSError:
            return {}
        return {name: about.get("status") for name, about in answer.items()}

    def make_pool(self, name: str, slots: int, about: str) -> None:
        """Make a pool; one that is there already keeps its slots."""
        try:
            self.post("/pools", {"name": name, "slots": slots, "description": about})
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise


def _ask(
    method: str, url: str, headers: dict[str, str], body: dict[str, Any] | None
) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"{}")
