"""docs/reference/errors.md names every error."""

import ast
import importlib
import inspect
import itertools
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterator

import coterie
from coterie.api.errors import status_of
from coterie.base.errors import CoterieError, PermanentError, TransientError, UserError
from coterie.lang.expr import limits

INTRODUCTION = """\
# Errors

Every error has a code, which is stable, and a message for a person, which says what is wrong, which
thing it is about, and the cure. Programs go by the code. There are three families, by what the
caller does next:

- **user**: change the input, then try again. The command line ends with 2.
- **transient**: try again later, as it is; HTTP answers carry `Retry-After`. The command line ends
  with 1.
- **permanent**: trying again will not help; a person has to act. The command line ends with 1.

Over HTTP an error is a JSON object; `data` is always null:

```json
{"status": 401, "message": "An access token is needed: …", "data": null, "code": "token_missing"}
```

What is wrong with a filter, a query or a mapping comes with its places, all of them at once:
`errors` lists at most 20, in the order of the text.

```json
{
  "status": 400, "message": "Line 1, column 10: …", "data": null, "code": "invalid_filter",
  "errors": [
    {
      "message": "found 'LKE'", "line": 1, "column": 10, "length": 3,
      "expected": "the end of the filter", "suggestion": "like",
      "marker": "  FILTER x LKE 5\\n           ^^^"
    }
  ]
}
```

Lines and columns count from 1; a column is a character, so a tab is one, and 日 too. `length` is
how many characters are meant, within the line; 0 stands for a place where something is missing.
`expected` and `suggestion` may be null; `marker` is the line with carets under the place, for a
font of fixed width. Warnings have the same shape.

Two codes have no class behind them: `internal` (500; something broke here, and the server's log
says what) and `http_error` (the framework refused a request: an unknown route, a parameter of the
wrong kind). The status below is the one that an error gets if it reaches HTTP; many never do.

## Limits of the languages

What goes beyond one of these is such an error too, and its message names the limit.

{limits}

## All errors

This page is made from the code: see [contributing](../../CONTRIBUTING.md#golden-files).

| Code | Family | HTTP | Meaning |
| --- | --- | --- | --- |
"""
FAMILIES = {UserError: "user", TransientError: "transient", PermanentError: "permanent"}
# The parents are never raised themselves, and have the codes of what a subclass left out.
PARENTS: set[type[CoterieError]] = {CoterieError, *FAMILIES}


def error_classes() -> list[type[CoterieError]]:
    """Import every module of the product and return the errors that they define."""
    for module in pkgutil.walk_packages(coterie.__path__, "coterie."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = {error for error in _below(CoterieError) if error.__module__.startswith("coterie.")}
    return sorted(found - PARENTS, key=lambda error: (error.code, error.__module__))


def _below(parent: type[CoterieError]) -> Iterator[type[CoterieError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _below(child)


def family(error: type[CoterieError]) -> str:
    return next((name for parent, name in FAMILIES.items() if issubclass(error, parent)), "-")


def test_every_error_has_a_code_of_its_own() -> None:
    homes = defaultdict(set)
    for error in error_classes():
        homes[error.code].add((error.__qualname__, family(error)))

    # Two stages may have the same error, but then it asks the caller for the same.
    assert not {code: found for code, found in homes.items() if len(found) > 1}
    assert not {parent.code for parent in PARENTS} & set(homes)


def test_the_page_names_every_error(compare: Callable[[str, str], None]) -> None:
    rows: dict[str, str] = {}
    for error in error_classes():
        # The status depends on the class and the code, so no values have to be made up.
        status = status_of(error.__new__(error))
        meaning = (inspect.getdoc(error) or "").split("\n\n")[0].replace("\n", " ")
        rows.setdefault(
            error.code, f"| `{error.code}` | {family(error)} | {status} | {meaning} |\n"
        )

    page = INTRODUCTION.replace("{limits}", limit_table()) + "".join(rows.values())
    compare("docs/reference/errors.md", page)


def limit_table() -> str:
    """Return a table of the languages' limits, with the docstrings that stand under them."""
    rows = ["| At most | Of what |", "| --- | --- |"]
    body = ast.parse(inspect.getsource(limits)).body
    for named, said in itertools.pairwise(body):
        match named, said:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(ast.Constant(str(words))):
                rows.append(f"| {getattr(limits, name):,} | {' '.join(words.split())} |")
    return "\n".join(rows)
