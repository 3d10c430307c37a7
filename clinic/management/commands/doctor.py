"""Look whether all is well with the portal; by hand, or once a day by a timer."""

import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.module_loading import autodiscover_modules

from clinic.checkup.database import answers
from clinic.checkup.frame import Severity, run

WORDS = {Severity.FINE: "ok", Severity.WARNING: "WARNING", Severity.ERROR: "ERROR"}


class Command(BaseCommand):
    help = (
        "Checks the portal and says what to do about what it finds. Changes nothing. "
        "Exit code: 0 all is well, 1 there are warnings, 2 there are errors. "
        "With -v 0 it is silent about what is well."
    )
    # They are one of its checks: a fault that they find must not keep the rest back.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        autodiscover_modules("checkup")
        counts: Counter[Severity] = Counter()
        for name, finding in run(answers):
            counts[finding.severity] += 1
            if finding.severity or options["verbosity"]:
                self.tell(name, finding.severity, finding.what, finding.remedy)
        worst = max(counts, default=Severity.FINE)
        if worst or options["verbosity"]:
            self.stdout.write(summary(counts))
        if worst:
            sys.exit(int(worst))

    def tell(self, name: str, severity: Severity, what: str, remedy: str) -> None:
        style = {
            Severity.FINE: self.style.SUCCESS,
            Severity.WARNING: self.style.WARNING,
            Severity.ERROR: self.style.ERROR,
        }[severity]
        self.stdout.write(f"{style(f'{WORDS[severity]:7}')}  {name}: {what}")
        if remedy:
            self.stdout.write(f"{'':7}  → {remedy}")


def summary(counts: Counter[Severity]) -> str:
    errors, warnings = counts[Severity.ERROR], counts[Severity.WARNING]
    if not errors and not warnings:
        return "All is well."
    return f"{errors} errors, {warnings} warnings."
