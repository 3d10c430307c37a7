"""Parts of a page that are the same on every page of a language."""

from typing import Any

from django import template
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.utils.translation import get_language

from clinic import generation
from clinic.models import Practice

register = template.Library()


class Kept(template.Node):
    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name, self.nodelist = name, nodelist

    def render(self, context: Context) -> Any:
        def render() -> Any:
            return self.nodelist.render(context)

        def render_for_all() -> Any:
            # Not with the practice that this page has read: it may be older.
            with context.push(practice=Practice.objects.current()):
                return render()

        key = ("part", self.name, get_language())
        return generation.keep(key, render_for_all, unkept=render)


@register.tag
def kept(parser: Parser, token: Token) -> Kept:
    """Render what stands up to ``{% endkept %}`` once for each language and epoch.

    It may depend on the practice and on nothing else: ``{% kept "footer" %}``.
    """
    _tag, name = token.split_contents()
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return Kept(name, nodelist)
