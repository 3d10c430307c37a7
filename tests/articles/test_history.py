"""The history of an article: saves kept, compared, restored; no work is lost."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from reversion.models import Version

from articles import history
from articles.models import Article, Change, Edition, Source, State
from articles.models.review import Review
from clinic.models import Picture
from clinic.pictures import render
from tests import factories
from tests.clinic.test_admin import errors, fields, parsed, queries_of, rows, said
from tests.clinic.test_roles import account, doctor_account, signed_in
from tests.conftest import upload

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"
DELETED = f"{LIST}deleted/"


def page_of(article, step="change"):
    return f"{LIST}{article.pk}/{step}/"


def recovery_of(version):
    return f"{DELETED}{version.pk}/"


@pytest.fixture
def writer(db):
    return signed_in(account("writer"))


@pytest.fixture
def doctor(db):
    return signed_in(doctor_account())


def typed(client, article, **changes):
    """Change the form of an article and press “Save draft”."""
    sent = fields(client.get(page_of(article))) | changes | {"_continue": "1"}
    return client.post(page_of(article), sent, follow=True)


def answer(client, address, **changes):
    """Open the question and answer it."""
    return client.post(address, fields(client.get(address)) | changes, follow=True)


def saves(article):
    """The saves of an article, the oldest first."""
    return list(Version.objects.get_for_object(article).order_by("pk"))


def save_of(article, number):
    return f"save-{saves(article)[number].pk}"


def now(article):
    return Article.objects.get(pk=article.pk)


def stored(article):
    """The working copy with its sources."""
    return Article.objects.filter(pk=article.pk).values().get() | {
        "sources": now(article).sources_as_list()
    }


def written(by=None, **kwargs):
    article = factories.ArticleFactory(**kwargs)
    article.written(by or account("writer"))
    return article


# Every save is kept ###########################################################


def test_every_save_is_kept_with_who_saved_it_and_when(writer):
    moments = [datetime(2026, 6, day, 12, tzinfo=UTC) for day in (8, 9, 10)]
    article = written(title="First")
    for moment in moments:
        with time_machine.travel(moment, tick=False):
            writer.force_login(writer.user)  # nobody is signed in for days
            typed(writer, article, title=f"On day {moment.day}")

    _first, *kept = map(history.of_save, saves(article))

    assert [text.content["title"] for text in kept] == [
        "On day 8", "On day 9", "On day 10",
    ]  # fmt: skip
    assert [text.at for text in kept] == moments
    assert {text.by for text in kept} == {writer.user}


def test_a_new_article_is_kept_from_its_first_save_on(writer):
    sent = fields(writer.get(f"{LIST}add/")) | {"title": "New", "slug": "new"}
    sent |= rows("sources", {"title": "A page", "position": "0"})

    writer.post(f"{LIST}add/", sent | {"_continue": "1"})

    [kept] = map(history.of_save, saves(Article.objects.get()))
    assert (kept.content["title"], kept.by) == ("New", writer.user)
    assert [source["title"] for source in kept.sources] == ["A page"]


@pytest.mark.parametrize(
    ("change", "then"),
    [
        ({"sources-0-title": "Other"}, ["Other", "Second"]),
        ({"sources-1-DELETE": "on"}, ["First"]),
        (
            rows("sources", {"title": "Third", "position": "2"}, first=2),
            ["First", "Second", "Third"],
        ),
        ({"sources-0-position": "3"}, ["Second", "First"]),
    ],
    ids=["changed", "deleted", "added", "moved"],
)
def test_a_save_that_changes_only_a_source_is_kept(writer, change, then):
    article = factories.ArticleFactory()
    for position, title in enumerate(["First", "Second"]):
        factories.SourceFactory(article=article, title=title, position=position)
    article.written(account("writer"))

    typed(writer, article, **change)

    before, after = map(history.of_save, saves(article))
    assert [source["title"] for source in before.sources] == ["First", "Second"]
    assert [source["title"] for source in after.sources] == then


def test_a_save_without_any_change_is_not_kept(writer):
    article = written(key_phrases="one\ntwo")
    factories.SourceFactory(article=article)

    def told():
        page = parsed(writer.get(page_of(article, "history")))
        return [part.text() for part in page.css("table.history, .log")]

    before = (saves(article), told())

    typed(writer, article)

    assert (saves(article), told()) == before


def test_no_step_is_a_save():
    article, doctor = written(), doctor_account()
    article.submit(by=article.edited_by)
    article.sign(by=doctor)
    article.publish(by=doctor)
    article.review(by=doctor, outcome="CORRECT")
    article.withdraw(by=doctor)

    assert len(saves(article)) == 1


def test_a_refused_form_is_no_save(writer):
    article = written()

    response = typed(writer, article, title="")

    assert errors(response) != []
    assert len(saves(article)) == 1


def test_what_a_save_keeps_is_all_that_an_edition_copies():
    article = factories.SourceFactory(doi="10.1234/x", pmid="1").article
    article.picture, article.picture_alt = a_picture(), "A liver"
    article.picture_caption, article.picture_credit = "The liver", "Drawn here"
    article.key_phrases, article.disclosure = "one\ntwo", "None."
    original = factories.ArticleFactory(language="it")
    factories.publish(original)
    article.link(original)
    article.is_sample = article.picture_decorative = True
    article.written(account("writer"))

    [kept] = map(history.of_save, saves(article))

    assert article.original_edition is not None
    assert kept.content == {
        name: getattr(article, name)
        for name in (*Edition.COPIED, "original_edition_id")
    }
    assert kept.sources == article.sources_as_list()


def a_picture():
    return Picture.objects.create_from(render(upload()), name="A picture")


# The page #####################################################################


def published(article, at=None, kind=Change.CONTENT):
    doctor = factories.ReviewerFactory(username=f"doctor{article.pk}-{article.version}")
    article.change_kind, article.change_note = kind, "It is better."
    article.written(article.edited_by)
    article.submit(by=article.edited_by)
    article.sign(by=doctor)
    return article.publish(by=doctor, at=at)


def lines(response):
    """The texts of the page: name, who, and their keys."""
    found = []
    for row in parsed(response).css("table.history tbody tr"):
        texts = [cell.text(separator=" ") for cell in row.css("td, th")]
        keys = {choice.attributes["value"] for choice in row.css("input")}
        assert len(keys) == 1
        name, who = (" ".join(texts[number].split()) for number in (2, 4))
        found.append((name, who, keys.pop()))
    return found


def test_the_page_lists_working_copy_editions_and_saves(writer):
    article = written(account("writer", username="ada"), title="First")
    first = published(article)
    article.title = "Second"
    published(article, at=first.live_from + timedelta(days=9))
    article.call_off(by=None)
    typed(writer, article, title="Third")

    told = lines(writer.get(page_of(article, "history")))

    me = str(writer.user)
    by_first, by_second = (
        f"published by {edition.published_by} signed by {edition.signed_by}"
        for edition in article.editions.order_by("number")
    )
    assert told == [
        ("Working copy", me, "draft"),
        ("Edition 2 (called off, never seen)", by_second, "edition-2"),
        ("Edition 1 (what readers see now)", by_first, "edition-1"),
        ("Saved", me, save_of(article, 3)),
        ("Saved", "ada", save_of(article, 2)),
        ("Saved", "ada", save_of(article, 1)),
        ("Saved", "ada", save_of(article, 0)),
    ]


def test_the_page_tells_reviews_and_steps(doctor):
    article = written()
    answer(doctor, page_of(article, "submit"), note="New.")
    answer(doctor, page_of(article, "sign"))
    answer(doctor, page_of(article, "publish"))
    found = {"outcome": "CHANGES", "note": "The dose."}
    answer(doctor, page_of(article, "review"), **found)

    reviews, steps = parsed(doctor.get(page_of(article, "history"))).css(".log")

    assert "Edition 1, needs changes: “The dose.”" in reviews.text()
    assert "Edition 1, checked, still correct; next due on " in reviews.text()
    told = [line.text().split(f"{doctor.user}, ")[1] for line in steps.css("li")]
    assert told == [
        "Review: needs changes: The dose.",
        "Publish",
        "Sign",
        "Send for review: New.",
    ]


def test_a_long_history_stands_on_several_pages(writer):
    article, user = written(), account("writer")
    for number in range(51):
        article.title = f"Save {number}"
        article.written(user)
    address = page_of(article, "history")

    newer, older = writer.get(address), writer.get(address, {"p": "2"})

    assert len(lines(newer)) == 1 + 50
    assert len(lines(older)) == 1 + 2
    for strange in ("0", "-1", "x", "99", "\0"):
        assert writer.get(address, {"p": strange}).status_code == 200


def test_the_page_asks_as_often_for_many_saves_as_for_few(writer):
    article, user = written(), account("writer")
    published(article)
    few = queries_of(writer, page_of(article, "history"))
    for number in range(20):
        article.title = f"Save {number}"
        article.written(user)

    assert queries_of(writer, page_of(article, "history")) == few


def test_the_history_of_an_article_that_is_not_there_is_not_found(writer):
    for key in ("99", "x", "99999999999999999999"):
        assert writer.get(f"{LIST}{key}/history/").status_code == 404


# Comparing ####################################################################


def compared(client, article, before, after):
    sent = {"before": before, "after": after}
    return client.get(page_of(article, "compare"), sent)


def parts(response):
    """What differs, field by field, with its marks: [-deleted-], {+inserted+}."""
    page = parsed(response)
    names = [heading.text() for heading in page.css(".comparison__part")]
    told = []
    for part in page.css("table.comparison"):
        for row in part.css("tbody tr:not(.comparison__gap)"):
            told.append([marked(cell) for cell in row.css("td")])
    return dict(zip(names, told, strict=True))


def marked(cell):
    for hidden in cell.css(".visually-hidden, .comparison__label"):
        hidden.decompose()
    html = " ".join(cell.inner_html.split())
    html = re.sub(r'<span(?: lang="\w+")?>(.*?)</span>', r"\1", html)
    for tag, signs in (("del", ("[-", "-]")), ("ins", ("{+", "+}"))):
        html = html.replace(f"<{tag}>", signs[0]).replace(f"</{tag}>", signs[1])
    return html


@pytest.fixture
def changing(writer):
    """An article with two saves, an edition and a working copy, all of them unlike."""
    article = written(title="One", body="<p>The first text.</p>")
    article.title, article.body = "Two", "<p>The second text.</p>"
    published(article)
    typed(writer, article, title="Three", body="<p>The third text.</p>")
    return article


@pytest.mark.parametrize(
    ("before", "after", "titles"),
    [
        ("draft", "edition-1", ["[-Three-]", "{+Two+}"]),
        ("edition-1", "draft", ["[-Two-]", "{+Three+}"]),
        ("save 0", "draft", ["[-One-]", "{+Three+}"]),
        ("save 0", "save 2", ["[-One-]", "{+Three+}"]),
        ("save 2", "save 0", ["[-Three-]", "{+One+}"]),
        ("save 0", "edition-1", ["[-One-]", "{+Two+}"]),
        ("edition-1", "save 2", ["[-Two-]", "{+Three+}"]),
    ],
)
def test_any_two_texts_are_compared(writer, changing, before, after, titles):
    def key(name):
        kind, _, number = name.partition(" ")
        return save_of(changing, int(number)) if kind == "save" else name

    response = compared(writer, changing, key(before), key(after))

    words = {"One": "first", "Two": "second", "Three": "third"}
    one, other = (words[title.strip("[{+-}]")] for title in titles)
    assert parts(response) == {
        "Title": titles,
        "Text": [f"The [-{one}-] text.", f"The {{+{other}+}} text."],
    }


@pytest.mark.parametrize("same", ["draft", "edition-1"])
def test_a_text_is_the_same_as_itself(writer, changing, same):
    response = compared(writer, changing, same, same)

    assert parts(response) == {}
    assert "The two texts are the same." in response.text


@pytest.mark.parametrize(
    "key",
    [
        "", "x", "draft-1", "draft-", "edition", "edition-", "edition-0", "edition-2",
        "edition-x", "edition--1", "edition-1 ", "edition-１", "edition-" + "9" * 40,
        "save", "save-", "save-0", "save-x", "save-" + "9" * 18, "review-1", "a\0b",
        "EDITION-1", "../1",
    ],
)  # fmt: skip
def test_an_unknown_text_is_not_found(writer, changing, key):
    assert compared(writer, changing, key, "draft").status_code == 404
    assert compared(writer, changing, "draft", key).status_code == 404


def test_a_text_of_another_article_is_not_found(writer, changing):
    other = written()

    for key in (save_of(other, 0), "edition-2"):
        assert compared(writer, changing, key, "draft").status_code == 404
        assert writer.get(page_of(changing, f"restore/{key}")).status_code == 404


def test_a_save_of_something_else_than_an_article_is_not_found(writer):
    article = factories.SourceFactory().article
    article.written(account("writer"))
    of_source = Version.objects.get_for_model(Source).get()

    response = compared(writer, article, f"save-{of_source.pk}", "draft")

    assert response.status_code == 404


def test_the_marks_say_in_hidden_words_what_they_mean(writer, changing):
    page = parsed(compared(writer, changing, "edition-1", "draft"))

    deleted, inserted = page.css_first("del"), page.css_first("ins")
    assert " ".join(deleted.text().split()) == "deleted: Two end"
    assert " ".join(inserted.text().split()) == "inserted: Three end"
    for mark in (deleted, inserted):
        hidden = mark.css(".visually-hidden")
        assert len(hidden) == 2
    assert [cell.attributes["data-label"] for cell in page.css("tbody td")[:2]] == [
        "Before",
        "After",
    ]


def test_every_field_is_compared_by_its_name(writer):
    article = factories.SourceFactory(title="Old source", url="", doi="").article
    article.written(account("writer"))
    article.picture, article.picture_alt = a_picture(), "A liver"
    article.picture_caption, article.picture_credit = "The liver", "Drawn here"
    article.key_phrases, article.disclosure = "one", "None."
    article.translation_of = factories.ArticleFactory(language="it", title="Originale")
    article.topic = factories.TopicFactory(name=factories.both("The lung"))
    article.author = factories.DoctorFactory()
    article.is_sample = article.picture_decorative = True
    article.slug, article.summary = "other", "Other."
    Source.objects.update(title="New source", doi="10.1234/x")
    article.written(account("writer"))

    told = parts(compared(writer, article, save_of(article, 0), "draft"))

    assert set(told) == {
        "Address", "Summary", "Topic", "Author", "Picture",
        "Description of the picture", "Decorative", "Caption", "Credit", "Key phrases",
        "Interests", "Sample text", "Translation of", "Sources",
    }  # fmt: skip
    assert told["Decorative"] == ["[-no-]", "{+yes+}"]
    assert told["Translation of"][1] == "{+Originale+}"
    assert told["Sources"][1] == "{+New+} source{+ · 10.1234/x+}"


def test_a_comparison_is_read_in_the_language_of_the_article(writer):
    article = factories.ArticleFactory(language="it", title="Prima", body="<p>Uno.</p>")
    factories.publish(article)
    typed(writer, article, title="Dopo", body="<p>Due.</p>", picture_credit="Anna")
    compare = "compare/?before=edition-1&after=draft"

    for step in ("submit/", compare, "restore/edition-1/"):
        page = parsed(writer.get(f"{LIST}{article.pk}/{step}"))

        assert page.css_first("html").attrs["lang"] == "en"
        assert page.css(".comparison [lang] .visually-hidden") == []
        assert page.css(".comparison th[lang], .comparison [lang] caption") == []
        words = page.css(".comparison [lang=it]")
        assert {word.text() for word in words} == {"Prima", "Dopo", "Uno.", "Due."}
        others = page.css(".comparison :is(del, ins) > :not(.visually-hidden, [lang])")
        assert [other.text() for other in others] == ["Anna"]


def test_a_contact_is_called_by_its_name_in_a_comparison(writer):
    phone = factories.PhoneFactory()
    article = written(body="<p>Call.</p>")
    reference = f'<span data-contact="phone-{phone.pk}"></span>'
    typed(writer, article, body=f"<p>Call {reference}.</p>")

    told = parts(compared(writer, article, save_of(article, 0), "draft"))

    assert str(phone) in told["Text"][1]
    assert f"phone-{phone.pk}" not in told["Text"][1]


def test_a_hostile_text_is_shown_as_text(writer):
    evil = "<script>alert(1)</script>"
    article = written()
    typed(writer, article, title=evil, key_phrases=evil)

    for address in (
        page_of(article, "history"),
        f"{page_of(article, 'compare')}?before={save_of(article, 0)}&after=draft",
        page_of(article, f"restore/{save_of(article, 1)}"),
    ):
        page = writer.get(address).text
        assert evil not in page
        assert "&lt;script&gt;" in page


def referring():
    """An article, and the topic, the author and the picture that it refers to."""
    rows = factories.TopicFactory(), factories.DoctorFactory(), a_picture()
    names = ("topic", "author", "picture")
    article = written(**dict(zip(names, rows, strict=True)), picture_alt="A liver")
    return article, rows


def test_what_a_text_referred_to_may_be_gone(writer):
    article, rows = referring()
    typed(writer, article, topic="", author="", picture="", picture_alt="")
    for row in rows:
        row.delete()

    response = compared(writer, article, save_of(article, 0), "draft")

    assert list(parts(response)) == ["Description of the picture"]


# Restoring ####################################################################


def test_restoring_asks_first_and_shows_what_changes(writer, changing):
    address = page_of(changing, f"restore/{save_of(changing, 0)}")
    before = stored(changing)

    response = writer.get(address)

    assert parsed(response).css_first("h1").text() == "Restore this text?"
    assert parts(response)["Title"] == ["[-Three-]", "{+One+}"]
    assert stored(changing) == before


@pytest.mark.parametrize("key", ["save 0", "edition-1"])
def test_a_text_is_restored_into_the_working_copy_and_kept(writer, changing, key):
    key = save_of(changing, 0) if key == "save 0" else key
    wanted = history.find(changing, key)
    count = len(saves(changing))

    response = answer(writer, page_of(changing, f"restore/{key}"))

    article = now(changing)
    assert response.redirect_chain == [(page_of(changing), 302)]
    assert said(response) == [
        "Restored into the working copy. Readers see nothing of it until it is signed "
        "and published."
    ]
    assert history.working_copy(article).content == wanted.content
    assert (article.state, article.edited_by) == (State.DRAFT, writer.user)
    assert len(saves(article)) == count + 1
    assert history.of_save(saves(article)[-1]).content == wanted.content
    told = parsed(writer.get(page_of(article, "history"))).css(".log")[-1].text()
    assert f"Restored: {wanted.name}" in told


def test_what_stood_there_before_restoring_is_in_the_history(writer, changing):
    lost = history.working_copy(now(changing)).content

    answer(writer, page_of(changing, "restore/edition-1"))

    assert lost in [history.of_save(save).content for save in saves(changing)]


def test_sources_are_restored_with_their_order(writer):
    article = factories.ArticleFactory()
    for position, title in enumerate(["A", "B", "C"]):
        factories.SourceFactory(article=article, title=title, position=position)
    article.written(account("writer"))
    typed(writer, article, **{"sources-0-DELETE": "on", "sources-1-title": "Changed"})

    answer(writer, page_of(article, f"restore/{save_of(article, 0)}"))

    assert [source.title for source in article.sources.all()] == ["A", "B", "C"]


def test_readers_see_nothing_of_what_is_restored(writer, changing):
    reader = Client()
    addresses = ["/", "/articles/", changing.get_absolute_url()]
    addresses += [Edition.objects.get().get_citation_url()]
    before = [reader.get(address).content for address in addresses]
    editions = list(Edition.objects.values())
    reviews = list(Review.objects.values())

    answer(writer, page_of(changing, f"restore/{save_of(changing, 0)}"))

    assert [reader.get(address).content for address in addresses] == before
    assert list(Edition.objects.values()) == editions
    assert list(Review.objects.values()) == reviews


def test_what_was_saved_after_the_question_is_not_restored_over(writer, changing):
    address = page_of(changing, "restore/edition-1")
    asked = fields(writer.get(address))
    typed(signed_in(account("writer")), changing, title="Saved meanwhile")
    before = stored(changing)

    response = writer.post(address, asked, follow=True)

    assert response.redirect_chain == [(address, 302)]
    assert said(response) == [
        "Nothing was done: the article has changed after you opened this page. Please "
        "look at it once more."
    ]
    assert parts(response)["Title"][0] == "[-Saved meanwhile-]"
    assert stored(changing) == before


def test_the_working_copy_is_not_restored_into_itself(writer, changing):
    address = page_of(changing, "restore/draft")

    assert writer.get(address).status_code == 404
    assert writer.post(address, {"version": "0"}).status_code == 404


@pytest.mark.parametrize("key", ["edition-9", "save-9999", "x", "draft-1"])
def test_an_unknown_text_is_not_restored(writer, changing, key):
    before, address = stored(changing), page_of(changing, f"restore/{key}")

    assert writer.get(address).status_code == 404
    assert (
        writer.post(address, {"version": now(changing).standing()}).status_code == 404
    )
    assert stored(changing) == before


def test_what_is_gone_since_is_left_empty_and_said(writer):
    article, rows = referring()
    typed(writer, article, topic="", author="", picture="", title="Now")
    for row in rows:
        row.delete()
    address = page_of(article, f"restore/{save_of(article, 0)}")

    asked = writer.get(address)
    answer(writer, address)

    after = now(article)
    assert (after.topic, after.author, after.picture) == (None, None, None)
    assert after.picture_alt == "A liver"
    assert after.title == history.of_save(saves(article)[0]).content["title"]
    assert "is gone or belongs to another article: topic, author, picture." in (
        " ".join(parsed(asked).css_first("#content").text().split())
    )


def test_an_address_that_belongs_to_another_article_by_now_stays_there(writer):
    article = written(slug="fever", title="Old")
    typed(writer, article, slug="high-fever", title="Now")
    other = written(slug="fever")
    address = page_of(article, f"restore/{save_of(article, 0)}")

    asked = writer.get(address)
    answer(writer, address)

    assert (now(article).slug, now(article).title) == ("high-fever", "Old")
    assert now(other).slug == "fever"
    assert "belongs to another article: address." in (
        " ".join(parsed(asked).css_first("#content").text().split())
    )


def test_the_same_address_in_another_language_disturbs_nobody(writer):
    article = written(slug="fever", title="Old")
    typed(writer, article, slug="high-fever")
    written(slug="fever", language="it")

    answer(writer, page_of(article, f"restore/{save_of(article, 0)}"))

    assert now(article).slug == "fever"


def test_language_and_original_stay_as_they_are(writer):
    original, other = (factories.ArticleFactory(language="it") for _ in range(2))
    article = written(translation_of=original, title="Old")
    typed(writer, article, translation_of=str(other.pk), title="Now")

    answer(writer, page_of(article, f"restore/{save_of(article, 0)}"))

    assert now(article).translation_of == other
    assert (now(article).language, now(article).title) == ("en", "Old")


def test_an_old_text_is_restored_clean(writer):
    """Whatever a save holds passes the sanitiser on its way into the working copy."""
    article = written()
    version = saves(article)[0]
    evil = version.serialized_data.replace("<p>", "<p onclick='alert(1)'>")
    Version.objects.filter(pk=version.pk).update(
        serialized_data=evil.replace("Plain", "<script>alert(1)</script>Plain")
    )
    typed(writer, article, body="<p>Now.</p>")

    answer(writer, page_of(article, f"restore/save-{version.pk}"))

    assert now(article).body == "<h2>What it is</h2><p>Plain words.</p>"


# Deleted ######################################################################


@pytest.fixture
def deleted(writer):
    """The last save of an article that is gone, with two sources and two saves."""
    article = factories.ArticleFactory(title="First", slug="fever")
    for position, title in enumerate(["A", "B"]):
        factories.SourceFactory(article=article, title=title, position=position)
    article.written(account("writer"))
    typed(writer, article, title="Last")
    writer.post(page_of(article, "delete"), {"post": "yes"})
    assert Article.objects.count() == Source.objects.count() == 0
    return saves(article)[-1]


def listed(response):
    return [
        (link.text(), link.attributes["href"])
        for link in parsed(response).css("#content .log a")
    ]


def test_deleted_articles_are_listed_with_their_last_title(writer, deleted):
    written(title="Still there")

    page = writer.get(DELETED)

    assert listed(page) == [("Last", recovery_of(deleted))]
    assert DELETED in {
        link.attributes["href"] for link in parsed(writer.get(LIST)).css("a[href]")
    }


def test_where_nothing_was_deleted_the_page_says_so(writer):
    written()

    page = writer.get(DELETED)

    assert listed(page) == []
    assert "No article was deleted." in page.text


def test_recovering_asks_first_and_shows_the_text(writer, deleted):
    page = writer.get(recovery_of(deleted))

    facts = parsed(page).css_first("dl.facts").text()
    assert parsed(page).css_first("h1").text() == "Bring this article back?"
    assert "Last" in facts
    assert "B" in facts
    assert Article.objects.count() == 0


def test_a_deleted_article_comes_back_with_sources_and_history(writer, deleted):
    other = signed_in(account("writer"))

    response = answer(other, recovery_of(deleted))

    article = Article.objects.get()
    assert response.redirect_chain == [(page_of(article), 302)]
    assert said(response) == ["“Last” is back, as a draft."]
    assert (article.title, article.slug, article.state) == (
        "Last", "fever", State.DRAFT,
    )  # fmt: skip
    assert article.edited_by == other.user
    assert [source.title for source in article.sources.all()] == ["A", "B"]
    assert [history.of_save(save).content["title"] for save in saves(article)] == [
        "First", "Last", "Last",
    ]  # fmt: skip
    told = parsed(other.get(page_of(article, "history"))).css(".log")[-1].text()
    assert "Recovered" in told
    assert listed(other.get(DELETED)) == []


def test_a_double_click_brings_back_one_article(writer, deleted):
    answer(writer, recovery_of(deleted))

    again = writer.post(recovery_of(deleted))

    assert again.status_code == 404
    assert Article.objects.count() == 1


def test_an_article_is_deleted_and_brought_back_again_and_again(writer, deleted):
    for _ in range(3):
        [(title, address)] = listed(writer.get(DELETED))
        answer(writer, address)
        article = Article.objects.get()
        writer.post(page_of(article, "delete"), {"post": "yes"})

    assert title == "Last"
    assert len(listed(writer.get(DELETED))) == 1


def test_only_the_last_save_of_a_deleted_article_brings_it_back(writer, deleted):
    first = Version.objects.get_for_object_reference(
        Article, deleted.object_id
    ).order_by("pk")[0]
    of_source = Version.objects.get_for_model(Source).first()

    for key in (first.pk, of_source.pk, 0, 9999):
        assert writer.get(f"{DELETED}{key}/").status_code == 404
        assert writer.post(f"{DELETED}{key}/").status_code == 404
    assert Article.objects.count() == 0


def test_a_save_of_an_article_that_is_there_brings_nothing_back(writer):
    article = written()

    response = writer.post(recovery_of(saves(article)[0]))

    assert response.status_code == 404
    assert Article.objects.get() == article


def test_an_address_that_is_taken_gets_a_number(writer, deleted):
    for slug in ("fever", "fever-2"):
        written(slug=slug)
    written(slug="fever-3", language="it")

    answer(writer, recovery_of(deleted))

    assert Article.objects.get(title="Last").slug == "fever-3"


def test_the_longest_address_gets_a_number_as_well(writer):
    article = written(slug="f" * 120, title="Last")
    version = saves(article)[0]
    article.delete()
    written(slug="f" * 120)

    answer(writer, recovery_of(version))

    assert Article.objects.get(title="Last").slug == f"{'f' * 110}-2"


def test_an_article_comes_back_without_what_is_gone_since(writer):
    article, rows = referring()
    version = saves(article)[0]
    for row in (article, *rows):
        row.delete()

    answer(writer, recovery_of(version))

    article = Article.objects.get()
    assert (article.topic, article.author, article.picture) == (None, None, None)


def original_deleted(original):
    original.delete()


def original_in_the_same_language(original):
    Article.objects.filter(pk=original.pk).update(language="en")


def original_became_a_translation(original):
    other = factories.ArticleFactory(language="en")
    Article.objects.filter(pk=original.pk).update(translation_of=other)


def original_has_another_translation(original):
    factories.ArticleFactory(language="en", translation_of=original)


@pytest.mark.parametrize(
    "change",
    [
        original_deleted,
        original_in_the_same_language,
        original_became_a_translation,
        original_has_another_translation,
    ],
)
def test_a_translation_comes_back_alone_if_its_place_is_gone(writer, change):
    original = factories.ArticleFactory(language="it")
    article = written(translation_of=original, title="Translation")
    version = saves(article)[0]
    article.delete()
    change(original)

    answer(writer, recovery_of(version))

    assert Article.objects.get(title="Translation").translation_of is None


def test_a_translation_comes_back_to_its_original(writer):
    original = factories.ArticleFactory(language="it")
    article = written(translation_of=original, title="Translation")
    version = saves(article)[0]
    article.delete()

    answer(writer, recovery_of(version))

    assert Article.objects.get(title="Translation").translation_of == original


def test_what_was_signed_comes_back_unsigned(doctor):
    article = written()
    answer(doctor, page_of(article, "submit"))
    answer(doctor, page_of(article, "sign"))
    version = saves(article)[0]
    doctor.post(page_of(article, "delete"), {"post": "yes"})

    answer(doctor, recovery_of(version))

    article = Article.objects.get()
    assert (article.state, article.signed_by, article.submitted_by) == (
        State.DRAFT, None, None,
    )  # fmt: skip


# Who may look and who may restore #############################################

MAY = {
    "nobody": {"history": 302, "compare": 302, "restore": 302, "deleted": 302},
    "staff": {"history": 403, "compare": 403, "restore": 403, "deleted": 403},
    "writer": {"history": 200, "compare": 200, "restore": 200, "deleted": 200},
    "reviewer": {"history": 200, "compare": 200, "restore": 200, "deleted": 200},
    "manager": {"history": 200, "compare": 200, "restore": 403, "deleted": 403},
}


@pytest.mark.parametrize("role", MAY)
def test_each_page_has_its_permission(role, deleted):
    article = written()
    published(article)
    client = {
        "nobody": Client,
        "staff": lambda: signed_in(account()),
    }.get(role, lambda: signed_in(account(role)))()
    pages = {
        "history": [page_of(article, "history")],
        "compare": [f"{page_of(article, 'compare')}?before=draft&after=edition-1"],
        "restore": [page_of(article, "restore/edition-1")],
        "deleted": [DELETED, recovery_of(deleted)],
    }

    found = {
        name: {client.get(address).status_code for address in addresses}
        for name, addresses in pages.items()
    }

    assert found == {name: {status} for name, status in MAY[role].items()}


@pytest.mark.parametrize("role", ["nobody", "staff", "manager"])
def test_who_may_not_restore_does_not_by_a_crafted_post(role, deleted):
    article = written()
    before = stored(article)
    client = {
        "nobody": Client,
        "staff": lambda: signed_in(account()),
    }.get(role, lambda: signed_in(account(role)))()

    client.post(page_of(article, f"restore/{save_of(article, 0)}"), {"version": "0"})
    client.post(recovery_of(deleted))

    assert stored(article) == before
    assert list(Article.objects.all()) == [article]


def test_who_may_only_look_is_offered_no_restoring(changing):
    client = signed_in(account("manager"))

    for address in (
        page_of(changing, "history"),
        f"{page_of(changing, 'compare')}?before=save-1&after=edition-1",
    ):
        assert "/restore/" not in client.get(address).text


def test_no_forged_request_restores_or_recovers(deleted):
    article = written()
    client = signed_in(account("writer"), enforce_csrf_checks=True)
    before = stored(article)

    for address in (
        page_of(article, f"restore/{save_of(article, 0)}"),
        recovery_of(deleted),
    ):
        assert client.post(address, {"version": "0"}).status_code == 403
    assert stored(article) == before
    assert Article.objects.count() == 1


# Two people in one article ####################################################


@pytest.fixture
def conflict(writer):
    """Two people have one article open; a colleague has saved it by now."""
    article = factories.ArticleFactory(title="Before", body="<p>Before that.</p>")
    factories.SourceFactory(article=article, title="A source")
    article.written(account("writer"))
    opened = fields(writer.get(page_of(article)))
    colleague = signed_in(account("writer", username="colleague"))
    typed(colleague, article, title="Theirs", body="<p>Theirs is this.</p>")
    mine = opened | {"title": "Mine", "summary": "My summary.", "_continue": "1"}
    return article, mine, colleague


def test_r19_the_second_save_is_refused_and_both_texts_are_shown(writer, conflict):
    article, mine, _colleague = conflict
    before = stored(article)

    response = writer.post(page_of(article), mine)

    assert errors(response) == [
        "Somebody else has saved this article in the meantime. Nothing is lost: your "
        "text is still here, and both are compared below. Nothing has been saved yet."
    ]
    assert parts(response) == {
        "Title": ["[-Theirs-]", "{+Mine+}"],
        "Summary": ["[-What this page explains-].", "{+My summary+}."],
        "Text": ["[-Theirs is this.-]", "{+Before that.+}"],
    }
    assert "by colleague" in parsed(response).css_first(".conflict").text()
    kept = fields(response)
    del mine["csrfmiddlewaretoken"], mine["_continue"]
    assert {name: kept[name] for name in mine} == mine
    assert stored(article) == before


def test_r19_what_was_typed_as_a_source_is_shown_against_theirs(writer, conflict):
    article, mine, colleague = conflict
    typed(colleague, article, **{"sources-0-title": "Their source"})
    mine |= rows("sources", {"title": "My source", "position": "1"}, first=1)

    response = writer.post(page_of(article), mine)

    theirs, own = parts(response)["Sources"]
    url = "https://www.example.org/page"
    assert theirs == f"[-Their-] source · {url}"
    assert own == "{+A+} source · " + url + "{+ My source+}"


@pytest.mark.parametrize("overwrite", ["", "0", "x", "older", "newer", "9" * 30, "\0"])
def test_r19_without_the_version_that_was_shown_nothing_is_overwritten(
    writer, conflict, overwrite
):
    article, mine, _colleague = conflict
    version = now(article).version
    seen = {"older": version - 1, "newer": version + 1}.get(overwrite, overwrite)
    before = stored(article)

    response = writer.post(page_of(article), mine | {"overwrite": str(seen)})

    assert errors(response) != []
    assert stored(article) == before


def test_r19_what_a_colleague_saves_after_the_comparison_is_not_overwritten(
    writer, conflict
):
    article, mine, colleague = conflict
    shown = parsed(writer.post(page_of(article), mine)).css_first("[name=overwrite]")
    typed(colleague, article, title="Theirs once more")
    before = stored(article)

    sent = mine | {"overwrite": shown.attributes["value"]}
    response = writer.post(page_of(article), sent)

    assert parts(response)["Title"] == ["[-Theirs once more-]", "{+Mine+}"]
    assert stored(article) == before


def test_r19_who_has_seen_theirs_may_overwrite_it_and_theirs_stays_in_the_history(
    writer, conflict
):
    article, mine, colleague = conflict
    shown = parsed(writer.post(page_of(article), mine)).css_first("[name=overwrite]")
    theirs = history.working_copy(now(article)).content

    sent = mine | {"overwrite": shown.attributes["value"]}
    response = writer.post(page_of(article), sent, follow=True)

    assert errors(response) == []
    assert (now(article).title, now(article).body) == ("Mine", "<p>Before that.</p>")
    assert now(article).edited_by == writer.user
    kept = history.of_save(saves(article)[-2])
    assert (kept.content, kept.by) == (theirs, colleague.user)
    answer(colleague, page_of(article, f"restore/{save_of(article, -2)}"))
    assert now(article).title == "Theirs"


def test_r19_a_double_click_on_overwrite_overwrites_once(writer, conflict):
    article, mine, _colleague = conflict
    sent = mine | {"overwrite": str(now(article).version)}
    writer.post(page_of(article), sent)
    before = stored(article)

    writer.post(page_of(article), sent)

    assert stored(article) == before


@pytest.mark.parametrize("kept", [True, False])
def test_a_source_that_a_colleague_has_deleted_is_no_dead_end(writer, conflict, kept):
    article, mine, colleague = conflict
    own = [row["title"] for row in now(article).sources_as_list()]
    typed(colleague, article, **{"sources-0-DELETE": "on"})
    sent = mine | {"overwrite": str(now(article).version)}

    response = writer.post(
        page_of(article), sent | ({} if kept else {"sources-0-DELETE": "on"})
    )

    assert response.status_code == 302
    assert now(article).title == "Mine"
    titles = [row["title"] for row in now(article).sources_as_list()]
    assert titles == (own if kept else [])


def test_the_comparison_of_a_refused_form_shows_no_markup(writer, conflict):
    article, mine, _colleague = conflict
    evil = "<script>alert(1)</script>"

    response = writer.post(page_of(article), mine | {"title": evil, "body": evil})

    assert evil not in response.text


def test_a_form_that_is_wrong_as_well_says_both(writer, conflict):
    article, mine, _colleague = conflict

    response = writer.post(page_of(article), mine | {"title": "", "sources-0-doi": "x"})

    told = " ".join(errors(response))
    assert "Somebody else has saved this article" in told
    assert "This field is required." in told
    assert "A DOI begins with 10." in told
