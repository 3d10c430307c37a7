"""The glossary at the desk: writing, checking, translating, taking back."""

import pytest

from articles.models import Entry, Term
from clinic.models import Practice
from tests import factories
from tests.clinic.test_admin import CONFLICT, errors, fields, parsed, said, save
from tests.clinic.test_roles import account, doctor_account, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/term/"
ADD = f"{LIST}add/"


def page_of(term):
    return f"{LIST}{term.pk}/change/"


@pytest.fixture
def writer(practice):
    return signed_in(account("writer"))


@pytest.fixture
def doctor(practice):
    return signed_in(doctor_account())


@pytest.fixture
def term(practice):
    return factories.TermFactory(name="biopsy", definition="A small piece is taken.")


def found():
    return [(e.name, e.definition) for e in Entry.objects.current()]


def test_a_writer_adds_a_term_that_waits_for_a_doctor(writer):
    answer = save(
        writer,
        ADD,
        name="  Neutropenia ",
        slug="neutropenia",
        definition="Too few\nwhite  cells.",
        synonyms="low cells\n\n low  cells \nfew cells",
    )

    term = Term.objects.get()
    assert said(answer) == [
        "Saved. Readers do not find it yet: a doctor has to check the definition."
    ]
    assert (term.name, term.definition) == ("Neutropenia", "Too few white cells.")
    assert term.other_names == ["low cells", "few cells"]
    assert term.edited_by == writer.user
    assert found() == []


def test_a_writer_has_no_button_to_check_and_a_forged_one_checks_nothing(writer, term):
    page = parsed(writer.get(page_of(term)))
    answer = save(writer, page_of(term), button="_check")

    assert page.css("[name=_check], [name=_take_back]") == []
    assert said(answer)[0] == "Saved."
    assert "Your role does not check definitions." in said(answer)
    assert found() == []


def test_a_doctor_saves_and_checks_with_one_button(doctor, term):
    answer = save(doctor, page_of(term), button="_check", definition="Better words.")

    assert found() == [("biopsy", "Better words.")]
    assert said(answer) == [
        'Checked. Readers find it here: <a href="/glossary/#biopsy">biopsy</a>'
    ]


def test_after_a_change_the_desk_says_what_readers_still_find(doctor, writer, term):
    save(doctor, page_of(term), button="_check")

    answer = save(writer, page_of(term), definition="New words.")
    state = parsed(writer.get(page_of(term))).css_first(".state").text()

    assert said(answer) == [
        "Saved. Until a doctor has checked the new words, readers still find the "
        'earlier ones: <a href="/glossary/#biopsy">biopsy</a>'
    ]
    assert "biopsy: A small piece is taken." in state
    assert found() == [("biopsy", "A small piece is taken.")]


def test_saving_without_a_change_leaves_everything_before_readers(doctor, writer, term):
    save(doctor, page_of(term), button="_check")

    answer = save(writer, page_of(term))

    assert said(answer) == [
        'Saved. Readers find it here: <a href="/glossary/#biopsy">biopsy</a>'
    ]
    term.refresh_from_db()
    assert term.edited_by is None


def test_what_readers_found_before_is_told(doctor, term):
    save(doctor, page_of(term), button="_check")
    save(doctor, page_of(term), button="_check", definition="New words.")

    log = parsed(doctor.get(page_of(term))).css_first(".log").text()

    assert "biopsy: A small piece is taken." in log
    assert "New words." not in log


def test_under_four_eyes_a_doctor_cannot_check_what_he_changes(doctor, term):
    Practice.objects.update(four_eyes=True)

    answer = save(doctor, page_of(term), button="_check", definition="My words.")

    assert "You have written it yourself: another doctor has to check it." in said(
        answer
    )
    assert found() == []


def test_a_doctor_takes_a_term_out_of_the_glossary(doctor, term):
    save(doctor, page_of(term), button="_check")

    answer = save(doctor, page_of(term), button="_take_back")

    assert said(answer) == ["Readers do not find “biopsy” any longer."]
    assert found() == []


def test_a_writer_cannot_take_it_out(doctor, writer, term):
    save(doctor, page_of(term), button="_check")

    assert save(writer, page_of(term), button="_take_back").status_code == 403
    assert found() == [("biopsy", "A small piece is taken.")]


@pytest.mark.parametrize(("role", "status"), [("writer", 403), ("manager", 200)])
def test_only_a_manager_deletes_a_term(practice, term, role, status):
    client = signed_in(account(role))

    answer = client.post(
        f"{LIST}{term.pk}/delete/", {"post": "yes"}, follow=role == "manager"
    )

    assert answer.status_code == status
    assert Term.objects.exists() is (role == "writer")


@pytest.mark.parametrize("ended", [False, True])
def test_nobody_deletes_what_readers_have_found(practice, term, ended):
    manager = signed_in(account("manager"))
    told = "What readers have found is taken out of the glossary, not deleted."
    assert told not in manager.get(page_of(term)).text
    term.check_definition(by=doctor_account())
    if ended:
        term.take_back()

    answer = manager.post(f"{LIST}{term.pk}/delete/", {"post": "yes"})
    page = manager.get(page_of(term))

    assert answer.status_code == 403
    assert (Term.objects.count(), Entry.objects.count()) == (1, 1)
    assert told in page.text
    assert parsed(page).css(".deletelink") == []


def test_a_colleagues_save_is_not_overwritten(writer, term):
    sent = fields(writer.get(page_of(term))) | {"definition": "Mine."}
    save(writer, page_of(term), definition="Theirs.")

    answer = writer.post(page_of(term), sent | {"_save": "1"})

    assert CONFLICT in " ".join(errors(answer))
    term.refresh_from_db()
    assert term.definition == "Theirs."


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"name": "Biopsy"}, "“Biopsy” is explained under “biopsy” already."),
        ({"synonyms": "x\nneedle TEST"}, "“needle TEST” is explained under “biopsy”"),
        ({"synonyms": "\n".join(map(str, range(21)))}, "At most 20 synonyms, please."),
    ],
)
def test_one_word_is_explained_once(writer, term, given, refused):
    term.synonyms = "needle test"
    term.save()

    answer = save(
        writer, ADD, **{"name": "new", "slug": "new", "definition": "Words."} | given
    )

    assert refused in " ".join(errors(answer))
    assert Term.objects.count() == 1


def test_another_language_may_have_the_same_word(writer, term):
    save(writer, ADD, language="it", name="biopsy", slug="biopsy", definition="Parole.")

    assert Term.objects.count() == 2


def test_a_word_to_explain_is_filled_in(writer):
    sent = fields(writer.get(f"{ADD}?language=it&name=Termoablazione"))

    assert sent["language"] == "it"
    assert (sent["name"], sent["slug"]) == ("Termoablazione", "termoablazione")


@pytest.mark.parametrize("address", [f"{ADD}?translation_of=x", f"{ADD}?language=xx"])
def test_a_forged_address_gives_an_empty_form(writer, address):
    assert writer.get(address).status_code == 200


def test_a_term_is_translated_from_its_page(writer, term):
    address = parsed(writer.get(page_of(term))).css_first(".submit-row a.button")
    save(
        writer,
        address.attributes["href"],
        name="biopsia",
        slug="biopsia",
        definition="Parole.",
    )

    italian = Term.objects.get(language="it")
    assert italian.translation_of == term
    for one in (term, italian):
        assert parsed(writer.get(page_of(one))).css(".submit-row a.button") == []


def test_the_list_says_how_each_term_stands(doctor, term):
    save(doctor, page_of(term), button="_check")
    save(doctor, page_of(term), definition="Changed.")
    factories.entry(name="checked")
    factories.TermFactory(name="new")

    rows = {
        row.css_first(".field-name").text(): row.css_first(
            ".field-state_in_words"
        ).text()
        for row in parsed(doctor.get(LIST)).css("#result_list tbody tr")
    }

    assert rows == {
        "biopsy": "before readers, changed since",
        "checked": "before readers",
        "new": "not before readers",
    }


def test_the_list_shows_what_waits(doctor, writer, term):
    factories.entry(name="checked")

    def names(client, query):
        page = parsed(client.get(f"{LIST}{query}"))
        return [node.text() for node in page.css("#result_list .field-name")]

    assert names(doctor, "?waiting=to-check") == ["biopsy"]
    assert names(doctor, "?waiting=due") == []
    assert names(writer, "?waiting=to-check") == ["biopsy", "checked"]


def test_only_originals_are_offered_for_a_translation(writer, term):
    factories.TermFactory(name="biopsia", language="it", translation_of=term)

    answer = writer.get(
        "/admin/autocomplete/",
        {
            "app_label": "articles",
            "model_name": "term",
            "field_name": "translation_of",
            "term": "biops",
        },
    )

    assert [row["text"] for row in answer.json()["results"]] == ["biopsy"]
