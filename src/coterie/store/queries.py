"""The named SQL texts of a stage, read from its file."""

import functools
from pathlib import Path

import aiosql
from aiosql.utils import SQLLoadException, SQLParseException

from coterie.base.errors import PermanentError

FOLDER = Path(__file__).parent / "sql"


class UnknownQueryError(PermanentError):
    """Code asks for a query or a file of queries that does not exist."""

    code = "unknown_query"

    def __init__(self, *, stage: str, name: str | None, cure: str) -> None:
        what = f"The query {name!r} of stage {stage!r}" if name else f"The queries of {stage!r}"
        super().__init__(f"{what} cannot be read. {cure}")


class StageQueries:
    """The queries of one stage, each the text that psycopg executes, with %(name)s parameters."""

    def __init__(self, stage: str, texts: dict[str, str]) -> None:
        self._stage = stage
        self._texts = texts

    @property
    def names(self) -> list[str]:
        """The names of all queries, in alphabetical order."""
        return sorted(self._texts)

    def text(self, name: str) -> str:
        """Return the SQL of the query `name`. Raises UnknownQueryError."""
        try:
            return self._texts[name]
        except KeyError as error:
            cure = f"Known are: {', '.join(self.names)}."
            raise UnknownQueryError(stage=self._stage, name=name, cure=cure) from error

    def __getattr__(self, name: str) -> str:
        """Return the SQL of the query `name`, as `text` does."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.text(name)


@functools.cache
def load_queries(stage: str, *, folder: Path = FOLDER) -> StageQueries:
    """Return the queries in `folder`/`stage`.sql; each file is read once. Raises UnknownQueryError.

    The files are written for aiosql: `-- name: append!` before each query, parameters as `:name`.
    A per cent sign in a query with parameters is doubled, as psycopg wants it.
    """
    path = folder / f"{stage}.sql"
    try:
        loaded = aiosql.from_path(path, "psycopg", mandatory_parameters=False)
    except (SQLLoadException, SQLParseException, OSError) as error:
        cure = f"Correct the file {path.name} ({error})."
        raise UnknownQueryError(stage=stage, name=None, cure=cure) from error
    texts = {name: getattr(loaded, name).sql for name in loaded.available_queries}
    return StageQueries(stage, texts)
