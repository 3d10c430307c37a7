"""The picture that goes with a link to a page which has none of its own.

1200 by 630 pixels is what social networks and messengers show whole. Pure: from words
to the bytes of a PNG.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from functools import cache

from font_source_serif_pro import font_files_ttf
from PIL import Image, ImageDraw, ImageFont

from clinic.environment import BASE_DIR

SIZE = (1200, 630)
MARGIN = 80
BAR = 150
MARK = 104
LINES = 4
# As in static/css/tokens.css; a test compares them.
COLOURS = {
    "paper": "#fbfaf6",
    "ink": "#1f2a25",
    "link": "#1f4a3d",
    "ochre": "#e3b45f",
    "bar": "#1f4a3d",
    "on-bar": "#fdf6ee",
    "on-bar-soft": "#dfe6d9",
}
LARGEST, SMALLEST = 84, 44
# So few colours are enough for letters on two grounds, and a third of the bytes.
PALETTE = 64


@cache
def font(size: int, weight: str = "") -> ImageFont.FreeTypeFont:
    """Return Source Serif (SIL Open Font License), regular or "Semibold"."""
    return ImageFont.truetype(font_files_ttf[f"SourceSerifPro{weight}"], size)


@cache
def mark() -> Image.Image:
    """Return the practice's mark, which has the colour of the bar as its ground."""
    with Image.open(BASE_DIR / "static" / "img" / "icon-180.png") as image:
        return image.convert("RGB").resize((MARK, MARK), Image.Resampling.LANCZOS)


def banner(title: str, above: str, name: str, what: str) -> bytes:
    """Paint a title with a line above it, and the practice below.

    ``above`` and ``what`` may be empty. A long title is written smaller.
    """
    image = Image.new("RGB", SIZE, COLOURS["paper"])
    draw = ImageDraw.Draw(image)
    width = SIZE[0] - 2 * MARGIN
    top = MARGIN
    if above:
        draw.rectangle((MARGIN, top + 12, MARGIN + 44, top + 17), COLOURS["ochre"])
        small, lines = fitting(above, width - 64, 1, 36, 24)
        draw.text((MARGIN + 64, top - 10), lines[0], COLOURS["link"], small)
        top += 64
    room = SIZE[1] - BAR - top - 40
    large, lines = fitting(title, width, LINES, LARGEST, SMALLEST, "Semibold", room)
    for line in lines:
        draw.text((MARGIN, top), line, COLOURS["ink"], large)
        top += leading(large)
    sign(image, draw, name, what)
    return png(image)


def sign(image: Image.Image, draw: ImageDraw.ImageDraw, name: str, what: str) -> None:
    """Write the practice's name and what it does into the bar, beside its mark."""
    top = SIZE[1] - BAR
    draw.rectangle((0, top, *SIZE), COLOURS["bar"])
    image.paste(mark(), (MARGIN - 14, top + (BAR - MARK) // 2))
    left = MARGIN + MARK + 14
    room = SIZE[0] - left - MARGIN
    large, lines = fitting(name, room, 1, 46, 24, "Semibold")
    draw.text((left, top + (26 if what else 46)), lines[0], COLOURS["on-bar"], large)
    if what:
        small, lines = fitting(what, room, 1, 32, 20)
        draw.text((left, top + 84), lines[0], COLOURS["on-bar-soft"], small)


def fitting(
    text: str,
    width: int,
    count: int,
    largest: int,
    smallest: int,
    weight: str = "",
    room: int = SIZE[1],
) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """Return the largest font in which a text has at most ``count`` lines of ``width``.

    In the smallest one, what does not fit is cut with an ellipsis.
    """
    for size in range(largest, smallest - 1, -4):
        one = font(size, weight)
        lines = wrapped(text, one, width)
        fits = all(one.getlength(line) <= width for line in lines)
        if fits and len(lines) <= count and len(lines) * leading(one) <= room:
            return one, balanced(text, one, width, len(lines))
    if len(lines) > count:
        lines[count - 1] += "…"
    return one, [cut(line, one, width) for line in lines[:count]]


def balanced(
    text: str, one: ImageFont.FreeTypeFont, width: int, count: int
) -> list[str]:
    """Break a text into so many lines of much the same length."""
    # No word is broken, so no line becomes narrower than the longest one.
    least = max(map(one.getlength, text.split()), default=0)
    while width - 20 >= least and len(wrapped(text, one, width - 20)) == count > 1:
        width -= 20
    return wrapped(text, one, width)


def leading(one: ImageFont.FreeTypeFont) -> int:
    return round(one.size * 1.18)


def wrapped(text: str, one: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Break a text between words; a word wider than a line stays whole."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if one.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def cut(line: str, one: ImageFont.FreeTypeFont, width: int) -> str:
    """Return a line that is no wider, with an ellipsis for what was left out."""
    if one.getlength(line) <= width:
        return line

    def shown(length: int) -> str:
        return f"{line[:length].rstrip()}…"

    lengths = range(1, len(line))
    fitting = bisect_right(lengths, float(width), key=lambda n: one.getlength(shown(n)))
    return shown(fitting)


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.quantize(PALETTE, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
