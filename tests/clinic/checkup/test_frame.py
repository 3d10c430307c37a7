"""How `manage.py doctor` tells what it finds, and with which exit code it ends."""

from io import StringIO

import pytest
from django.core.management import call_command

from clinic.checkup import frame
from clinic.checkup.frame import Check, check, error, fine, warning
from clinic.management.commands import doctor

WELL = fine("There are 12 pictures.")
AGEING = warning("It is old.", remedy="Make a new one.")
BROKEN = error("It is broken.", remedy="Mend it.")


@pytest.fixture(autouse=True)
def checks(monkeypatch):
    """No checks but those that a test makes."""
    checks = []
    monkeypatch.setattr(frame, "checks", checks)
    monkeypatch.setattr(doctor, "autodiscover_modules", lambda name: None)
    return checks


@pytest.fixture
def database(monkeypatch):
    """A function that says whether the database answers."""
    return lambda answers: monkeypatch.setattr(doctor, "answers", lambda: answers)


def told(*findings, **options):
    """What the command prints and its exit code."""
    check("Thing")(lambda: findings)
    return run(**options)


def run(**options):
    output = StringIO()
    try:
        call_command("doctor", stdout=output, **options)
    except SystemExit as end:
        return output.getvalue(), end.code
    return output.getvalue(), 0


@pytest.fixture(autouse=True)
def _there(database):
    database(True)


def test_every_finding_is_told_with_its_remedy():
    assert told(WELL, AGEING, BROKEN) == (
        "ok       Thing: There are 12 pictures.\n"
        "WARNING  Thing: It is old.\n"
        "         → Make a new one.\n"
        "ERROR    Thing: It is broken.\n"
        "         → Mend it.\n"
        "1 errors, 1 warnings.\n",
        2,
    )


@pytest.mark.parametrize(
    ("findings", "code"),
    [([], 0), ([WELL], 0), ([AGEING, WELL], 1), ([BROKEN, AGEING], 2)],
)
def test_the_exit_code_is_that_of_the_worst_finding(findings, code):
    assert told(*findings)[1] == code


def test_what_is_well_can_be_left_out():
    assert told(WELL, verbosity=0) == ("", 0)
    assert told(AGEING, verbosity=0)[0].startswith("WARNING  Thing: It is old.\n")


def test_a_check_that_breaks_is_a_finding_and_stops_no_other():
    def breaks():
        yield WELL
        raise OSError("no such thing\nsecond line")

    check("First")(breaks)

    output, code = told(WELL)

    assert output == (
        "ok       First: There are 12 pictures.\n"
        "ERROR    First: This could not be checked (OSError: no such thing).\n"
        "         → Mend what is said above, look again.\n"
        "ok       Thing: There are 12 pictures.\n"
        "1 errors, 0 warnings.\n"
    )
    assert code == 2


def test_what_needs_a_database_that_does_not_answer_is_left_out(database):
    check("Rows", needs_database=True)(lambda: [BROKEN])
    database(False)

    assert told(WELL) == ("ok       Thing: There are 12 pictures.\nAll is well.\n", 0)


def test_checks_are_told_in_their_order(checks):
    first, second = check("One")(list), check("Two", needs_database=True)(list)

    assert checks == [Check("One", first), Check("Two", second, needs_database=True)]
