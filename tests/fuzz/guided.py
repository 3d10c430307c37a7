"""One target under atheris: python -m tests.fuzz.guided NAME SECONDS"""

import sys

import atheris  # no dependency: see __main__

import tests.environment  # noqa: F401  before the settings are read
from tests.fuzz.__main__ import set_up

# What is loaded here tells atheris which of its lines an input reaches.
with atheris.instrument_imports(include=["clinic", "articles"]):
    set_up()
    from tests.fuzz.running import attempt


def main():
    fuzz, _tried = attempt(sys.argv[1], 1, seed=0)
    longest = "-max_len=8192"  # bytes that Hypothesis makes its choices from
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={sys.argv[2]}", longest, "-rss_limit_mb=4096"],
        fuzz.hypothesis.fuzz_one_input,
    )
    atheris.Fuzz()


main()
