"""Every function of the language, in one table."""

from coterie.lang.expr.functions import (
    agents,
    choice,
    documents,
    domains,
    hashing,
    lists,
    logic,
    maps,
    numbers,
    patterns,
    phones,
    places,
    text,
    time,
    web,
    windows,
)
from coterie.lang.expr.functions.registry import Function

# The order is that of the reference page.
CATALOGUES = {
    "Conditions": (logic, choice),
    "Numbers and casts": (numbers,),
    "Texts": (text, patterns),
    "Lists": (lists,),
    "Maps": (maps,),
    "Dates and times": (time, windows),
    "Web and e-mail addresses": (web, domains, agents),
    "Phone numbers and places": (phones, places),
    "Hashes, encodings, documents": (hashing, documents),
}
FUNCTIONS: dict[str, Function] = {
    name: function
    for modules in CATALOGUES.values()
    for module in modules
    for name, function in sorted(module.CATALOGUE.items())
}
