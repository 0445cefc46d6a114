"""`coterie lang` answers from any folder, with no database and no settings."""

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coterie.cli.lang_batch import LONGEST_LINE, answer_line, read_lines

NOW = "2026-03-31T12:00:00Z"
PROFILE = {
    "email": "ann@example.com",
    "orders": 4,
    "last_order": "2026-03-20T10:00:00Z",
    "birthday": {"$time": "1990-02-28"},
    "city": "Porto",
}


def lang(*words: str, folder: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the real command with an empty environment."""
    return subprocess.run(
        [sys.executable, "-m", "coterie", "lang", *words],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={},
        timeout=120,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a profile and other filters in files."""
    write(tmp_path / "profile.json", PROFILE)
    write(tmp_path / "includes.json", {"buyers": "FILTER orders > 3", "odd": "FILTER orders + 1"})
    return tmp_path


def write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FILTER orders >= 4", "true"),
        ('FILTER city == "Faro"', "false"),
        ("FILTER orders NOT BETWEEN 1 AND gone", "null"),
        ('FILTER last_order > "now-30d"', "true"),
        ('FILTER birthday < "2000-01-01"', "true"),
        ("FILTER AND (INCLUDE buyers, EXISTS email)", "true"),
        ("FILTER INCLUDE odd", "null"),
        ("FILTER INCLUDE unknown", "null"),
    ],
)
def test_eval_prints_true_false_or_null(folder: Path, text: str, expected: str) -> None:
    words = ("--filter", text, "--profile", "profile.json", "--now", NOW)

    done = lang("eval", *words, "--includes", "includes.json", folder=folder)

    assert (done.stdout, done.stderr, done.returncode) == (f"{expected}\n", "", 0)


def test_a_text_is_read_from_standard_input(folder: Path) -> None:
    done = lang(
        "eval", "--filter", "-", "--profile", "profile.json", folder=folder,
        given='FILTER AND (\n  orders > 3 -- several\n  city LIKE "P*"\n)',
    )  # fmt: skip

    assert (done.stdout, done.returncode) == ("true\n", 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orders * 2", "8"),
        ("tolower(city)", '"porto"'),
        ("gone", "null"),
        ("last_order", '"2026-03-20T10:00:00Z"'),
        ("now()", f'"{NOW}"'),
        ('split("b,a", ",")', '["b","a"]'),
        ("map(city, orders)", '{"Porto":4}'),
        ("orders > 3", "true"),
    ],
)
def test_expr_prints_the_value_as_json(folder: Path, text: str, expected: str) -> None:
    done = lang("expr", text, "--event", "profile.json", "--now", NOW, folder=folder)

    assert (done.stdout, done.stderr, done.returncode) == (f"{expected}\n", "", 0)


def test_texts_of_the_data_stay_texts_when_asked(folder: Path) -> None:
    words = ('split(last_order, "T")', "--event", "profile.json")

    done = lang("expr", *words, "--times-as-text", folder=folder)

    assert done.stdout == '["2026-03-20","10:00:00Z"]\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('FILTER last_order > "now-30d"', "2026-04-19T10:00:00Z"),
        ('FILTER birthday > "now-30d"', "never"),
        ("FILTER orders > 3", "never"),
    ],
)
def test_flip_prints_the_instant_or_never(folder: Path, text: str, expected: str) -> None:
    words = ("--filter", text, "--profile", "profile.json", "--now", NOW)

    done = lang("flip", *words, folder=folder)

    assert (done.stdout, done.returncode) == (f"{expected}\n", 0)


def test_parse_prints_what_a_filter_says(folder: Path) -> None:
    text = "FILTER AND (x > 5, NOT INCLUDE buyers) FROM user LIMIT 3 ALIAS some"

    done = lang("parse", text, "--includes", "includes.json", folder=folder)

    found = json.loads(done.stdout)
    assert found["text"] == "FILTER AND (x > 5, NOT INCLUDE buyers) FROM user LIMIT 3 ALIAS some"
    assert found["ast"]["args"][0] == {"op": ">", "args": [{"ident": "x"}, {"val": 5}]}
    assert (found["reads"], found["includes"], found["alias"]) == (["x"], ["buyers"], "some")
    assert found["inlined"] == "AND (x > 5, NOT (orders > 3))"


def test_parse_reads_the_json_form(folder: Path) -> None:
    form = {"op": "or", "args": [{"op": "=", "args": [{"ident": "a"}, {"val": "b"}]}, {"seg": "c"}]}

    done = lang("parse", "--ast", json.dumps(form), folder=folder)

    assert json.loads(done.stdout)["text"] == 'FILTER OR (a == "b", INCLUDE c)'


def test_parse_reads_a_query_and_an_expression(folder: Path) -> None:
    query = lang("parse", "SELECT a AS b FROM s INTO user BY b ALIAS q", folder=folder)
    expression = lang("parse", "tolower( a )", "--language", "expr", folder=folder)

    assert json.loads(query.stdout)["query"]["columns"][0]["field"] == "b"
    assert json.loads(expression.stdout)["text"] == "tolower(a)"


def test_explain_shows_what_each_condition_looked_at(folder: Path) -> None:
    text = 'AND (INCLUDE buyers, last_order > "now-30d", NOT EXISTS gone)'
    words = ("--filter", text, "--profile", "profile.json", "--now", NOW)

    shown = lang("explain", *words, "--includes", "includes.json", folder=folder)
    tree = lang("explain", *words, "--json", folder=folder)

    assert shown.stdout.splitlines()[:5] == [
        "* true  AND",
        "          Changes to false at 2026-04-19T10:00:00Z.",
        "* true    INCLUDE buyers",
        "* true      orders > 3",
        "              orders = 4",
    ]
    found = json.loads(tree.stdout)
    assert (found["answer"], found["parts"][0]["reason"]) == (None, "There is no audience 'buyers'")


def test_format_prints_checks_and_writes(folder: Path) -> None:
    path = folder / "filter.txt"
    path.write_text("and(a=1 -- why\n b=2)")

    printed = lang("format", "@filter.txt", folder=folder)
    before = lang("format", "@filter.txt", "--check", folder=folder)
    written = lang("format", "@filter.txt", "--write", folder=folder)
    after = lang("format", "@filter.txt", "--check", folder=folder)

    assert printed.stdout == "FILTER AND (\n  a == 1, -- why\n  b == 2\n)\n"
    assert (before.returncode, before.stdout) == (1, "")
    assert (written.returncode, after.returncode, after.stderr) == (0, 0, "")
    assert path.read_text() == printed.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("eval", "--filter", "FILTER a >", "--profile", "profile.json"), "Line 1"),
        (("eval", "--filter", "FILTER a", "--profile", "none.json"), "none.json"),
        (("eval", "--filter", "FILTER a", "--profile", "broken.json"), "broken.json"),
        (("eval", "--filter", "a", "--profile", "profile.json", "--now", "noon"), "noon"),
        (("expr", "nofunction(a)", "--event", "profile.json"), "nofunction"),
        (("parse", "a", "--language", "sql"), "sql"),
        (("format", "a", "--write"), "@path"),
        (("parse", "--ast", '{"op": "nand"}'), "did you mean 'and'"),
    ],
)
def test_a_mistake_is_named_and_ends_with_2(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    (folder / "broken.json").write_text("[1]")

    done = lang(*words, folder=folder)

    assert (done.stdout, done.returncode) == ("", 2)
    assert said.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_batch_answers_every_line_in_order(folder: Path) -> None:
    lines = [
        {"kind": "eval", "text": "FILTER n > 1", "data": {"n": 2}},
        {"kind": "expr", "text": "n / 4.0", "data": {"n": 2}},
        {"kind": "expr", "text": "gone"},
        {"kind": "flip", "text": 'd > "now-1d"', "data": {"d": NOW}, "now": NOW},
        {"kind": "eval", "text": "FILTER INCLUDE a", "data": {"n": 2}, "includes": {"a": "n == 2"}},
        {"kind": "eval", "text": "FILTER n >", "data": {}},
        {"kind": "dance", "text": "n"},
        {"kind": "eval"},
        {"kind": "eval", "text": "INCLUDE a", "includes": {"a": "("}},
    ]
    given = "\n".join([*map(json.dumps, lines), "no json", "", "[" * 100_000])

    done = lang("batch", "-", folder=folder, given=given)

    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["ok"] for each in found] == [True] * 5 + [False] * 7
    assert [each["result"] for each in found[:5]] == [True, 0.5, None, "2026-04-01T12:00:00Z", True]
    assert all(set(each) == {"ok", "result", "error"} for each in found)
    assert all(each["error"] for each in found[5:])
    assert "'a'" in found[8]["error"]
    assert done.returncode == 0


@pytest.mark.parametrize(
    "line",
    [
        b'{"kind": "expr", "text": "a", "data": {"a": "\xff"}}',
        b"\xff\xfe{}",
        b'{"kind": "expr", "text": "a", "data": {"a": NaN}}',
        b'{"kind": "expr", "text": "a", "data": {"a": 1e999}}',
        b'{"kind": "expr", "text": "a", "data": {"a": 1' + b"0" * 5_000 + b"}}",
        b'{"kind": "expr", "text": "a", "data": {"a": "\\ud800"}}',
        b'{"kind": "expr", "text": "a", "data": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}",
        b'{"kind": "expr", "text": "a", "data": {"a": '
        + b'{"b": ' * 500
        + b"1"
        + b"}" * 501
        + b"}",
        b'{"kind": "expr", "text": "' + b"(" * 500 + b'"}',
        b'{"kind": "parse", "ast": ' + b'{"op": "not", "args": [' * 300 + b"1" + b"]}" * 300 + b"}",
        b'{"kind": "expr", "text": "a"} {"kind": "expr", "text": "a"}',
        b'{"kind": "expr", "text": "a", "now": "soon"}',
        b'{"kind": "expr", "text": "a", "now": 1767225600}',
        b'{"kind": "expr", "text": "a", "Data": {"a": 1}}',
        b'{"kind": "eval", "text": "a", "include": {}}',
        b'{"kind": "expr", "text": "' + b" " * (16 * 1024 * 1024) + b'a"}',
    ],
    ids=lambda line: line[:60].decode("utf-8", "replace"),
)
def test_no_line_stops_a_batch(line: bytes) -> None:
    found = answer_line(line, now=datetime.now(UTC))

    assert not found.ok
    assert found.result is None
    assert found.error


def test_a_line_that_is_too_long_is_passed_over_without_being_kept() -> None:
    given = io.BytesIO(b"[" * (3 * LONGEST_LINE) + b"\n{}\n\n[]")

    lengths = [len(line) for line in read_lines(given)]

    assert lengths == [LONGEST_LINE + 1, 3, 1, 2]


def test_a_line_may_carry_keys_of_its_own(folder: Path) -> None:
    given = '{"kind": "expr", "text": "a", "data": {"a": 1}, "case": "one", "expected": 1}'

    done = lang("batch", "-", folder=folder, given=f"\ufeff{given}\r\n")

    assert json.loads(done.stdout) == {"ok": True, "result": 1, "error": None}


def test_a_text_may_begin_with_a_sign_or_a_comment(folder: Path) -> None:
    assert lang("expr", "-5 + orders", "--event", "profile.json", folder=folder).stdout == "-1\n"
    for command in ("parse", "format"):
        done = lang(command, "-- Who ordered.\nFILTER orders > 1", folder=folder)
        assert (done.returncode, "Who ordered." in done.stdout) == (0, True)


def test_standard_input_is_asked_for_one_thing(folder: Path) -> None:
    asked = ("eval", "--filter", "orders > 1", "--profile", "-")
    given = json.dumps(PROFILE)

    assert lang(*asked, folder=folder, given=given).stdout == "true\n"
    done = lang("eval", "--filter", "-", "--profile", "-", folder=folder, given=given)

    assert done.returncode == 2
    assert "Standard input can be read once" in done.stderr


def test_files_of_other_editors_are_read(folder: Path) -> None:
    (folder / "profile.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(PROFILE).encode())
    (folder / "filter.txt").write_bytes(b"\xef\xbb\xbfFILTER AND (\r\n  orders > 3\r\n)\r\n")

    done = lang("eval", "--filter", "@filter.txt", "--profile", "profile.json", folder=folder)

    assert done.stdout == "true\n"


def test_a_text_that_is_not_utf_8_is_refused(folder: Path) -> None:
    (folder / "filter.txt").write_bytes(b'FILTER city == "\xff"')

    done = lang("format", "@filter.txt", folder=folder)

    assert done.returncode == 2
    assert "UTF-8" in done.stderr


@pytest.mark.parametrize("now", ["2026-03-31t12:00:00z", "2026-03-31T12:00:00", "2026-03-31 12:00"])
def test_an_instant_is_read_in_the_forms_of_its_standards(folder: Path, now: str) -> None:
    done = lang("expr", "now()", "--event", "profile.json", "--now", now, folder=folder)

    assert done.stdout == f'"{NOW}"\n'


SHOPPER = {
    "city": "Porto",
    "_events": [
        {"_time": "2026-03-20T10:00:00Z", "event": "order", "price": 5},
        {"_time": "2026-03-30T10:00:00Z", "event": "order", "price": 7},
    ],
}


def test_columns_are_those_of_a_profile_that_fits(folder: Path) -> None:
    columns = 'count_of("order") AS orders, sum_of("order", price, "now-3d") AS lately'
    texts = [
        f'SELECT city, {columns} IF did("order") FROM user FILTER did("order")',
        'SELECT city FROM user FILTER did("return")',
        "SELECT *, len(city) AS letters FROM user FILTER *",
    ]
    lines = [{"kind": "select", "text": text, "data": SHOPPER, "now": NOW} for text in texts]

    done = lang("batch", "-", folder=folder, given="\n".join(map(json.dumps, lines)))

    assert [json.loads(line)["result"] for line in done.stdout.splitlines()] == [
        {"city": "Porto", "orders": 2, "lately": 7},
        None,
        {"city": "Porto", "letters": 5},
    ]


def test_batch_reads_a_file(folder: Path) -> None:
    (folder / "cases.jsonl").write_text('{"kind": "expr", "text": "1 + 1"}\n')

    done = lang("batch", "cases.jsonl", folder=folder)

    assert json.loads(done.stdout) == {"ok": True, "result": 2, "error": None}


def test_batch_answers_before_the_next_question_is_asked(folder: Path) -> None:
    command = [sys.executable, "-m", "coterie", "lang", "batch", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, env={}
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(b'{"kind": "expr", "text": "%d"}\n' % number)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["result"] == number
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_the_languages_start_without_what_they_do_not_need() -> None:
    code = (
        "import sys; sys.argv[1:] = ['lang', 'parse', 'a']\n"
        "from coterie.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'psycopg', 'litestar', 'aiohttp', 'asyncssh', 'granian', 'cryptography'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stderr) == (0, "")
