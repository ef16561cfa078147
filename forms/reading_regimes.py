"""Reads the file of a regime, and holds it against what the decree demands of its kind.

Điều 6 says who may issue what, Điều 9 to 11 in which document and with which components, Điều 8(5)b
that a working day lies between the end of the data window and the due day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError, fields

from forms.declaration_shape import (
    Choice,
    Code,
    Day,
    Label,
    Part,
    Scalar,
    Several,
    Shape,
    Whole,
    YesNo,
    check_shape,
)
from forms.faults import BadDeclaration
from forms.period import CALENDAR, DECREE, KINDS, BadPeriod, Period, Window, WindowRule
from forms.regime import (
    Clockwork,
    DueDay,
    Issuer,
    LegalForm,
    LegalText,
    Occasion,
    Opens,
    Regime,
    RegimeKind,
    Roll,
)
from forms.working_days import WorkingCalendar
from forms.yaml_tree import Document, Path, read_bytes

#: Điều 8(2) and Điều 8(4), in the order of the decree.
CONTENT = ("narrative", "figures")
METHODS = ("direct", "post", "fax", "mail", "software", "other")

_PERIODIC, _THEMATIC, _AD_HOC = RegimeKind

#: As the law has it: a swap of days is for one year, and no rule.
_CALENDAR = WorkingCalendar()

#: Years in which every day of the year falls on every day of the week.
_YEARS = range(2026, 2038)

#: Điều 6. A people's committee of a district may do nothing since 2025-07-01.
_MAY_ISSUE: Mapping[Issuer, tuple[RegimeKind, ...]] = {
    Issuer.GOVERNMENT: (_PERIODIC, _THEMATIC, _AD_HOC),
    Issuer.MINISTRY: (_PERIODIC, _THEMATIC, _AD_HOC),
    Issuer.GOVERNMENT_AGENCY: (_THEMATIC, _AD_HOC),
    Issuer.PROVINCE: (_PERIODIC, _THEMATIC, _AD_HOC),
    Issuer.COMMUNE: (_AD_HOC,),
    Issuer.CHAIR: (_AD_HOC,),
}

#: Điều 9(1), 10(1) and 11(1).
_DOCUMENTS: Mapping[RegimeKind, tuple[LegalForm, ...]] = {
    _PERIODIC: (LegalForm.NORMATIVE,),
    _THEMATIC: (LegalForm.NORMATIVE, LegalForm.ADMINISTRATIVE),
    _AD_HOC: (LegalForm.ADMINISTRATIVE,),
}

#: What only some kinds must say (Điều 9(2), 10(2), 11(2)), with the number of the component.
_COMPULSORY: Mapping[RegimeKind, tuple[tuple[str, str], ...]] = {
    _PERIODIC: (
        ("due", "component 6, thời hạn gửi báo cáo"),
        ("periods", "component 7, tần suất"),
        ("window", "component 8, thời gian chốt số liệu"),
        ("outline", "component 9, mẫu đề cương"),
    ),
    _THEMATIC: (
        ("occasions", "component 6, thời hạn gửi báo cáo, by occasion"),
        ("outline", "component 9, mẫu đề cương"),
    ),
    _AD_HOC: (("occasions", "component 6, thời hạn gửi báo cáo, by occasion"),),
}


class DueDayShape(Shape):
    """A day of a month after the one in which the period ends."""

    day = Whole(1, 28, required=True)
    months_after = Whole(0, 12)


def _whole(shape: Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    """What a mapping says, or nothing of it where a part is wrong."""
    try:
        return dict(shape.load(value))
    except ValidationError as error:
        raise ValidationError(error.messages) from None


class DueDayField(fields.Field[Any]):
    """A day of the last month of the period, or a mapping with the month."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> DueDay:
        if isinstance(value, dict):
            return DueDay(**_whole(_DUE_DAY, value))
        return DueDay(Whole(1, 28).deserialize(value))


_DUE_DAY = DueDayShape()


class WindowRuleShape(Shape):
    """From one day of the month before to one of the last month."""

    first_day = Whole(2, 28, required=True, data_key="from")
    last_day = Whole(1, 28, required=True, data_key="to")
    within_year = YesNo()


class WindowField(fields.Field[Any]):
    """A rule by its name, or as two days."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> WindowRule:
        if isinstance(value, dict):
            return WindowRule(**_whole(_WINDOW_RULE, value))
        named: WindowRule = _NAMED[Choice(tuple(_NAMED)).deserialize(value)]
        return named


_WINDOW_RULE = WindowRuleShape()
_NAMED = {"decree": DECREE, "calendar": CALENDAR}


class Pairs(fields.Field[Any]):
    """A mapping of words to values of one kind."""

    def __init__(self, values: fields.Field[Any], **settings: Any) -> None:
        super().__init__(**settings)
        self.values = values
        self.error_messages["required"] = "is missing; expected a mapping"
        self.error_messages["null"] = "is empty; expected a mapping"

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("is not a mapping; expected such as Q2: Q1")
        read: dict[str, Any] = {}
        wrong: dict[str, Any] = {}
        for key, text in value.items():
            try:
                read[key] = self.values.deserialize(text)
            except ValidationError as error:
                wrong[key] = error.messages
        if wrong:
            raise ValidationError(wrong, valid_data=read)
        return read


class LegalShape(Shape):
    """The document in which a regime stands."""

    number = Scalar(required=True)
    issuer = Scalar(required=True)
    issued_by = Choice(Issuer, required=True)
    form = Choice(LegalForm, required=True, data_key="document")
    issued_on = Day(data_key="date")
    valid_from = Day()


class OccasionShape(Shape):
    """One time that a thematic or ad hoc report is asked for."""

    period = Scalar(required=True)
    first = Day(required=True)
    last = Day(required=True)
    opens = Day(required=True)
    due = Day(required=True)


_OCCASION = OccasionShape()


class ClockworkShape(Shape):
    """What the clock does, in days from the due day."""

    remind = Several(Whole(0, 60))
    escalate = Several(Whole(0, 60))
    consolidate = Several(Whole(0, 60))
    close = Whole(0, 366)


class RegimeShape(Shape):
    """A regime file."""

    code = Code(required=True, data_key="regime")
    name = Scalar(required=True)
    source = Scalar(required=True)
    kind = Choice(RegimeKind, required=True)
    legal = Part(LegalShape, required=True)
    content = Several(Choice(CONTENT), required=True)
    about = Scalar(required=True)
    reporters = Scalar(required=True)
    receiver = Scalar(required=True)
    methods = Several(Choice(METHODS), required=True)
    periods = Several(Choice(KINDS))
    window = WindowField()
    opens = Choice(Opens)
    due = Pairs(DueDayField())
    roll = Choice(Roll, required=True)
    clockwork = Part(ClockworkShape)
    predecessors = Pairs(Choice(KINDS))
    occasions = Several(Part(OccasionShape))
    forms = Several(Code())
    outline = Several(Scalar())
    guidance = Scalar()
    secret = YesNo()
    publish_from = Whole(0, 100)
    approver_differs = YesNo()
    note = Label()


_SHAPE = RegimeShape()


def read_regime(content: bytes, *, file: str) -> Regime:
    """The regime of a file. Raises BadDeclaration with every fault of it."""
    document = read_bytes(content, file=file)
    data = check_shape(_SHAPE, document)
    for path, problem, expected in _faults(data):
        document.blame(path, problem, expected)
    occasions = _occasions(document, data)
    if document.faults:
        raise BadDeclaration(document.faults)
    return _regime(data, occasions, content.decode())


def _regime(data: Mapping[str, Any], occasions: tuple[Occasion, ...], text: str) -> Regime:
    days = {name: _in_order(value) for name, value in data.get("clockwork", {}).items()}
    same = ("code", "name", "source", "kind", "about", "reporters", "receiver", "roll")
    several = ("content", "methods", "periods", "forms", "outline")
    named: dict[str, Any] = {name: data[name] for name in same}
    named |= {name: tuple(data.get(name, ())) for name in several}
    return Regime(
        **named,
        legal=LegalText(**data["legal"]),
        window=data.get("window", DECREE),
        opens=data.get("opens", Opens.WINDOW_FIRST),
        due=data.get("due", {}),
        clockwork=Clockwork(**days),
        predecessors=data.get("predecessors", {}),
        occasions=occasions,
        guidance=data.get("guidance", ""),
        is_secret=data.get("secret", False),
        publish_from=data.get("publish_from", 0),
        approver_differs=data.get("approver_differs", False),
        note=data.get("note", ""),
        text=text,
    )


def _in_order(value: Any) -> Any:
    return tuple(sorted(set(value), reverse=True)) if isinstance(value, list) else value


def _faults(data: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """What the parts of a regime must agree on, as path, problem and what was expected."""
    kind: RegimeKind | None = data.get("kind")
    for key, component in _COMPULSORY[kind] if kind else ():
        if not data.get(key):
            yield (key,), f"is missing: {component}", f"what a regime of kind {kind} must say"
    yield from _issuing_faults(kind, data.get("legal", {}))
    periods = data.get("periods", ())
    for later, earlier in data.get("predecessors", {}).items():
        for word in (later, earlier):
            if word not in periods:
                among = "periods of this regime: " + ", ".join(periods)
                yield ("predecessors", later), f"{word} is not reported", among
    days = {(due.day, due.months_after) for due in data.get("due", {}).values()}
    if len(days) > 1 and not data.get("guidance"):
        problem = "is missing: component 11, hướng dẫn quy trình"
        yield ("guidance",), problem, "how the levels report one after another (Điều 8(9))"
    if periods and kind is not RegimeKind.PERIODIC and not data.get("due"):
        # A periodic regime is told so above, with the number of the component.
        yield ("due",), "is missing: periods are due on days", "due by kind of unit, or no periods"
    window = data.get("window", DECREE)
    for unit, due in data.get("due", {}).items():
        without = [period.label_vi for period in _without_a_day_between(periods, window, due)]
        if without:
            problem = "no period can have a working day between the data window and this due day"
            told = f"{problem}, such as {without[0]}"
            yield ("due", unit), told, "a later day (Điều 8(5)b)"


def _issuing_faults(
    kind: RegimeKind | None, legal: Mapping[str, Any]
) -> Iterator[tuple[Path, str, str]]:
    issuer, document = legal.get("issued_by"), legal.get("form")
    if kind is None:
        return
    if issuer is not None and kind not in _MAY_ISSUE[issuer]:
        allowed = ", ".join(who for who, kinds in _MAY_ISSUE.items() if kind in kinds)
        yield ("legal", "issued_by"), f"{issuer} may not issue a regime of kind {kind}", allowed
    if document is not None and document not in _DOCUMENTS[kind]:
        problem = f"a regime of kind {kind} does not stand in a document of this kind"
        yield ("legal", "document"), problem, ", ".join(_DOCUMENTS[kind])


def _without_a_day_between(
    kinds: Sequence[str], window: WindowRule, due: DueDay
) -> Iterator[Period]:
    """The periods that in no year have a working day between the window's end and the due day.

    One of each, such as one December: it ends later than other months where the window keeps
    within the year, so that a day that does for the others may not do for it.
    """
    for kind in kinds:
        for period in Period.of_kind(kind, _YEARS[0]):
            same = (replace(period, year=year) for year in _YEARS)
            if not any(
                _CALENDAR.working_days_between(one.window(window).last, due.on(one)) for one in same
            ):
                yield period


def _occasions(document: Document, data: Mapping[str, Any]) -> tuple[Occasion, ...]:
    read = []
    for index, given in enumerate(data.get("occasions", ())):
        if len(given) < len(_OCCASION.fields):
            continue  # Its shape has been blamed already.
        at = ("occasions", index)
        try:
            Period.parse(given["period"])
        except BadPeriod as bad:
            document.blame((*at, "period"), str(bad), "a period such as 2026-10-05")
            continue
        if not given["first"] <= given["last"]:
            document.blame((*at, "last"), "is before the first day", "the last day of the figures")
        elif not given["opens"] <= given["due"]:
            document.blame((*at, "due"), "is before the opening", "the day on which it is due")
        window = Window(given["first"], max(given["first"], given["last"]))
        read.append(Occasion(given["period"], window, given["opens"], given["due"]))
    if len({occasion.period for occasion in read}) < len(read):
        document.blame(("occasions",), "has a period twice", "each period once")
    return tuple(read)
