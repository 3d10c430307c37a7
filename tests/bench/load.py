"""Requests by wrk, and what they cost the server."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.servers import Server

# Many ask for what is kept. What is made anew is asked for by one: of many who want the
# same page at once only the first has it made.
MANY, ONE = 16, 1

# Asks for one address after the other, from a file.
LUA = """
local paths = {}
for line in io.lines("%s") do paths[#paths + 1] = line end
local number = 0
request = function()
  number = number %% #paths + 1
  return wrk.format("GET", paths[number])
end
"""


@dataclass(frozen=True)
class Measure:
    """What requests of one kind cost: CPU (µs) of each, how many, how long at most."""

    cpu: float
    per_second: float
    p99: float  # milliseconds


def measure(
    server: Server,
    paths: list[str],
    headers: dict[str, str],
    seconds: int,
    connections: int = MANY,
) -> Measure:
    """Ask for so many seconds; raise RuntimeError if an answer is an error."""
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--latency"]
    command += ["--duration", f"{seconds}s"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    with tempfile.TemporaryDirectory() as folder:
        if len(paths) > 1:
            listed, script = Path(folder) / "paths", Path(folder) / "paths.lua"
            listed.write_text("\n".join(paths))
            script.write_text(LUA % listed)
            command += ["--script", str(script)]
        before = server.cpu()
        said = subprocess.run(
            [*command, f"http://127.0.0.1:{server.port}{paths[0]}"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        spent = server.cpu() - before
    # A 304 is no error, but wrk counts it as one.
    if "Socket errors" in said or (
        "Non-2xx" in said and "If-None-Match" not in headers
    ):
        raise RuntimeError(f"{paths[0]} failed under load:\n{said}")
    count = int(re.search(r"(\d+) requests in", said)[1])
    return Measure(
        spent / count,
        float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        milliseconds(re.search(r"\n\s+99%\s+(\S+)", said)[1]),
    )


def milliseconds(text: str) -> float:
    """Read a time as wrk writes it: 812.00us, 1.92ms, 1.02s."""
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m|h)", text)
    if found is None:
        raise RuntimeError(f"wrk wrote a time as {text}.")
    factors = {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
    return float(found[1]) * factors[found[2]]
