"""What the comparison of two builds says, from counts that are given."""

import pytest
from instructions.callgrind import Count
from instructions.cases import Case, Kind
from instructions.comparison import Comparison, as_json, compared, summary, table


def line(
    base: Count | None, now: Count | None, reason: str = "", *, limit: float = 5.0
) -> Comparison:
    return Comparison("call, int", "row", base, now, limit, reason)


@pytest.mark.parametrize(
    ("base", "now", "verdict", "is_worse"),
    [
        (Count(100, 10), Count(100, 10), "same", False),
        (Count(100, 10), Count(105, 10), "same", False),
        (Count(1000, 10), Count(1051, 10), "slower", True),
        (Count(1000, 10), Count(949, 10), "faster", False),
        # Twice the work in springald, and less in all.
        (Count(100, 10), Count(99, 20), "same", False),
        (None, Count(100, 10), "new", False),
        (Count(100, 10), None, "gone", True),
        (None, None, "not run", False),
    ],
)
def test_verdict_follows_all_instructions(
    base: Count | None, now: Count | None, verdict: str, is_worse: bool
) -> None:
    found = line(base, now, "no such function")
    assert (found.verdict, found.is_worse) == (verdict, is_worse)


def test_limit_can_be_chosen() -> None:
    counts = Count(100, 10), Count(109, 10)
    assert line(*counts).verdict == "slower"
    assert line(*counts, limit=10).verdict == "same"


def test_nothing_of_ours_is_no_change() -> None:
    found = line(Count(100, 0), Count(100, 3))
    assert found.change_of_ours is None
    assert found.verdict == "same"


def test_table_shows_both_counts_and_what_is_new() -> None:
    cases = [Case(name, Kind.ROWS) for name in ("a", "b", "c", "d")]
    lines = compared(
        cases,
        ({"a": Count(640, 90), "c": Count(20_000, 8)}, {"b": "no b", "d": "no d"}),
        ({"a": Count(800, 45), "b": Count(7, 7)}, {"c": "no c", "d": "nor here"}),
        5.0,
    )
    heads, columns, a, b, c, d = table(lines).splitlines()
    assert heads.split() == ["all", "ours"]
    assert columns.split() == ["case", "per", *["base", "now", "change"] * 2]
    assert a.split() == [
        "a", "row", "640.0", "800.0", "+25.00", "%", "90.0", "45.0", "-50.00", "%",
        "slower",
    ]  # fmt: skip
    assert b.split() == ["b", "row", "-", "7.0", "-", "-", "7.0", "-", "new"]
    assert c.split() == ["c", "row", "20000", "-", "-", "8.0", "-", "-", "gone"]
    assert d.split(maxsplit=1) == ["d", "not run: nor here"]
    assert summary(lines, 5.0) == (
        "More than 5 % slower: a. Cannot be run any more: c (no c)."
    )


def test_summary_says_that_all_is_well() -> None:
    lines = [line(Count(100, 10), Count(90, 10)), line(None, Count(1, 1))]
    assert summary(lines, 2.5) == "No case got more than 2.5 % slower."


def test_json_has_counts_changes_and_reasons() -> None:
    first, second = as_json(
        [
            line(Count(100, 10), Count(110, 10)),
            line(None, Count(1, 1), "no such function"),
        ]
    )
    assert first["base"] == {"all": 100, "ours": 10}
    assert first["change_percent"] == pytest.approx(10)
    assert first["change_of_ours_percent"] == 0
    assert first["verdict"] == "slower"
    assert second["base"] is None
    assert second["reason"] == "no such function"
