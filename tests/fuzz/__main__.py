"""Fuzzes each target for some minutes: python -m tests.fuzz [--minutes 10] [NAME …]

Where atheris is installed (pip install atheris; it has no wheel for every Python) every
second minute is guided by what the inputs reach in the code. Ends with 1 if an input
broke something; Hypothesis prints it in its shortest form, and it belongs among the
examples in tests/fuzz/targets.py.
"""

import argparse
import atexit
import importlib.util
import os
import random
import re
import shutil
import subprocess
import sys
import time
import traceback

import tests.environment  # noqa: F401  before the settings are read

ROUND = 200


def main():
    arguments = argparse.ArgumentParser(prog="python -m tests.fuzz")
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("names", nargs="*")
    chosen = arguments.parse_args()
    set_up()
    from tests.fuzz.targets import TARGETS

    names = chosen.names or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        known = ", ".join(TARGETS)
        sys.exit(f"No such target: {', '.join(unknown)}. There are {known}.")
    is_guided = importlib.util.find_spec("atheris") is not None
    broken = []
    for name in names:
        seconds = chosen.minutes * 60 / (2 if is_guided else 1)
        count, held = made_up(name, seconds)
        print(f"{name}: {count:,} inputs made by Hypothesis", flush=True)
        if held and is_guided:
            count, held = guided(name, seconds)
            print(f"{name}: {count:,} inputs guided by atheris", flush=True)
        broken += [] if held else [name]
    print("Nothing broke." if not broken else f"Broken: {', '.join(broken)}.")
    sys.exit(bool(broken))


def set_up():
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    django.setup()
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
    from django.utils import translation

    translation.activate("en")


def made_up(name, seconds):
    """Try inputs for some seconds; return how many, and whether all went well."""
    from tests.fuzz.running import attempt

    begun = said = time.monotonic()
    total = 0
    while (now := time.monotonic()) < begun + seconds:
        if now > said + 10:
            print(f"  {name}: {total:,} inputs in {now - begun:.0f} s", flush=True)
            said = now
        fuzz, tried = attempt(name, ROUND, seed=random.getrandbits(64))
        try:
            fuzz()
        except Exception:
            traceback.print_exc()
            return total + tried[0], False
        total += tried[0]
    return total, True


def guided(name, seconds):
    """Do the same with libFuzzer, in a process that it ends by itself."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.guided", name, str(int(seconds))],
        stderr=subprocess.PIPE,
        text=True,
    )
    done = re.search(r"Done (\d+) (?:runs )?in", process.stderr)
    if process.returncode or not done:
        print(process.stderr[-4000:], flush=True)
        return 0, False
    return int(done[1]), True


if __name__ == "__main__":
    main()
