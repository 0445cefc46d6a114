"""Guessing the kind of a field that a query makes without saying it."""

from coterie.lang.expr.tree import Call, Node

# What a column without KIND most likely is, by its outermost function.
_RESULTS = {
    "date": ("todate", "todatein", "now"),
    "int": ("toint", "count", "len", "char_length", "epochms", "totimestamp", "yy", "mm",
            "monthofyear", "dayofweek", "hourofday", "hourofweek", "string.index", "hash",
            "hash.sip"),
    "number": ("tonumber", "sum", "avg", "min", "max", "sqrt", "pow", "seconds"),
    "bool": ("tobool", "exists", "any", "all", "not", "eq", "ne", "gt", "ge", "lt", "le",
             "contains", "hasprefix", "hassuffix", "ipfilter", "regex.match", "geodistance"),
    "[]string": ("set", "split", "string.split", "hosts", "domains", "mapkeys", "mapvalues",
                 "filter", "filtermatch", "array.slice"),
    "[]time": ("totimeset",),
    "[]timebucket": ("timebucket",),
    "map[string]string": ("match", "mapinvert", "useragent.map"),
    "map[string]time": ("maptime",),
    "map[string]intsum": ("valuect",),
}  # fmt: skip
_KIND_OF = {name: kind for kind, names in _RESULTS.items() for name in names}
_MAP_OF = {
    "date": "map[string]time",
    "int": "map[string]int",
    "number": "map[string]number",
    "bool": "map[string]bool",
}


def guess_kind(node: Node) -> str:
    """Return the kind that an expression's values most likely have."""
    if not isinstance(node, Call):
        return "string"
    if node.name in ("if", "ifcase"):
        return guess_kind(node.args[1])
    if node.name == "map" and len(node.args) == len(("key", "value")):
        return _MAP_OF.get(guess_kind(node.args[1]), "map[string]string")
    return _KIND_OF.get(node.name, "string")
