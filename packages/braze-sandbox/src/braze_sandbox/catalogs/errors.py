"""The errors of the catalog endpoints."""

from typing import Any

from braze_sandbox.errors import RefusedError


class CatalogError(RefusedError):
    """A catalog request that is refused, in the recorded shape."""

    def __init__(self, status: int, problem: str, message: str, **parameters: str) -> None:
        super().__init__(status, "Invalid Request")
        self.problem = {
            "id": problem,
            "message": message,
            "parameters": list(parameters),
            "parameter_values": list(parameters.values()),
        }

    def body(self) -> dict[str, Any]:
        """Return the JSON object that the answer carries."""
        return {"errors": [self.problem], "message": self.message}
