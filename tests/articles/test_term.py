"""Terms and entries: what staff write, what a doctor has checked, who may what."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from articles import desk
from articles.models import Entry, Term
from clinic.models import Practice
from tests import factories
from tests.clinic.test_roles import account, doctor_account

pytestmark = pytest.mark.django_db


def found(language="en"):
    """What readers find, term by term."""
    entries = Entry.objects.current().in_language(language).alphabetical()
    return [(entry.name, entry.definition) for entry in entries]


@pytest.fixture
def term(practice):
    practice.review_months = 24
    practice.save()
    return factories.TermFactory(
        name="Neutropenia", definition="Too few white cells.", synonyms="low cells"
    )


# What readers find ############################################################


def test_readers_find_no_definition_that_no_doctor_has_checked(term):
    assert found() == []
    assert term.current_entry() is None


def test_readers_find_what_a_doctor_has_checked(term):
    doctor = doctor_account()

    with time_machine.travel(datetime(2026, 6, 8, 12, tzinfo=UTC), tick=False):
        entry = term.check_definition(by=doctor)

    assert found() == [("Neutropenia", "Too few white cells.")]
    assert (entry.doctor, entry.checked_by) == (doctor.doctor, doctor)
    assert entry.reviewed_date == date(2026, 6, 8)
    assert entry.next_due_date == date(2028, 6, 8)
    assert entry.names == ["Neutropenia", "low cells"]


@pytest.mark.parametrize("field", Term.COPIED)
def test_whatever_is_changed_readers_keep_the_words_that_were_checked(term, field):
    entry = term.check_definition(by=doctor_account())
    before = entry.copied()

    setattr(term, field, "it" if field == "language" else "another")
    term.save()

    assert Entry.objects.current().get().copied() == before
    assert term.differs_from(term.current_entry()) is True
    assert list(Term.objects.unchecked()) == [term]


def test_the_new_words_replace_the_earlier_ones_once_they_are_checked(term):
    first = term.check_definition(by=doctor_account())
    term.definition = "Too few neutrophils."
    term.save()

    second = term.check_definition(by=doctor_account())

    assert found() == [("Neutropenia", "Too few neutrophils.")]
    assert list(Term.objects.unchecked()) == []
    first.refresh_from_db()
    assert first.ended_at is not None
    assert list(term.entries.all()) == [second, first]


def test_a_term_that_is_taken_back_is_not_found(term):
    term.check_definition(by=doctor_account())

    term.take_back()

    assert found() == []
    assert list(Term.objects.unchecked()) == [term]


def test_a_sample_is_found_and_waits_for_a_doctor_all_the_same(term):
    term.show_as_sample()

    assert found() == [("Neutropenia", "Too few white cells.")]
    assert list(Term.objects.unchecked()) == [term]

    term.check_definition(by=doctor_account())

    assert Entry.objects.current().get().is_sample is False
    assert list(Term.objects.unchecked()) == []


def test_an_entry_never_changes(term):
    entry = term.check_definition(by=doctor_account())
    entry.definition = "Something else."

    with pytest.raises(TypeError, match="check the term anew"):
        entry.save()


CHECK = {"reviewed_date", "next_due_date", "doctor", "checked_by"}


@pytest.mark.parametrize("missing", [*sorted(CHECK), "all"])
def test_the_database_refuses_an_entry_that_nobody_checked(term, missing):
    by = doctor_account()
    today = timezone.localdate()
    checked = {
        "reviewed_date": today,
        "next_due_date": today,
        "doctor": by.doctor,
        "checked_by": by,
    }
    left = {n: v for n, v in checked.items() if missing not in (n, "all")}

    with pytest.raises(IntegrityError, match="by_a_doctor"), transaction.atomic():
        term.entries.create(since=timezone.now(), **term.copied(), **left)
    if missing != "all":
        with pytest.raises(IntegrityError, match="by_a_doctor"), transaction.atomic():
            term.entries.create(
                since=timezone.now(), is_sample=True, **term.copied(), **left
            )

    assert Entry.objects.count() == 0


# Who may check ################################################################


@pytest.mark.parametrize(
    ("role", "sentences"),
    [
        ("writer", ["Your role does not check definitions.", "your account is none."]),
        ("manager", ["Your role does not check definitions.", "your account is none."]),
        ("reviewer", ["Only a doctor can check a definition: your account is none."]),
    ],
)
def test_only_a_doctor_in_his_role_checks(term, role, sentences):
    with pytest.raises(ValidationError) as refusal:
        term.check_definition(by=account(role))

    said = refusal.value.messages
    assert [part in whole for part, whole in zip(sentences, said, strict=True)] == [
        True
    ] * len(sentences)
    assert found() == []


def test_under_four_eyes_nobody_checks_his_own_words(term):
    Practice.objects.update(four_eyes=True)
    writer, other = doctor_account(), doctor_account()
    term.edited_by = writer
    term.save()

    with pytest.raises(ValidationError, match="another doctor has to check it"):
        term.check_definition(by=writer)
    term.check_definition(by=other)

    assert found() == [("Neutropenia", "Too few white cells.")]


def test_two_entries_never_stand_at_one_address(term):
    by = doctor_account()
    term.check_definition(by=by)
    term.slug = "moved"
    term.save()
    newcomer = factories.TermFactory(name="Newcomer", slug="neutropenia")

    with pytest.raises(ValidationError, match="Readers find “Neutropenia” at this"):
        newcomer.check_definition(by=by)
    term.check_definition(by=by)
    newcomer.check_definition(by=by)

    assert {e.slug: e.name for e in Entry.objects.current()} == {
        "moved": "Neutropenia",
        "neutropenia": "Newcomer",
    }


# What waits ###################################################################


def tasks(user):
    return {task.label: task.count for task in desk.waiting_for(user)}


def test_unchecked_and_due_terms_wait_for_the_doctor(term):
    doctor, writer = doctor_account(), account("writer")
    with time_machine.travel(datetime(2026, 6, 8, 12, tzinfo=UTC), tick=False):
        term.check_definition(by=doctor)
        factories.TermFactory()
        assert tasks(doctor) == {"Words of the glossary to check": 1}
        assert tasks(writer) == {}
    with time_machine.travel(datetime(2028, 6, 7, 12, tzinfo=UTC), tick=False):
        assert "Words of the glossary whose check is due again" not in tasks(doctor)
    with time_machine.travel(datetime(2028, 6, 8, 12, tzinfo=UTC), tick=False):
        assert tasks(doctor) == {
            "Words of the glossary to check": 1,
            "Words of the glossary whose check is due again": 1,
        }


def test_under_four_eyes_ones_own_words_wait_for_somebody_else(term):
    Practice.objects.update(four_eyes=True)
    writer, other = doctor_account(), doctor_account()
    term.edited_by = writer
    term.save()

    assert tasks(writer) == {}
    assert tasks(other) == {"Words of the glossary to check": 1}


# Translations #################################################################


def test_a_term_is_linked_to_one_in_each_other_language(term):
    italian = factories.TermFactory(
        language="it", name="Neutropenia", translation_of=term
    )
    again = Term(language="it", name="Altra", slug="altra", translation_of=term)

    italian.full_clean(exclude=["edited_by"])
    with pytest.raises(ValidationError, match="has a translation into this language"):
        again.full_clean(exclude=["edited_by"])
    with pytest.raises(IntegrityError):
        again.save()


def test_a_translation_is_of_an_original_in_another_language(term):
    italian = factories.TermFactory(language="it", translation_of=term)

    for wrong in (
        Term(language="en", name="x", slug="x", translation_of=term),
        Term(language="en", name="x", slug="x", translation_of=italian),
    ):
        with pytest.raises(ValidationError) as refusal:
            wrong.clean()
        assert list(refusal.value.message_dict) == ["translation_of"]
    term.language = "it"
    with pytest.raises(ValidationError, match="has a translation into this language"):
        term.clean()
