"""Each target for a moment; `make fuzz` takes its time."""

import pytest

from tests.fuzz.running import attempt
from tests.fuzz.targets import TARGETS

EXAMPLES = [
    pytest.param(name, example, id=f"{name} {number}")
    for name, target in TARGETS.items()
    for number, example in enumerate(target.examples)
]


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_a_reader(name):
    fuzz, tried = attempt(name, 60)

    fuzz()

    assert tried[0] >= 50


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_what_broke_a_reader_once_breaks_it_no_more(name, example):
    TARGETS[name].check(example)


def test_an_input_that_breaks_a_reader_is_found(monkeypatch):
    def check(value):
        assert "ab" not in "".join(value)

    monkeypatch.setitem(
        TARGETS, "search", TARGETS["search"].__class__(TARGETS["search"].inputs, check)
    )
    fuzz, _tried = attempt("search", 2000, seed=1)

    with pytest.raises(AssertionError):
        fuzz()
