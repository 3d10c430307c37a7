"""How a text is written: its sentences, its headings, its links, its wording.

All of it reads sanitised bodies. No pattern here reads a place more than a few times,
whatever stands in the text.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import zip_longest

from selectolax.lexbor import LexborNode

from articles.markup.sanitiser import INLINE
from articles.markup.structure import tree

# Text ##########################################################################

TAG = re.compile(r"</?([a-z][a-z0-9]*+)[^<>]*+>")
# What bodies hold, bounded: ``unescape`` fails on numbers of thousands of digits.
ENTITY = re.compile(r"&(?:[a-z]\w{1,31}|#\d{1,7}|#x[\da-f]{1,6});", re.IGNORECASE)
# The number of a source, written behind the full stop.
NOTE = re.compile(r"(?<=[.!?…:;»”\"’')])<sup>")


def plain_text(body: str) -> str:
    """Return the text of a body, one line for each paragraph, heading, item or cell.

    White space is single spaces; references to contacts leave nothing.
    """
    text = NOTE.sub(" <sup>", re.sub(r"\s+", " ", body))
    lines = TAG.sub(divided, text).split("\n")
    lines = [spaced(ENTITY.sub(lambda found: unescape(found[0]), x)) for x in lines]
    return "\n".join(line for line in lines if line)


def divided(tag: re.Match[str]) -> str:
    """Return what stands for a tag in the text."""
    if tag[1] == "br":
        return " "
    return "" if tag[1] in INLINE else "\n"


def spaced(text: str) -> str:
    """Write every run of white space as one space, and none at the ends."""
    return " ".join(text.split())


# Sentences #####################################################################

OPENERS = "\"'«“‘([{"
CLOSERS = "\"'»”’)]}"
ENDERS = (".", "!", "?", "…", ":", ";")
# Abbreviations that stand before a name or an example, never at the end.
LEADING = {
    "it": {
        "avv", "ca", "cell", "cfr", "dott", "dr", "egr", "es", "gent", "ing", "l.go",
        "n", "n.b", "nn", "p.es", "p.za", "p.zza", "prof", "s", "sig", "sigg", "spett",
        "ss", "tel", "v.le", "vd",
    },
    "en": {
        "cf", "dr", "drs", "e.g", "i.e", "mr", "mrs", "ms", "n.b", "prof", "rev", "st",
        "tel", "viz", "vs",
    },
}  # fmt: skip
# Those that may: a capital behind them begins a sentence.
OTHER = {
    "it": {
        "all", "art", "artt", "cap", "capp", "cit", "cm", "co", "cp", "cpr", "cps",
        "ecc", "escl", "etc", "fig", "figg", "gg", "gtt", "incl", "kg", "lett", "max",
        "mg", "min", "ml", "mm", "p", "pag", "pagg", "pp", "sec", "segg", "sett", "tab",
        "vol",
    },
    "en": {
        "al", "approx", "art", "ch", "cm", "co", "dept", "ed", "eds", "etc", "ext",
        "fig", "figs", "hr", "hrs", "inc", "incl", "jr", "kg", "ltd", "max", "mg",
        "min", "ml", "mm", "no", "nos", "p", "pp", "sec", "sr", "vol",
    },
}  # fmt: skip
# In a text of unknown language.
LEADING[""] = LEADING["it"] | LEADING["en"]
OTHER[""] = OTHER["it"] | OTHER["en"]
# c., a.m., D.Lgs., S.p.A.
DOTTED = re.compile(r"[^\W\d_]\.|(?:[^\W\d_]{1,3}\.){2,4}")


def sentences_in(line: str, language: str = "") -> Iterator[str]:
    """Yield the sentences of a text without tags, with single spaces.

    A sentence ends with one of ``.!?…:;`` before white space, which leaves 3.5, 1.000
    and 10:30 whole, unless that is the point of an abbreviation of the language.
    """
    words = line.split()
    sentence: list[str] = []
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        sentence.append(word)
        if ends(sentence, following, language):
            yield " ".join(sentence)
            sentence = []
    if sentence:
        yield " ".join(sentence)


def ends(sentence: list[str], following: str, language: str) -> bool:
    """Say whether the sentence ends with its last word so far."""
    word = sentence[-1].rstrip(CLOSERS)
    if not word.endswith(ENDERS):
        return False
    # What is longer is no abbreviation.
    if not word.endswith(".") or len(word) > 20:
        return True
    # The number of a list item, or somebody's initial.
    if len(sentence) == 1 and re.fullmatch(r"\d{1,3}\.", word):
        return False
    behind_point = len(sentence) == 1 or sentence[-2].endswith(".")
    if behind_point and re.fullmatch(r"[^\W\d_]\.", word.lstrip(OPENERS)):
        return False
    return not is_abbreviation(word, following, language)


def is_abbreviation(word: str, following: str, language: str) -> bool:
    """Say whether the point behind the word belongs to it alone."""
    # dell’art.
    name = re.split("['’]", word.lstrip(OPENERS))[-1].lower()
    if name[:-1] in LEADING.get(language, LEADING[""]):
        return True
    abbreviated = name[:-1] in OTHER.get(language, OTHER[""]) or DOTTED.fullmatch(name)
    begins_anew = following.lstrip(OPENERS)[:1].isupper()
    return bool(abbreviated) and not begins_anew


# Headings and links ############################################################


def headings_out_of_order(body: str) -> list[str]:
    """Return the text of every third-level heading before any second-level one.

    The titles of boxes stand outside of the order.
    """
    early = []
    for heading in tree(body).css("h2, h3"):
        if is_in_box(heading):
            continue
        if heading.tag == "h2":
            break
        early.append(spaced(heading.text()))
    return early


def is_in_box(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None and parent.tag != "aside":
        parent = parent.parent
    return parent is not None


ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# Link texts that say nothing to somebody who hears only the links of a page (WCAG 2.2,
# 2.4.4 and 2.4.9), without accents and punctuation.
VAGUE = {
    "it": {
        "", "altro", "apri", "approfondisci", "clicca", "clicca qui", "cliccando qui",
        "cliccare qui", "clicchi qui", "collegamento", "continua", "continua a leggere",
        "dettagli", "fai clic qui", "faccia clic qui", "il link", "il sito",
        "informazioni", "legga", "legga qui", "legga tutto", "leggi", "leggi ancora",
        "leggi di piu", "leggi l articolo", "leggi qui", "leggi tutto", "link",
        "maggiori informazioni", "pagina", "pdf", "per saperne di piu", "premi qui",
        "qua", "questa pagina", "questo", "questo articolo", "questo link",
        "questo sito", "qui", "sapere di piu", "scarica", "scarica qui", "scopri",
        "scopri di piu", "sito", "sito web", "ulteriori informazioni", "vada", "vai",
        "vai al link", "vai al sito", "vai alla pagina", "vai qui", "veda", "veda qui",
        "vedi", "vedi qui", "visita il sito",
    },
    "en": {
        "", "click", "click here", "click on this link", "click this link", "continue",
        "continue reading", "details", "download", "download here", "find out more",
        "follow this link", "go", "go here", "here", "info", "information",
        "learn more", "link", "more", "more details", "more info", "more information",
        "on this page", "open", "page", "pdf", "press here", "read", "read here",
        "read more", "read on", "read this", "see", "see here", "see more", "site",
        "the link", "the website", "this", "this article", "this link", "this page",
        "this site", "this website", "visit the website", "website",
    },
}  # fmt: skip


def vague_links(body: str, language: str) -> list[str]:
    """Return the texts of links that say nothing alone, as typed and each once."""
    vague = VAGUE.get(language.partition("-")[0], {""})
    texts = (spaced(link.text()) for link in tree(body).css("a"))
    return list(
        dict.fromkeys(
            text
            for text in texts
            if text and (letters(text) in vague or ADDRESS.fullmatch(text))
        )
    )


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", " ", folded(text)).strip()


# Wording #######################################################################

LONGEST_PHRASE = 100
ALIKE = str.maketrans("’‘ʼ`´‐‑", "'''''--")


def phrases_in(text: str, phrases: Iterable[str]) -> list[tuple[str, str]]:
    """Return each phrase that a text without tags holds, and the sentence it is in.

    Case, accents and the width of spaces do not matter. A word of a phrase that ends
    with ``*`` stands for all words that begin like it. A phrase never goes beyond its
    sentence; blank ones and those longer than 100 characters are not looked for.
    """
    sentences = [s for line in text.splitlines() for s in sentences_in(line)]
    searched = "\n".join(map(folded, sentences))
    found = []
    for phrase in phrases:
        if not folded(phrase) or len(phrase) > LONGEST_PHRASE:
            continue
        if match := re.search(pattern(phrase), searched):
            number = searched.count("\n", 0, match.start())
            found.append((phrase, sentences[number]))
    return found


def pattern(phrase: str) -> str:
    """Write a phrase as a regular expression for folded text, with word borders."""
    words = folded(phrase).split(" ")
    joined = " ".join(map(word_pattern, words))
    # "100%" is "100 %".
    joined = re.sub(" ?%", " ?%", joined)
    first, last = words[0][:1], words[-1][-1:]
    before = r"(?<!\w)" if re.match(r"\w", first) else ""
    return before + joined + (r"(?!\w)" if re.match(r"\w", last) else "")


def word_pattern(word: str) -> str:
    if len(word) > 1 and word.endswith("*"):
        return re.escape(word[:-1]) + r"\w*+"
    return re.escape(word)


def folded(text: str) -> str:
    """Lower the case, take accents away, make apostrophes, hyphens and spaces one."""
    # One by one: it takes quadratic time to put a run of accents into order.
    parts = (unicodedata.normalize("NFKD", c) for c in text.translate(ALIKE))
    bare = "".join(c for c in "".join(parts) if not unicodedata.combining(c))
    return spaced(bare.casefold())
