"""Do both ways of deploying in a clean folder: `make deploy-test`.

Of the Dockerfile each stage is a folder; COPY, RUN and WORKDIR are done in it in their
order, and the result must be prepared, make a backup, come up, and pass its own health
check. Only the users and packages of the base image are not tried. Then a release is
unpacked as on a server. It needs a package index.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.browser.conftest import free_port

ROOT = Path(__file__).resolve().parents[2]
# What only a container can do: it makes users, in the image's own files.
OF_A_CONTAINER = ("useradd ", "install -d -o ")


DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()


class Build:
    """The stages of the Dockerfile as folders."""

    def __init__(self, folder):
        self.folder, self.stages, self.steps = folder, {}, 0
        self.root, self.directory, self.variables = folder, "/", {}
        for line in DOCKERFILE.splitlines():
            name, _, rest = line.partition(" ")
            step = {
                "FROM": self.begin, "WORKDIR": self.enter, "ENV": self.set,
                "COPY": self.copy, "RUN": self.run,
            }.get(name)  # fmt: skip
            if step:
                print(line, flush=True)
                step(rest)
                self.steps += 1

    def inside(self, path):
        """Return where a path of the image lies in the folder of this stage."""
        return Path(f"{self.root}{os.path.join(self.directory, path)}")

    def begin(self, rest):
        self.root = self.folder / f"stage-{len(self.stages)}"
        self.root.mkdir()
        self.stages[rest.rpartition(" AS ")[2]] = self.root
        self.directory, self.variables = "/", {}

    def enter(self, rest):
        self.directory = rest
        self.inside("").mkdir(parents=True, exist_ok=True)

    def set(self, rest):
        self.variables |= dict(pair.split("=", 1) for pair in rest.split(" "))

    def copy(self, rest):
        source, target = (word for word in rest.split() if not word.startswith("--"))
        stage = re.search(r"--from=(\S+)", rest)
        place = self.inside(target)
        if stage:
            shutil.copytree(f"{self.stages[stage[1]]}{source}", place, symlinks=True)
        elif (ROOT / source).is_dir():
            without = shutil.ignore_patterns("__pycache__", "*.po")
            shutil.copytree(ROOT / source, place, ignore=without)
        else:
            shutil.copy(ROOT / source, place)

    def run(self, rest):
        if not rest.startswith(OF_A_CONTAINER):
            command = re.sub(r"^python ", f"{sys.base_prefix}/bin/python3 ", rest)
            subprocess.run(["sh", "-c", command], cwd=self.inside(""), check=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        build = Build(Path(folder))
        serve(build.root / "portal", Path(folder) / "data", build.variables)
        print(f"{build.steps} steps done; what they built answers.", flush=True)
        release(Path(folder) / "opt", Path(folder) / "served")
        print("The release is in its place and answers.")


def release(place, data):
    """Unpack what is committed as on a server, and serve it."""
    subprocess.run(["sh", ROOT / "deploy/release.sh", place], cwd=ROOT, check=True)
    current = (place / "current").resolve()
    assert (current / ".env").readlink() == Path("/etc/portal.env")
    serve(current, data, {"HOME": str(place)})


def serve(portal, data, variables):
    """Prepare, back up and start what was built, read-only; ask its health check."""
    environment = variables | {
        "PATH": f"{portal}/.venv/bin:/usr/bin:/bin",
        "DATA_DIR": str(data),
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "SECRET_KEY": "only for the trial of the image",
        "ALLOWED_HOSTS": "www.example.org",
    }
    python = f"{portal}/.venv/bin/python"
    options = {"cwd": portal, "env": environment}
    check, command = (
        json.loads(re.search(rf"(?m)^{name}.*?(\[.+)", DOCKERFILE)[1])
        for name in ("HEALTHCHECK", "CMD")
    )
    subprocess.run(["chmod", "-R", "a-w", portal], check=True)
    try:
        for words in (["prepare", "--first", "-v0"], ["backup", "--verify"]):
            subprocess.run([python, "manage.py", *words], check=True, **options)
        # The first lines of installed scripts name the folder of the build.
        server = subprocess.Popen(
            [python, f"{portal}/.venv/bin/{command[0]}", *command[1:]], **options
        )
        deadline = time.monotonic() + 60
        while subprocess.run(
            [python, *check[1:]], capture_output=True, **options
        ).returncode:
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.5)
        server.terminate()
        assert server.wait(timeout=60) == 0
    finally:
        subprocess.run(["chmod", "-R", "u+w", portal], check=True)


if __name__ == "__main__":
    main()
