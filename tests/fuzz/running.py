"""Tries a target with inputs that Hypothesis makes, and counts them."""

from hypothesis import HealthCheck, given, seed, settings

from tests.fuzz.targets import TARGETS


def attempt(name, count, **options):
    """Return a function that tries ``count`` inputs, and a list of how many it tried.

    With ``seed`` they are new ones each time, without it always the same.
    """
    target, tried = TARGETS[name], [0]
    number = options.pop("seed", None)

    @settings(
        deadline=None,
        database=None,
        derandomize=number is None,
        max_examples=count,
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def fuzz(value):
        tried[0] += 1
        target.check(value)

    return (fuzz if number is None else seed(number)(fuzz)), tried
