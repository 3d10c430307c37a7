"""The figures as a table in Markdown and as a picture."""

import re
import shutil
from html import escape
from pathlib import Path

from tests.bench.load import Measure

Growth = dict[str, dict[int, float]]
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
PICTURE = "tests/bench/result.svg"


def table(
    results: dict[str, Measure], growth: Growth, facts: dict[str, float], machine: str
) -> str:
    """Return what was measured; the first of the results is the measure of all."""
    bare = next(iter(results.values()))
    lines = [
        f"Measured on {machine}. CPU: of all processes, the least of the rounds.",
        "",
        "| what | CPU a request | ratio to the bare server | requests a second | p99 |",
        "|---|---|---|---|---|",
    ]
    for name, found in results.items():
        lines.append(
            f"| {name} | {found.cpu:.0f} µs | {ratio(bare.cpu / found.cpu)} | "
            f"{found.per_second:,.0f} | {found.p99:.1f} ms |"
        )
    sizes = list(next(iter(growth.values())))
    heads = " | ".join(f"{size:,} articles" for size in sizes)
    lines += ["", f"| made anew | {heads} | growth |", "|---" * (len(sizes) + 2) + "|"]
    for name, found in growth.items():
        cells = " | ".join(f"{found[size]:.0f} µs" for size in sizes)
        lines.append(f"| {name} | {cells} | {found[sizes[-1]] / found[sizes[0]]:.2f} |")
    lines += [
        "",
        f"To know that a page still holds takes {facts['freshness']:.1f} µs. An "
        f"article of 350 words has {facts['HTML']:,.0f} bytes and is complete with "
        f"{facts['whole']:,.0f} bytes in {facts['requests']:.0f} requests, headers "
        f"included. Two workers that have served the desk take {facts['peak RSS']:.0f} "
        f"MiB at most ({facts['PSS']:.0f} MiB PSS). The first page comes "
        f"{facts['portal start']:.1f} s after the start, "
        f"{facts['portal start'] / facts['bare start']:.1f} times as long as the bare "
        "server takes.",
        "",
    ]
    return "\n".join(lines)


def ratio(value: float) -> str:
    """Write it with as many digits as it is worth."""
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def picture(results: dict[str, Measure], growth: Growth) -> str:
    """Draw the ratios as bars and the growth as lines."""
    bare = next(iter(results.values())).cpu
    values = {name: bare / found.cpu for name, found in results.items()}
    row, left, width = 26, 250, 380
    parts, top = [], 40

    def write(x: float, y: float, text: str, kind: str = "") -> None:
        parts.append(f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}">{text}</text>')

    most = max(values.values())
    for number, (name, value) in enumerate(values.items()):
        y = top + number * row
        length = max(value / most * width, 1)
        write(left - 10, y + 13, escape(name), "n")
        parts.append(f'<rect x="{left}" y="{y}" width="{length:.0f}" height="18"/>')
        write(left + length + 8, y + 13, ratio(value))
    base = top + len(values) * row + 50
    write(0, base - 16, "Made anew, µs of CPU by number of articles", "h")
    highest = max(max(found.values()) for found in growth.values())
    sizes = list(next(iter(growth.values())))
    xs = [left + i * width / max(len(sizes) - 1, 1) for i in range(len(sizes))]
    height = 140
    for name, found in growth.items():
        ys = [base + height - found[size] / highest * height for size in sizes]
        points = " ".join(f"{x:.0f},{y:.0f}" for x, y in zip(xs, ys, strict=True))
        parts.append(f'<polyline points="{points}"/>')
        write(left - 10, ys[0] + 4, escape(name), "n")
        write(xs[-1] + 8, ys[-1] + 4, f"{found[sizes[-1]]:.0f}")
    for x, size in zip(xs, sizes, strict=True):
        write(x, base + height + 22, f"{size:,}", "m")
    bottom = base + height + 36
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 0 720 {bottom:.0f}">'
        "<style>rect{fill:#1f4a3d}polyline{fill:none;stroke:#1f4a3d;stroke-width:3}"
        "text{font:13px sans-serif;fill:#1f2a25}.n{text-anchor:end}"
        ".m{text-anchor:middle}.h{font-weight:bold}</style>"
        f'<rect x="-10" y="0" width="720" height="{bottom:.0f}" style="fill:#fbfaf6"/>'
        '<text x="0" y="24" class="h">CPU of the bare server, divided by ours: '
        f"longer is better</text>{''.join(parts)}</svg>\n"
    )


def keep(text: str, drawn: Path, root: Path) -> None:
    """Put table and picture where the README shows them."""
    readme = root / "README.md"
    shutil.copy(drawn, root / PICTURE)
    block = f"{BEGIN}\n{text}\n![The same as a picture]({PICTURE})\n{END}"
    old = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    readme.write_text(old.sub(lambda _: block, readme.read_text()))
