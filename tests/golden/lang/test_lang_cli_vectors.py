"""Published examples of the engine, asked as an outside run asks them: `coterie lang batch`.

All cases of a test go through one process. Plain JSON is all that is given: instants are RFC 3339
texts, and names of the first reader stand in lower case beside their own. The vectors lie beside
the project and are not part of it; without them these tests are skipped. What is known to differ is
listed, with its reason, in `known_differences`; nothing else does.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.golden.lang.known_differences import (
    KNOWN_DIFFERENCES,
    UNWRITTEN_TIMES,
    published_value,
)

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "lytics"
NOW = "2026-01-01T12:00:00Z"
EVENT_TIME = "2014-04-07T16:58:55Z"

if not VECTORS.is_dir():
    pytest.skip(f"{VECTORS.name} vectors are not here", allow_module_level=True)

from tests.golden.lang.test_lang_value_vectors import (  # noqa: E402
    COERCION,
    DATEMATH,
)
from tests.golden.lang.test_lang_vectors import (  # noqa: E402 - it skips without the vectors too
    AUDIENCES,
    BUILTINS,
    EVAL,
    INCLUDES,
    PARSE,
)

# A Go struct without methods is of no kind that the language knows, and JSON cannot say it.
SAYS_STRUCT = "Address"
INSTANTS = {"NOW-1h": "2026-01-01T11:00:00Z", "zero time": "0001-01-01T00:00:00Z"}


def plain(found: Any) -> Any:
    """Return a fixture value with its named instants written out."""
    match found:
        case str():
            return INSTANTS.get(found, found)
        case dict():
            return {key: plain(each) for key, each in found.items()}
        case list():
            return [plain(each) for each in found]
        case _:
            return found


def ask(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the answers of one process."""
    done = subprocess.run(
        [sys.executable, "-m", "coterie", "lang", "batch", "-"],
        input="\n".join(json.dumps(question) for question in questions),
        capture_output=True,
        text=True,
        check=True,
        timeout=280,
        env={},
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    return answers


def user() -> dict[str, Any]:
    first = plain(EVAL["fixture"]["reader_1_struct"])
    first["FullName"] = first.pop("FullName()").partition(" (")[0]
    first["Address"] |= {key.lower(): each for key, each in first["Address"].items()}
    lower = {key.lower(): each for key, each in first.items()}
    return {**lower, **first, **plain(EVAL["fixture"]["reader_2_map"])}


def expression_cases() -> Iterator[dict[str, Any]]:
    for case in BUILTINS["cases"]:
        text = case["expr"]
        if text not in KNOWN_DIFFERENCES and SAYS_STRUCT not in text:
            yield case


def test_functions_give_the_published_values() -> None:
    cases = list(expression_cases())
    event = plain(BUILTINS["context_map"] | BUILTINS["context_struct"])
    asked = [
        {
            "kind": "expr",
            "text": case["expr"].replace("emptyslice()", "[]"),
            "data": event,
            "now": EVENT_TIME,
        }
        for case in cases
    ]

    answers = ask(asked)

    assert len(cases) > 400
    wrong = [
        (case, found)
        for case, found in zip(cases, answers, strict=True)
        if not _is_as_published(case, found)
    ]
    assert wrong == []


def _is_as_published(case: dict[str, Any], found: dict[str, Any]) -> bool:
    if case.get("error") or case.get("nil"):
        return found["result"] is None
    if not found["ok"]:
        return False
    result, expected = found["result"], published_value(case)
    if isinstance(result, list) and "unordered" in case.get("type", ""):
        return sorted(map(str, result)) == sorted(map(str, expected))
    return bool(result == expected) and isinstance(result, bool) == isinstance(expected, bool)


def test_wrong_arguments_are_refused() -> None:
    texts = BUILTINS["must_fail_validation"]

    answers = ask([{"kind": "expr", "text": text} for text in texts])

    assert [text for text, found in zip(texts, answers, strict=True) if found["ok"]] == []


def test_filters_hold_as_published() -> None:
    hits, misses = EVAL["hits_must_match_and_be_evaluable"], EVAL["misses_must_not_match"]
    data, includes = user(), EVAL["fixture"]["include_filters"]
    asked = [
        {"kind": "eval", "text": text, "data": data, "now": NOW, "includes": includes}
        for text in hits + misses
    ]

    answers = ask(asked)

    found = dict(zip(hits + misses, answers, strict=True))
    assert [text for text in hits if found[text]["result"] is not True] == []
    assert [text for text in misses if found[text]["result"] is True] == []


def test_includes_and_senseless_conditions_answer_as_published() -> None:
    cases = EVAL["include_cases"] + EVAL["invalid_context_cases"]
    asked = [
        {
            "kind": "eval",
            "text": case["query"],
            "data": plain(case["context"]),
            "now": NOW,
            "includes": case.get("include", {}),
        }
        for case in cases
    ]

    answers = ask(asked)

    for case, found in zip(cases, answers, strict=True):
        assert (found["result"] is not None) is case["ok"], case
        assert not case["ok"] or "match" not in case or found["result"] is case["match"], case


def test_selected_columns_are_those_published() -> None:
    cases = EVAL["filter_selects"]
    asked = [
        {"kind": "select", "text": case["query"], "data": user(), "now": NOW} for case in cases
    ]

    answers = ask(asked)

    for case, found in zip(cases, answers, strict=True):
        assert found["result"] == (case["expect_columns"] or {}), case


def test_published_filters_are_read_and_mistakes_refused() -> None:
    good, bad = PARSE["must_parse_and_round_trip"], PARSE["must_fail_to_parse"]

    answers = ask([{"kind": "parse", "text": text} for text in good + bad])
    again = ask(
        [{"kind": "parse", "text": found["result"]["text"]} for found in answers[: len(good)]]
    )

    assert [found["ok"] for found in answers] == [True] * len(good) + [False] * len(bad)
    assert [found["result"] for found in again] == [
        found["result"] for found in answers[: len(good)]
    ]


def test_filters_are_equal_as_published() -> None:
    same = PARSE["must_be_equal_after_normalisation"] + PARSE["must_be_equal_select"]
    pairs = same + PARSE["must_not_be_equal"]

    answers = ask([{"kind": "parse", "text": text} for pair in pairs for text in pair])

    texts = [found["result"]["text"] for found in answers]
    found = [one == other for one, other in zip(texts[::2], texts[1::2], strict=True)]
    assert found == [True] * len(same) + [False] * (len(pairs) - len(same))


def test_json_form_reads_back_as_the_published_filter() -> None:
    texts = PARSE["must_parse_and_round_trip"]
    parsed = [found["result"] for found in ask([{"kind": "parse", "text": text} for text in texts])]

    again = ask([{"kind": "parse", "ast": result["ast"]} for result in parsed])

    for before, after in zip(parsed, again, strict=True):
        assert after["result"]["ast"] == before["ast"]
        assert after["result"]["reads"] == before["reads"]


def test_included_filters_are_written_out_as_published() -> None:
    inline, graph = INCLUDES["inline"], INCLUDES["graph"]
    asked = [
        {"kind": "parse", "text": case["in"], "includes": inline["filters"]}
        for case in inline["cases"]
    ]
    asked += [
        {"kind": "parse", "text": case["resolve"], "includes": case["filters"]} for case in graph
    ]

    answers = ask(asked)

    for case, found in zip(inline["cases"], answers, strict=False):
        assert _bare(found["result"]["inlined"]) == _bare(case["out"])
    for case, found in zip(graph, answers[len(inline["cases"]) :], strict=True):
        assert found["ok"] is (case["error"] is None)


def _bare(text: str) -> str:
    return "".join(text.split())


def told(found: Any) -> Any:
    """Return a value of the coercion vectors as JSON: `number 500`, `time 2016-…` or plain."""
    kind, _, rest = found.partition(" ") if isinstance(found, str) else ("", "", "")
    match kind:
        case "number":
            return float(rest)
        case "int":
            return int(rest)
        case "time":
            return {"$time": rest}
        case _:
            return found


def value_of(function: str, value: Any) -> dict[str, Any]:
    return {"kind": "expr", "text": function, "data": {"x": told(value)}}


def test_values_are_read_as_published() -> None:
    cases = [
        (value_of(f"{function}(x)", value), expected)
        for function, name in (("toint", "int"), ("tonumber", "number"), ("tobool", "bool"))
        for value, expected in [
            *COERCION[f"to_{name}_ok"],
            *((value, None) for value in COERCION.get(f"to_{name}_bad", ())),
        ]
    ]
    cases += [
        (value_of(f"cast(x AS {kind})", value), expected)
        for kind, value, expected in [
            *COERCION["cast_ok"],
            *((kind, value, None) for kind, value in COERCION["cast_bad"]),
        ]
    ]

    answers = ask([question for question, _ in cases])

    assert [
        (question, expected, found)
        for (question, expected), found in zip(cases, answers, strict=True)
        if found["result"] != expected
    ] == []


def test_values_are_one_text_as_published() -> None:
    # Functions of texts read so; tostring joins the items of a list, as the engine's own does.
    nothing: list[Any] = [None, [], {"a": 1}]
    cases = [*COERCION["to_string_ok"], *((value, None) for value in nothing)]

    answers = ask([value_of('replace(x, "~")', value) for value, _ in cases])

    for (value, expected), found in zip(cases, answers, strict=True):
        wanted = "100" if expected == "100 (first element)" else expected
        assert found["result"] == wanted, value


def test_texts_are_read_as_dates_as_published() -> None:
    good = [value for value in COERCION["to_time_ok"] if value not in UNWRITTEN_TIMES]
    bad = COERCION["to_time_bad"]

    answers = ask(
        [
            {"kind": "expr", "text": f"cast({json.dumps(value)} AS time)", "now": NOW}
            for value in good + bad
        ]
    )

    assert [found["result"] is not None for found in answers] == [
        *[True] * len(good),
        *[False] * len(bad),
    ]


def test_values_are_equal_as_published() -> None:
    pairs = COERCION["equal_true"] + COERCION["equal_false"]

    answers = ask(
        [
            {"kind": "expr", "text": "eq(a, b)", "data": {"a": told(one), "b": told(other)}}
            for one, other in pairs
        ]
    )

    expected = [True] * len(COERCION["equal_true"]) + [False] * len(COERCION["equal_false"])
    assert [found["result"] for found in answers] == expected


def test_date_math_counts_as_published() -> None:
    named = [
        (text if text.startswith("now") else f"now{text}", instant)
        for text, instant in DATEMATH["ok"]
    ]
    bad = [text if text.startswith("now") else f"now{text}" for text in DATEMATH["bad"]]
    # The engine calls `1s` too short for its sign to be left out, which behind now it is not.
    bad.remove("now1s")

    answers = ask(
        [
            {"kind": "expr", "text": f'todate("{text}")', "now": DATEMATH["anchor"]}
            for text in [text for text, _ in named] + bad
        ]
    )

    for (text, instant), found in zip(named, answers, strict=False):
        assert found["result"] == (instant if instant[0].isdigit() else DATEMATH["anchor"]), text
    assert [found["result"] for found in answers[len(named) :]] == [None] * len(bad)


def test_published_audiences_are_read_and_answered() -> None:
    texts = [case["ql"] for case in AUDIENCES["audiences"] + AUDIENCES["doc_examples"]]
    nobody: dict[str, Any] = {}

    answers = ask(
        [{"kind": "parse", "text": text} for text in texts]
        + [{"kind": "eval", "text": text, "data": nobody, "now": NOW} for text in texts]
        + [{"kind": "format", "text": text} for text in texts]
    )

    assert [found["error"] for found in answers if not found["ok"]] == []
