"""Braze's personalization forms, rewritten as plain Liquid.

`{{${first_name}}}` becomes `{{ braze_profile["first_name"] }}`, `custom_attribute.${a b}` becomes
`custom_attribute["a b"]`, and the optional braces inside a tag or another output are taken away
(`{% if {{custom_attribute.${x}}} == 1 %}`). In tags that hold text, such as connected_content, the
inner braces mark what is not text and stay.
"""

from braze_sandbox.errors import RefusedError

PROFILE = "braze_profile"

_ENDS = {"{{": "}}", "{%": "%}"}
_QUOTES = "'\""
_TEXT_TAGS = ("connected_content", "message_extras", "catalog_items")


class UnclosedLiquidError(RefusedError):
    """A template opens something that it does not close."""

    def __init__(self, opener: str, text: str) -> None:
        super().__init__(
            400, f"The template opens '{opener}' and does not close it: {text[:60]!r}."
        )


def translate(template: str) -> str:
    """Return `template` in plain Liquid; raise UnclosedLiquidError (400) for an open end."""
    parts: list[str] = []
    position = 0
    while True:
        start = _find_opener(template, position)
        if start < 0:
            parts.append(template[position:])
            return "".join(parts)
        parts.append(template[position:start])
        opener = template[start : start + 2]
        code, position = _read_code(template, start + 2, opener)
        parts.append(opener + code + _ENDS[opener])


def _find_opener(template: str, position: int) -> int:
    found = [template.find(opener, position) for opener in _ENDS]
    return min((at for at in found if at >= 0), default=-1)


def _read_code(template: str, position: int, opener: str) -> tuple[str, int]:
    """Return the rewritten inside of an output or tag, with the position after its end."""
    end = _ENDS[opener]
    code = ""
    nested = 0
    start = position
    while position < len(template):
        two = template[position : position + 2]
        if two == "${":
            code, position = _read_name(template, position, code)
        elif two == "{{":
            nested += 1
            position += 2
            code += "{{" if _is_text(opener, code) else ""
        elif nested and two == "}}":
            nested -= 1
            position += 2
            code += "}}" if _is_text(opener, code) else ""
        elif two == end:
            return code, position + 2
        elif template[position] in _QUOTES:
            text, position = _read_quoted(template, position, end)
            code += text
        else:
            code += template[position]
            position += 1
    raise UnclosedLiquidError(opener, template[start:])


def _is_text(opener: str, code: str) -> bool:
    return opener == "{%" and code.lstrip("- \n\t").startswith(_TEXT_TAGS)


def _read_name(template: str, position: int, code: str) -> tuple[str, int]:
    close = template.find("}", position)
    if close < 0:
        raise UnclosedLiquidError("${", template[position:])
    name = template[position + 2 : close].strip()
    quote = "'" if '"' in name else '"'
    key = f"[{quote}{name}{quote}]"
    owner = code[:-1] if code.endswith(".") else code + PROFILE
    return owner + key, close + 1


def _read_quoted(template: str, position: int, end: str) -> tuple[str, int]:
    close = template.find(template[position], position + 1)
    if close < 0 or end in template[position:close]:
        # Liquid ends a tag at the first end mark, so an apostrophe before it quotes nothing.
        return template[position], position + 1
    return template[position : close + 1], close + 1
