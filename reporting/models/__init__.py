"""The tables of the store, one file per noun. Importing this package knows them all."""

from reporting.models.base import Base
from reporting.models.clients import Client
from reporting.models.consolidations import Edition, EditionInput
from reporting.models.obligations import ReportingObligation
from reporting.models.published_forms import PublishedForm
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
    "Base",
    "Client",
    "CrossCheck",
    "CrossCheckOutcome",
    "Door",
    "Edition",
    "EditionInput",
    "IdentifierScheme",
    "LineageExtent",
    "LineageKind",
    "PackedRowName",
    "PackedTable",
    "PublishedForm",
    "RefusedAttempt",
    "ReportingObligation",
    "ReportingUnit",
    "Submission",
    "SubmissionStatus",
    "UnitIdentifier",
    "UnitKind",
    "UnitLineage",
    "UnitTerm",
]
