"""A submitted form as values that handlers can read."""

from collections.abc import Iterable, Mapping

import msgspec


class Form(msgspec.Struct, frozen=True):
    """The values of a form by input name; inputs that were not sent count as empty."""

    values: dict[str, tuple[str, ...]] = {}

    def __repr__(self) -> str:
        """Return the names alone: values may be passwords and keys."""
        return f"Form({sorted(self.values)})"

    def text(self, name: str) -> str:
        """Return the value without white space at its ends, "" if there is none."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """Return the value exactly as sent, "" if there is none (for passwords and keys)."""
        found = self.values.get(name, ())
        return found[0] if found else ""

    def choices(self, name: str) -> tuple[str, ...]:
        """Return all values sent under a name, such as those of a list of checkboxes."""
        return self.values.get(name, ())

    def is_ticked(self, name: str) -> bool:
        """Tell whether a checkbox was ticked."""
        return bool(self.raw(name))

    def whole_number(self, name: str) -> int | None:
        """Return the value as a whole number, None if it is not one."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None

    def words(self, name: str) -> tuple[str, ...]:
        """Return the parts of a comma list, without empty ones."""
        parts = (part.strip() for part in self.text(name).replace("\n", ",").split(","))
        return tuple(part for part in parts if part)

    def lines(self, name: str) -> list[str]:
        """Return the lines of an area, without empty ones and white space at their ends."""
        return [line.strip() for line in self.raw(name).splitlines() if line.strip()]


def read_form(pairs: Iterable[tuple[str, object]]) -> Form:
    """Return the form that (name, value) pairs make; files and NUL characters are left out."""
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if isinstance(value, str):
            clean = value.replace("\x00", "").replace("\r\n", "\n")
            values[name] = (*values.get(name, ()), clean)
    return Form(values)


def filled_form(values: Mapping[str, str | Iterable[str]]) -> Form:
    """Return a form that shows `values`, as when a page is opened for editing."""
    return Form(
        {
            name: (value,) if isinstance(value, str) else tuple(value)
            for name, value in values.items()
        }
    )
