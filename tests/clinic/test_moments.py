"""Wall-clock times, the two nights of daylight saving, and the form that asks for one.

The clocks of Rome go forward at 2:00 on 28 March 2027, and back at 3:00 on 31 October.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clinic.admin.opening import NoticeForm
from clinic.forms import MomentField, MomentForm
from clinic.moments import change, is_doubled, moments, wall_of, which
from clinic.templatetags.words import in_words_with_time

derandomised = settings(deadline=None, derandomize=True, database=None)

ROME = ZoneInfo("Europe/Rome")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
ZONES = [ROME, ZoneInfo("America/New_York"), LORD_HOWE, ZoneInfo("UTC")]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

SKIPPED = datetime(2027, 3, 28, 2, 30)
DOUBLED = datetime(2027, 10, 31, 2, 30)
FIRST = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
SECOND = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)

SKIPPED_SENTENCE = (
    "On 28 March 2027 the clocks go forward from 2:00 to 3:00: 2:30 does not exist. "
    "Please choose 3:00 or later."
)
DOUBLED_SENTENCE = (
    "On 31 October 2027 the clocks go back from 3:00 to 2:00: 2:30 comes twice. "
    "Please choose a time before 2:00, or 3:00 or later."
)
WHICH_SENTENCE = (
    "On 31 October 2027 the clocks go back from 3:00 to 2:00: 2:30 comes twice. "
    "Please choose below which of the two you mean."
)
EXAMPLE_SENTENCE = "Please type the day and the time like 27/03/2027 14:30."
PAST_SENTENCE = (
    "This time has passed. Leave it empty to do it now, or choose a later one."
)


@pytest.fixture(autouse=True)
def first_of_march():
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=False):
        yield


# Wall-clock times ############################################################


def gap(wall, zone):
    """Where skipped times around a wall time begin and end; None if it is not one."""
    found = change(wall, zone)
    return found if found and found[0] < found[1] else None


def turns(zone):
    """The midnights, in UTC, before the clocks are changed within 24 hours."""
    midnights = [datetime(2020, 1, 1, tzinfo=UTC) + DAY * n for n in range(365 * 20)]
    for one, other in pairwise(midnights):
        if one.astimezone(zone).utcoffset() != other.astimezone(zone).utcoffset():
            yield one


NIGHTS = {zone: [*turns(zone)] for zone in ZONES}
AT_ANY_TIME = st.datetimes(
    datetime(2020, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC)
)


@st.composite
def zones_and_moments(draw):
    """A zone with a moment at any time, or near a change of its clocks."""
    zone = draw(st.sampled_from(ZONES))
    if not NIGHTS[zone] or draw(st.booleans()):
        return zone, draw(AT_ANY_TIME)
    within = st.timedeltas(-2 * HOUR, DAY + 2 * HOUR)
    return zone, draw(st.sampled_from(NIGHTS[zone])) + draw(within)


def every_reading(wall, zone):
    """Try every difference from UTC that a zone may have, by quarters of an hour."""
    tried = (wall.replace(tzinfo=UTC) - 15 * MINUTE * n for n in range(60, -60, -1))
    return [at for at in tried if at.astimezone(zone).replace(tzinfo=None) == wall]


def test_the_zones_of_the_tests_change_their_clocks_twice_a_year():
    assert [len(NIGHTS[zone]) for zone in ZONES] == [40, 40, 40, 0]


@given(zones_and_moments())
@example((ROME, FIRST))
@example((ROME, SECOND))
@settings(derandomised, max_examples=1500)
def test_what_clocks_show_at_a_moment_names_that_moment(drawn):
    zone, moment = drawn

    named = moments(wall_of(moment, zone), zone)

    assert moment in named
    assert len(named) in {1, 2}
    assert is_doubled(moment, zone) is (len(named) == 2)
    assert named[which(moment, zone) - 1] == moment


@given(zones_and_moments())
@example((ROME, SKIPPED.replace(tzinfo=UTC)))
@example((ROME, DOUBLED.replace(tzinfo=UTC)))
@settings(derandomised, max_examples=1500)
def test_a_wall_time_names_no_one_or_two_moments_in_order(drawn):
    zone, face = drawn
    wall = face.replace(tzinfo=None)

    named = moments(wall, zone)

    assert named == every_reading(wall, zone)
    assert len(named) in {0, 1, 2}
    assert all(moment.tzinfo is UTC for moment in named)
    assert [which(moment, zone) for moment in named] == [1, 2][: len(named)]
    assert (gap(wall, zone) is None) is (named != [])
    assert (change(wall, zone) is None) is (len(named) == 1)


@given(zones_and_moments())
@settings(derandomised, max_examples=800)
def test_where_clocks_are_changed_the_times_on_both_sides_are_told(drawn):
    zone, face = drawn
    wall = face.replace(tzinfo=None)
    found = change(wall, zone)
    if found is None:
        return

    reached, turned = found

    low, high = sorted(found)
    second = timedelta(seconds=1)
    inside = len(moments(wall, zone))
    assert low <= wall < high
    assert [len(moments(at, zone)) for at in (low, high - second)] == [inside] * 2
    assert [len(moments(at, zone)) for at in (low - second, high)] == [1, 1]
    assert abs(turned - reached) == (30 * MINUTE if zone is LORD_HOWE else HOUR)


@pytest.mark.parametrize(
    ("wall", "named"),
    [
        ("2027-03-28T01:59", ["2027-03-28T00:59Z"]),
        ("2027-03-28T02:00", []),
        ("2027-03-28T02:59:59.999999", []),
        ("2027-03-28T03:00", ["2027-03-28T01:00Z"]),
        ("2027-10-31T01:59", ["2027-10-30T23:59Z"]),
        ("2027-10-31T02:00", ["2027-10-31T00:00Z", "2027-10-31T01:00Z"]),
        ("2027-10-31T02:59", ["2027-10-31T00:59Z", "2027-10-31T01:59Z"]),
        ("2027-10-31T03:00", ["2027-10-31T02:00Z"]),
    ],
)
def test_the_edges_of_both_nights_in_rome(wall, named):
    expected = [datetime.fromisoformat(moment) for moment in named]

    assert moments(datetime.fromisoformat(wall), ROME) == expected


@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_the_gap_of_a_spring_night_has_two_edges(minute):
    wall = SKIPPED.replace(minute=minute, second=59, microsecond=5)

    assert gap(wall, ROME) == (datetime(2027, 3, 28, 2), datetime(2027, 3, 28, 3))


@pytest.mark.parametrize("wall", [datetime(2027, 3, 28, 3), DOUBLED])
def test_a_time_that_exists_lies_in_no_gap(wall):
    assert gap(wall, ROME) is None


def test_clocks_may_be_changed_by_half_an_hour():
    assert gap(datetime(2027, 10, 3, 2, 10), LORD_HOWE) == (
        datetime(2027, 10, 3, 2),
        datetime(2027, 10, 3, 2, 30),
    )
    assert change(datetime(2027, 4, 4, 1, 45), LORD_HOWE) == (
        datetime(2027, 4, 4, 2),
        datetime(2027, 4, 4, 1, 30),
    )


def test_a_zone_may_skip_a_whole_day():
    noon = datetime(2011, 12, 30, 12)

    assert gap(noon, ZoneInfo("Pacific/Apia")) == (
        datetime(2011, 12, 30),
        datetime(2011, 12, 31),
    )


# The field ###################################################################


def refusal(typed, field=None):
    with pytest.raises(ValidationError) as refused:
        (field or MomentField()).clean(typed)
    return refused.value.code, refused.value.messages


@pytest.mark.parametrize(
    "typed",
    [
        "2027-06-08T09:05",
        "2027-06-08T09:05:59",
        "2027-06-08T09:05:59.999",
        "2027-06-08 9:05",
        " 08/06/2027 09:05 ",
        "8/6/2027  9:05",
        "8.6.2027 9:05",
    ],
)
@pytest.mark.parametrize("language", ["en", "it"])
def test_a_time_is_read_to_the_minute_by_the_clock_of_the_practice(typed, language):
    with translation.override(language):
        moment = MomentField().clean(typed)

    assert moment == datetime(2027, 6, 8, 7, 5, tzinfo=UTC)
    assert moment.tzinfo is UTC


def test_a_time_is_read_in_the_current_zone():
    with timezone.override("America/New_York"):
        moment = MomentField().clean("2027-06-08T09:05")

    assert moment == datetime(2027, 6, 8, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    [
        "tomorrow", "14:30", "2027-03-27", "27/03/2027", "2027-13-01T10:00",
        "2027-02-29T10:00", "2027-06-08T24:00", "2027-06-08T09:05Z",
        "2027-06-08T09:05+02:00", "06/27/2027 10:00", "12027-06-08T09:05",
        "0001-01-01T00:00", "9999-12-31T23:59", "\x00", "2027-06-08T09:05" * 50,
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_an_example(typed):
    assert refusal(typed) == ("invalid", [EXAMPLE_SENTENCE])


def test_the_example_is_understood():
    typed = EXAMPLE_SENTENCE.removesuffix(".")[-len("27/03/2027 14:30") :]

    assert MomentField().clean(typed) == datetime(2027, 3, 27, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize("nothing", ["", None, "  \n"])
def test_nothing_is_no_time(nothing):
    assert MomentField(required=False).clean(nothing) is None
    assert refusal(nothing)[0] == "required"


@given(st.text() | st.text("0123456789-:T/. Z+", max_size=20))
@settings(derandomised, max_examples=1000)
def test_any_text_is_a_moment_or_a_refusal(typed):
    try:
        moment = MomentField(required=False).clean(typed)
    except ValidationError:
        return

    assert moment is None or (moment.second, moment.microsecond) == (0, 0)


@given(zones_and_moments())
@settings(derandomised, max_examples=800)
def test_a_moment_survives_being_shown_and_sent_again_unless_it_comes_twice(drawn):
    zone, moment = drawn
    moment = moment.replace(second=0, microsecond=0)
    field = MomentField()

    with timezone.override(zone):
        sent = field.widget.format_value(field.prepare_value(moment))
        if is_doubled(moment, zone):
            assert refusal(sent)[0] == "doubled"
        else:
            assert field.clean(sent) == moment


def test_a_skipped_time_is_refused_with_what_happens_in_that_night():
    assert refusal("2027-03-28T02:30") == ("skipped", [SKIPPED_SENTENCE])


def test_a_doubled_time_is_refused_with_what_happens_in_that_night():
    assert refusal("2027-10-31T02:30") == ("doubled", [DOUBLED_SENTENCE])


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2027-10-03T02:10", "forward from 2:00 to 2:30: 2:10 does not exist"),
        ("2027-04-04T01:45", "back from 2:00 to 1:30: 1:45 comes twice"),
    ],
)
def test_the_sentence_tells_of_the_change_in_the_current_zone(typed, sentence):
    with timezone.override(LORD_HOWE):
        _code, messages = refusal(typed)

    assert sentence in messages[0]


def test_the_day_in_the_sentence_is_written_in_the_language_of_the_page():
    with translation.override("it"):
        _code, messages = refusal("2027-03-28T02:30")

    assert "28 marzo 2027" in messages[0]


def test_the_browser_asks_for_the_time_without_seconds():
    shown = MomentForm(initial={"moment": SECOND.replace(second=5)})["moment"]

    assert 'type="datetime-local"' in str(shown)
    assert 'value="2027-10-31T02:30"' in str(shown)


def test_the_inputs_of_two_fields_are_not_the_same_object():
    assert MomentField().widget is not MomentField().widget


# The form ####################################################################


def form(moment="", occurrence=None, kind=MomentForm, **kwargs):
    """A form that was sent; without an occurrence none of the two is ticked."""
    sent = {"moment": moment} | ({"occurrence": occurrence} if occurrence else {})
    return kind(sent, **kwargs)


class AnyTimeForm(MomentForm):
    must_be_future = False


@pytest.mark.parametrize("occurrence", [None, "1", "2", "3", "?"])
@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("", None),
        ("2027-03-28T03:00", datetime(2027, 3, 28, 1, tzinfo=UTC)),
        ("2027-10-31T01:59", datetime(2027, 10, 30, 23, 59, tzinfo=UTC)),
    ],
)
def test_the_occurrence_is_ignored_where_there_is_only_one(typed, moment, occurrence):
    sent = form(typed, occurrence)

    assert sent.is_valid() is True
    assert sent.cleaned_data["moment"] == moment
    assert sent.asks_which is False


@pytest.mark.parametrize("occurrence", [None, "0", "3", "?"])
def test_in_the_hour_that_comes_twice_the_form_asks_which(occurrence):
    sent = form("2027-10-31T02:30", occurrence)

    assert sent.errors == {"moment": [WHICH_SENTENCE]}
    assert sent.has_error("moment", "doubled") is True
    assert sent.asks_which is True


@pytest.mark.parametrize(("occurrence", "moment"), [("1", FIRST), ("2", SECOND)])
def test_the_chosen_one_of_the_two_counts(occurrence, moment):
    sent = form("2027-10-31T02:30", occurrence)

    assert sent.errors == {}
    assert sent.cleaned_data["moment"] == moment
    assert which(sent.cleaned_data["moment"], ROME) == int(occurrence)
    assert sent.asks_which is True


def test_the_form_may_have_a_prefix():
    sent = MomentForm(
        {"change-moment": "2027-10-31T02:30", "change-occurrence": "2"},
        prefix="change",
    )

    assert sent.asks_which is True
    assert sent.is_valid() is True
    assert sent.cleaned_data["moment"] == SECOND


def test_whether_to_ask_is_known_before_the_form_is_checked():
    assert MomentForm().asks_which is False
    assert form("2027-10-31T02:30").asks_which is True


@pytest.mark.parametrize("occurrence", [None, "2"])
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2027-03-28T02:30", SKIPPED_SENTENCE),
        ("tomorrow", EXAMPLE_SENTENCE),
        ("2027-02-28T12:00", PAST_SENTENCE),
    ],
)
def test_any_other_refusal_does_not_ask_which(typed, sentence, occurrence):
    sent = form(typed, occurrence)

    assert sent.errors == {"moment": [sentence]}
    assert sent.asks_which is False


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        ("2027-03-01T12:59", True),
        ("2027-03-01T13:00", True),  # the present minute, which has begun
        ("2027-03-01T13:01", False),
    ],
)
def test_the_moment_lies_in_the_future(typed, refused):
    sent = form(typed)

    assert sent.has_error("moment", "past") is refused
    assert sent.errors == ({"moment": [PAST_SENTENCE]} if refused else {})
    assert form(typed, kind=AnyTimeForm).is_valid() is True


@pytest.mark.parametrize(("occurrence", "refused"), [("1", True), ("2", False)])
def test_between_the_two_only_the_second_lies_in_the_future(occurrence, refused):
    with time_machine.travel(FIRST + 10 * MINUTE, tick=False):
        sent = form("2027-10-31T02:30", occurrence)

        assert sent.has_error("moment", "past") is refused
        assert sent.asks_which is True


@pytest.mark.parametrize(
    "typed", ["2027-03-28T02:30", "2027-10-31T02:30", "2027-02-28T12:00", "tomorrow"]
)
def test_what_was_typed_stays_in_the_form(typed):
    sent = form(typed)

    assert sent.is_valid() is False
    assert f'value="{typed}"' in str(sent["moment"])


def test_what_was_chosen_stays_in_the_form():
    sent = form("2027-10-31T02:30", "2")

    ticked = [choice.data["selected"] for choice in sent["occurrence"]]

    assert ticked == [False, True]
    assert [choice.choice_label for choice in sent["occurrence"]] == [
        "the first time (summer time)",
        "the second time (winter time)",
    ]


# The notices of the practice #################################################


@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2027-03-28T02:30", SKIPPED_SENTENCE),
        ("2027-10-31T02:30", DOUBLED_SENTENCE),
        ("tomorrow", EXAMPLE_SENTENCE),
    ],
)
def test_a_notice_is_refused_with_the_same_sentences(db, field, typed, sentence):
    days = {"starts_at": "2027-03-01T09:00", "ends_at": "2027-12-01T09:00"}

    sent = NoticeForm(
        {"text_0": "Closed.", "text_1": "Chiuso."} | days | {field: typed}
    )

    assert sent.errors == {field: [sentence]}


def test_a_notice_keeps_the_words_of_its_fields():
    fields = NoticeForm().fields

    assert fields["starts_at"].label == "Shown from"
    assert fields["ends_at"].label == "Shown until"
    assert fields["ends_at"].help_text == "Then it disappears by itself."


# In words ####################################################################


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (datetime(2027, 3, 27, 1, 30, tzinfo=UTC), "27 March 2027, 2:30"),
        (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), "28 March 2027, 3:00"),
        (datetime(2027, 12, 31, 23, 5, tzinfo=UTC), "1 January 2028, 0:05"),
        (datetime(2027, 7, 1, 14, 30, tzinfo=ROME), "1 July 2027, 14:30"),
        (FIRST, "31 October 2027, 2:30 (the first of two, summer time)"),
        (SECOND, "31 October 2027, 2:30 (the second of two, winter time)"),
        (
            DOUBLED.replace(tzinfo=ROME, fold=1),
            "31 October 2027, 2:30 (the second of two, winter time)",
        ),
    ],
)
def test_a_moment_is_told_by_the_clock_of_the_practice(moment, told):
    assert in_words_with_time(moment) == told


def test_a_moment_is_told_in_the_language_of_the_page():
    with translation.override("it"):
        told = in_words_with_time(FIRST)

    assert told.startswith("31 ottobre 2027")
