"""docs/types.md says what is true: it is what `make types` writes now."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools"))

import type_table


@pytest.mark.embedded_only(reason="tries each type in this process")
def test_the_page_of_types_is_up_to_date():
    written = type_table.PAGE.read_text(encoding="utf-8").splitlines()
    assert written == type_table.page().splitlines(), "run `make types`"
