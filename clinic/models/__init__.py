"""The practice: who it is, where it is, and how to reach it."""

from clinic.models.address import DoctorAddress, MissedAddress
from clinic.models.audit import AuditEntry
from clinic.models.backup import VerifiedBackup
from clinic.models.closure import Closure
from clinic.models.contact import Email, Phone
from clinic.models.doctor import Doctor
from clinic.models.generation import Generation
from clinic.models.location import Location, OpeningHours
from clinic.models.moving import Moving, OldAddress
from clinic.models.notice import Notice
from clinic.models.picture import Picture
from clinic.models.practice import Practice
from clinic.models.signing_in import (
    Authenticator,
    Passkey,
    RecoveryCode,
    Session,
    Throttle,
)
from clinic.models.user import User
from clinic.models.versioned import Versioned

__all__ = [
    "AuditEntry",
    "Authenticator",
    "Closure",
    "Doctor",
    "DoctorAddress",
    "Email",
    "Generation",
    "Location",
    "MissedAddress",
    "Moving",
    "Notice",
    "OldAddress",
    "OpeningHours",
    "Passkey",
    "Phone",
    "Picture",
    "Practice",
    "RecoveryCode",
    "Session",
    "Throttle",
    "User",
    "VerifiedBackup",
    "Versioned",
]
