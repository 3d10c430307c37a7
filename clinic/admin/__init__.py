"""The practice, its pictures and its accounts at the desk."""

from clinic.admin.accounts import AccountAdmin, RoleAdmin
from clinic.admin.audit import AuditAdmin
from clinic.admin.base import (
    BoundedInline,
    BoundedList,
    PicturesOnlyOnSuccess,
    PlainForReaders,
)
from clinic.admin.picture import PictureAdmin
from clinic.admin.practice import PracticeAdmin

__all__ = [
    "AccountAdmin",
    "AuditAdmin",
    "BoundedInline",
    "BoundedList",
    "PictureAdmin",
    "PicturesOnlyOnSuccess",
    "PlainForReaders",
    "PracticeAdmin",
    "RoleAdmin",
]
