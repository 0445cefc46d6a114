"""Every function of the language, in one table."""

from coterie.lang.expr.functions import hashing, lists, logic, maps, numbers, text, time, web
from coterie.lang.expr.functions.registry import Function

FUNCTIONS: dict[str, Function] = {
    name: function
    for module in (logic, numbers, text, lists, maps, time, web, hashing)
    for name, function in sorted(module.CATALOGUE.items())
}
