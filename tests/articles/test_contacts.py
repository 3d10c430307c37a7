"""Contacts inside articles: live at every request, never a hole, one card of a kind."""

import pytest
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override
from i18nfield.strings import LazyI18nString

from articles.fields import contacts
from articles.markup import render
from articles.proofreading import advice_on
from articles.templatetags.contacts import with_contacts
from clinic.models import Practice
from tests.factories import (
    ArticleFactory,
    EmailFactory,
    PhoneFactory,
    ReviewerFactory,
    both,
    publish,
)

CARE = {
    "non-urgent": '<aside class="care"><h3>Ring us if</h3><p>x</p></aside>',
    "urgent": '<aside class="care care--urgent"><h3>Ring today if</h3><p>x</p></aside>',
    "emergency": '<aside class="care care--emergency"><h3>Now if</h3><p>x</p></aside>',
}


def shown(body):
    """The body as readers see it now."""
    return str(with_contacts(render(body).html, Practice.objects.current()))


def phone_of(practice):
    return practice.phones.get()


# References ##################################################################


def test_a_reference_shows_the_number_as_it_is_now(practice, client):
    phone = phone_of(practice)
    article = ArticleFactory(
        body=f'<p>Call <span data-contact="phone-{phone.pk}"></span> today.</p>'
    )
    address = publish(article).get_absolute_url()
    before = client.get(address).content.decode().partition("<article")[2]

    phone.number = "+39066991234"
    phone.save()

    after = client.get(address).content.decode().partition("<article")[2]
    hidden = '<span class="visually-hidden">Appointments: </span>'
    assert f'Call <a href="tel:+393317612698">{hidden}+39 331 761 2698</a> today.' in (
        before
    )
    assert f'Call <a href="tel:+39066991234">{hidden}+39 06 699 1234</a> t' in after
    assert "331" not in after.partition("</article>")[0]
    article.refresh_from_db()
    assert "331" not in article.body


def test_a_text_without_references_asks_the_practice_nothing(
    practice, django_assert_num_queries
):
    class Unasked:
        def __getattr__(self, name):
            raise AssertionError(name)

    html = "<p>Nothing to ring.</p>"

    with django_assert_num_queries(0):
        assert with_contacts(html, Unasked()) == html


@pytest.mark.parametrize("reference", ["phone-4711", "email-4711", "phone-9999999999"])
def test_a_contact_that_is_gone_leads_to_the_contact_page(practice, reference):
    body = f'<p><span data-contact="{reference}"></span></p>'

    assert shown(body) == '<p><a href="/contact/">our contact page</a></p>'
    assert 'href="/contact/"' in shown(f'<aside data-contact="{reference}"></aside>')


def test_a_fax_is_no_link(practice):
    phone = PhoneFactory(kind="FAX", number="+39066991234")
    reference = f"phone-{phone.pk}"

    assert shown(f'<p><span data-contact="{reference}"></span></p>') == (
        "<p>+39 06 699 1234 (fax)</p>"
    )
    card = shown(f'<aside data-contact="{reference}"></aside>')
    assert "(fax)" in card
    assert "<a " not in card


def test_a_whatsapp_number_opens_a_chat_and_says_so(practice):
    phone = PhoneFactory(kind="WHATSAPP", number="+39066991234")
    reference = f"phone-{phone.pk}"
    chat = 'href="https://wa.me/39066991234" rel="noopener noreferrer nofollow"'

    assert shown(f'<p><span data-contact="{reference}"></span></p>') == (
        f'<p><a {chat}><span class="visually-hidden">Appointments: </span>'
        "+39 06 699 1234 (WhatsApp only)</a></p>"
    )
    card = shown(f'<aside data-contact="{reference}"></aside>')
    assert "<strong>Appointments</strong> (WhatsApp only)" in card
    assert f'<a class="contact-card__phone" {chat}>+39 06 699 1234</a>' in card


def test_a_contact_is_written_once_however_often_it_is_mentioned(practice, monkeypatch):
    names = []

    def written(name, context):
        names.append(name)
        return render_to_string(name, context)

    monkeypatch.setattr("articles.templatetags.contacts.render_to_string", written)
    phone = phone_of(practice)
    place = f'<p><span data-contact="phone-{phone.pk}"></span></p>'

    html = shown(place * 50 + f'<aside data-contact="phone-{phone.pk}"></aside>')

    assert html.count("tel:+393317612698") == 51
    assert names == ["includes/contact_card.html", "includes/contact_reference.html"]


def test_an_email_address_is_written_as_everywhere(practice):
    email = EmailFactory()

    in_sentence = shown(f'<p><span data-contact="email-{email.pk}"></span></p>')
    card = shown(f'<aside data-contact="email-{email.pk}"></aside>')

    for html in (in_sentence, card):
        assert f'href="{email.get_absolute_url()}"' in html
        assert email.address not in html


def test_a_contact_card_says_what_for_who_answers_and_when(practice):
    phone = PhoneFactory(
        purpose=both("Results"),
        answered_when=both("Monday, 9 to 13"),
        number="+39066991234",
    )

    card = shown(f'<aside data-contact="phone-{phone.pk}"></aside>')

    assert card.startswith('<div class="contact-card flow">')
    assert "<strong>Results</strong>" in card
    assert 'class="contact-card__phone" href="tel:+39066991234">+39 06 699' in card
    assert "Answered by: the secretary." in card
    assert "Monday, 9 to 13" in card


def test_words_of_the_practice_are_escaped(practice):
    phone = PhoneFactory(purpose=LazyI18nString({"en": "<b>x</b>"}))

    html = shown(
        f'<p><span data-contact="phone-{phone.pk}"></span></p>'
        f'<aside data-contact="phone-{phone.pk}"></aside>'
        f'<aside class="care" data-contact="phone-{phone.pk}"></aside>'
    )

    assert html.count("&lt;b&gt;x") == 3
    assert "<b>" not in html


def test_what_looks_like_a_reference_in_the_text_is_text(practice):
    typed = '<p>&lt;span data-contact="phone-1"&gt;&lt;/span&gt;</p>'

    assert shown(typed) == typed


def test_the_words_round_a_contact_are_in_the_language_of_the_article(practice, client):
    phone = phone_of(practice)
    body = f'<p><span data-contact="phone-{phone.pk}"></span></p>'
    edition = publish(ArticleFactory(language="it", body=body))
    address = edition.get_absolute_url()
    live = client.get(address).content.decode()

    phone.delete()

    gone = client.get(address).content.decode().partition('<div class="prose">')[2]
    assert '<span class="visually-hidden">Appointments (it): </span>' in live
    assert '<p><a href="/it/contatti/">' in gone


# Care cards ##################################################################


def test_the_cards_say_how_urgent_they_are_and_whom_to_ring(practice):
    html = shown("<h2>When to call</h2>" + "".join(CARE.values()))

    for kind, words, title in (
        ("non-urgent", "Not urgent:", "Ring us if"),
        ("urgent", "Urgent:", "Ring today if"),
        ("emergency", "Emergency:", "Now if"),
    ):
        assert (
            f'<h3 class="care__title" id="care-{kind}"><span class="visually-hidden">'
            f"{words} </span>{title}</h3>"
        ) in html
        assert f'aria-labelledby="care-{kind}"' in html
    calm, urgent, emergency = html.split("<section ")[1:]
    for card in (calm, urgent):
        assert '<a class="button" href="tel:+393317612698">+39 331 761 2698</a>' in card
        assert "Appointments" in card
    assert '<a class="button" href="tel:112">Call 112</a>' in emergency
    assert emergency.count("<a ") == 1


def test_the_emergency_number_is_that_of_the_practice(practice):
    Practice.objects.update(emergency_number="118")

    html = shown('<aside class="care care--emergency"><p>x</p></aside>')

    assert '<a class="button" href="tel:118">Call 118</a>' in html
    assert "When to call 118 at once" in html


def test_a_card_shows_the_number_that_was_chosen_for_it(practice):
    chosen = PhoneFactory(
        number="+39066991234", in_header=False, answered_when=both("Every day, 8 to 20")
    )

    html = shown(f'<aside class="care" data-contact="phone-{chosen.pk}"></aside>')

    assert "tel:+39066991234" in html
    assert "Every day, 8 to 20" in html
    assert "tel:+393317612698" not in html


def test_a_card_whose_number_cannot_be_called_shows_those_of_every_page(practice):
    fax = PhoneFactory(number="+39066991234", kind="FAX", in_header=False)

    for key in (fax.pk, 4711):
        html = shown(f'<aside class="care" data-contact="phone-{key}"></aside>')
        assert "tel:+393317612698" in html
        assert "tel:+39066991234" not in html


def test_a_practice_without_numbers_leads_to_its_contact_page(practice):
    phone_of(practice).delete()

    assert '<a class="button" href="/contact/">' in shown(CARE["urgent"])


def test_a_card_without_heading_gets_one(practice):
    html = shown('<aside class="care care--urgent"><p>You shiver.</p></aside>')

    assert "</span>When to call us today</h2>" in html
    assert "<p>You shiver.</p>" in html


def test_the_heading_of_a_card_skips_no_level(practice):
    first = shown(CARE["urgent"] + "<h2>More</h2>" + CARE["emergency"])

    assert '<h2 class="care__title" id="care-urgent">' in first
    assert '<h3 class="care__title" id="care-emergency">' in first


def test_the_title_of_a_card_is_no_part_of_the_contents():
    body = '<h2>One</h2><aside class="care"><h2>Ring us if</h2></aside>'

    assert [heading.text for heading in render(body).headings] == ["One"]


def test_a_reference_inside_a_card_is_filled_in(practice):
    phone = phone_of(practice)
    html = shown(
        f'<aside class="care"><h3>Ring <span data-contact="phone-{phone.pk}"></span>'
        f'</h3><p>or <span data-contact="phone-{phone.pk}"></span></p></aside>'
    )

    assert html.count("tel:+393317612698") == 3
    assert "data-contact" not in html


def test_a_card_within_a_card_is_a_call_out(practice):
    html = shown(f'<aside class="care">{CARE["urgent"]}<p>x</p></aside>')

    assert html.count("<section") == html.count("</section>") == 1
    assert '<div class="callout flow">' in html


# Publishing ##################################################################


@pytest.mark.parametrize("kind", CARE)
def test_two_cards_of_a_kind_are_not_published(practice, kind):
    article = ArticleFactory(body=CARE[kind] + "<p>x</p>" + CARE[kind])

    with pytest.raises(ValidationError) as error:
        publish(article)

    assert error.value.messages == [
        f"There is more than one {kind} care card. One of each kind fits on a page."
    ]


@pytest.mark.parametrize(
    "between",
    ["{}", '<aside class="callout">{}</aside>', "<blockquote>{}</blockquote>"],
)
def test_a_card_within_a_card_is_not_published(practice, between):
    inside = between.format(CARE["emergency"])
    article = ArticleFactory(body=f'<aside class="care">{inside}<p>x</p></aside>')

    with pytest.raises(ValidationError) as error:
        publish(article)

    assert error.value.messages == [
        "A care card stands inside another one. Please move it out: inside, it shows "
        "neither how urgent it is nor the number to call."
    ]


def test_one_card_of_each_kind_is_published(practice):
    assert ArticleFactory(body="".join(CARE.values())).problems() == []


def test_a_reference_to_a_deleted_contact_is_not_published(practice):
    phone = phone_of(practice)
    article = ArticleFactory(
        body=f'<p><span data-contact="phone-{phone.pk}"></span></p>'
        f'<aside data-contact="email-{practice.emails.get().pk}"></aside>'
    )
    assert article.problems() == []

    phone.delete()

    assert len(article.problems()) == 1
    assert "no longer exists" in article.problems()[0]


@pytest.mark.parametrize(
    "inside",
    [
        '<p><a href="/x" rel="noopener">more</a></p>',
        '<p><span data-contact="phone-{pk}"></span></p>',
        '<aside data-contact="phone-{pk}"></aside>',
    ],
)
def test_an_emergency_card_leads_nowhere_else(practice, inside):
    inside = inside.format(pk=phone_of(practice).pk)
    article = ArticleFactory(
        body=f'<aside class="care care--emergency"><p>x</p>{inside}</aside>'
    )

    assert len(article.problems()) == 1
    assert "emergency care card" in article.problems()[0]


# Typed numbers ###############################################################


def form_data(article, **changed):
    return {
        "seen_version": article.version,
        "language": article.language,
        "title": article.title,
        "slug": article.slug,
        "summary": article.summary,
        "body": article.body,
        "topic": article.topic_id,
        "author": article.author_id,
        "sources-TOTAL_FORMS": 0,
        "sources-INITIAL_FORMS": 0,
        "chosen-TOTAL_FORMS": 0,
        "chosen-INITIAL_FORMS": 0,
    } | changed


@pytest.mark.parametrize("button", ["_continue", "_preview"])
def test_a_typed_number_brings_a_warning_and_is_saved(practice, staff, button):
    article = ArticleFactory()
    change = reverse("admin:articles_article_change", args=[article.pk])

    staff.post(
        change, form_data(article, body="<p>Call 331 761 2698.</p>", **{button: "x"})
    )

    page = staff.get(change).content.decode()
    assert '<li class="warning">This number is typed by hand: 331 761 2698.' in page
    article.refresh_from_db()
    assert article.body == "<p>Call 331 761 2698.</p>"


@pytest.mark.parametrize(
    ("button", "question"),
    [("_submit", "Send this article for review?"), ("_sign", "Sign this article?")],
)
def test_a_typed_number_is_named_once_before_the_next_step(
    practice, client, button, question
):
    client.force_login(ReviewerFactory())
    article = ArticleFactory()
    change = reverse("admin:articles_article_change", args=[article.pk])

    response = client.post(
        change,
        form_data(article, body="<p>Call 331 761 2698.</p>", **{button: "x"}),
        follow=True,
    )

    page = response.content.decode()
    assert page.count("This number is typed by hand: 331 761 2698.") == 1
    assert f"<h1>{question}</h1>" in page


def test_several_typed_numbers_are_all_named(practice):
    advice = advice_on("<p>331 761 2698 or 06 6991234</p>")

    assert "typed by hand: 331 761 2698, 06 6991234." in advice


def test_a_text_without_typed_numbers_brings_no_warning(practice, staff):
    phone = phone_of(practice)
    article = ArticleFactory()
    change = reverse("admin:articles_article_change", args=[article.pk])
    body = f'<p>Call <span data-contact="phone-{phone.pk}"></span> or 112.</p>'

    staff.post(change, form_data(article, body=body, _continue="x"))

    assert 'class="warning"' not in staff.get(change).content.decode()
    article.refresh_from_db()
    assert article.body == body


# The editor ##################################################################


def test_the_editor_offers_every_contact_with_its_purpose(practice):
    phone, email = phone_of(practice), practice.emails.get()
    fax = PhoneFactory(kind="FAX", number="+39066991234", purpose=both("Reports"))

    assert contacts(Practice.objects.current()) == [
        {
            "reference": f"phone-{phone.pk}",
            "label": "Telephone: Appointments",
            "shown": "+39 331 761 2698",
            "callable": True,
        },
        {
            "reference": f"phone-{fax.pk}",
            "label": "Fax: Reports",
            "shown": "+39 06 699 1234",
            "callable": False,
        },
        {
            "reference": f"email-{email.pk}",
            "label": "E-mail: The practice",
            "shown": "studio@example.org",
            "callable": False,
        },
    ]


def test_the_editor_is_there_before_the_practice_is(db):
    with override("it"):
        assert contacts(Practice.objects.current()) == []
