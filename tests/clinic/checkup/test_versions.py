"""Versions with known faults, and versions near their end."""

import importlib.metadata
import re
from datetime import date
from pathlib import Path

import pytest
import time_machine

from clinic.checkup import versions
from clinic.checkup.frame import Severity


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("5.2.19", (5, 2, 19)),
        ("13.0", (13, 0)),
        ("6.0rc1", (6, 0)),
        ("1.2.post3", (1, 2)),
        ("x", ()),
    ],
)
def test_a_version_is_read_up_to_its_first_word(text, version):
    assert versions.version_of(text) == version


def test_the_locked_versions_have_no_known_fault():
    (found,) = versions.faults()

    assert found.severity == Severity.FINE


@pytest.mark.parametrize("known", versions.FAULTS, ids=lambda known: known.package)
def test_an_older_version_is_an_error(monkeypatch, known):
    real = importlib.metadata.version
    old = f"{known.least[0] - 1}.99"
    monkeypatch.setattr(
        importlib.metadata, "version", lambda n: old if n == known.package else real(n)
    )

    (found,) = versions.faults()

    assert found.severity == Severity.ERROR
    assert found.what.startswith(f"{known.package} {old} has faults")
    assert known.source in found.remedy


@pytest.mark.parametrize("known", versions.FAULTS, ids=lambda known: known.package)
def test_the_table_says_what_the_project_asks_for(known):
    project = (Path(__file__).resolve().parents[3] / "pyproject.toml").read_text()
    (asked,) = re.findall(rf'(?i)"{known.package}>=([\d.]+)', project)

    least = versions.version_of(asked)
    assert least == known.least[: len(least)]


@pytest.mark.parametrize(
    ("today", "version", "severity"),
    [
        ("2026-11-27", (3, 11, 7), 0),
        ("2027-06-01", (3, 11, 7), 1),
        ("2027-11-01", (3, 11, 7), 2),
        ("2026-11-27", (3, 10, 1), 2),
        ("2026-11-27", (3, 99, 0), 0),
    ],
)
def test_a_version_near_its_end_is_told_in_time(today, version, severity):
    with time_machine.travel(date.fromisoformat(today), tick=False):
        (found,) = versions.until("Python", version, versions.PYTHON)

    assert found.severity == severity
    assert found.what.startswith(f"Python {'.'.join(map(str, version))} ")


def test_what_runs_here_is_in_the_tables():
    assert {finding.severity for finding in versions.ends()} <= {0, 1}
