"""The tables of the store, one file per noun. Importing this package knows them all."""

from reporting.models.accounts import Account, Role, RoleGrant, SignIn, SignInFailure
from reporting.models.audit import AuditHead, AuditLine, AuditLink, SigningKey
from reporting.models.base import Base
from reporting.models.calendar import CalendarDay
from reporting.models.clients import Client
from reporting.models.consolidations import Edition, EditionInput, EditionPart, UnitChoice
from reporting.models.drafts import (
    CellComment,
    Draft,
    DraftAct,
    DraftChange,
    DraftState,
    Explanation,
)
from reporting.models.ledger import JobAction, JobRun
from reporting.models.mappings import KeyMapping
from reporting.models.messages import Notice, NoticeKind, OutboxMail, Person
from reporting.models.obligations import (
    ObligationChange,
    ObligationEvent,
    ReportingObligation,
    SentDocument,
    Stand,
)
from reporting.models.published_forms import PublishedForm, PublishedList
from reporting.models.regimes import KeptRegime
from reporting.models.submissions import (
    CrossCheck,
    CrossCheckOutcome,
    Door,
    PackedRowName,
    PackedTable,
    RefusedAttempt,
    Submission,
    SubmissionStatus,
)
from reporting.models.units import (
    IdentifierScheme,
    LineageExtent,
    LineageKind,
    ReportingUnit,
    UnitIdentifier,
    UnitKind,
    UnitLineage,
    UnitTerm,
)

__all__ = [
    "Account",
    "AuditHead",
    "AuditLine",
    "AuditLink",
    "Base",
    "CalendarDay",
    "CellComment",
    "Client",
    "CrossCheck",
    "CrossCheckOutcome",
    "Door",
    "Draft",
    "DraftAct",
    "DraftChange",
    "DraftState",
    "Edition",
    "EditionInput",
    "EditionPart",
    "Explanation",
    "IdentifierScheme",
    "JobAction",
    "JobRun",
    "KeptRegime",
    "KeyMapping",
    "LineageExtent",
    "LineageKind",
    "Notice",
    "NoticeKind",
    "ObligationChange",
    "ObligationEvent",
    "OutboxMail",
    "PackedRowName",
    "PackedTable",
    "Person",
    "PublishedForm",
    "PublishedList",
    "RefusedAttempt",
    "ReportingObligation",
    "ReportingUnit",
    "Role",
    "RoleGrant",
    "SentDocument",
    "SignIn",
    "SignInFailure",
    "SigningKey",
    "Stand",
    "Submission",
    "SubmissionStatus",
    "UnitChoice",
    "UnitIdentifier",
    "UnitKind",
    "UnitLineage",
    "UnitTerm",
]
