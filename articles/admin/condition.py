"""Conditions at the desk."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from articles.models import Condition
from clinic.admin import BoundedList
from clinic.forms import WIDGETS, LabelledForm


@admin.register(Condition)
class ConditionAdmin(BoundedList):
    form = LabelledForm
    formfield_overrides = WIDGETS
    list_display = ["name", "icd10", "mesh"]
    search_fields = ["name", "icd10", "mesh"]
    search_help_text = _("Searches names and codes.")
    fields = ["name", "icd10", "mesh"]
