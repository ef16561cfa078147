"""The days of a regime in one period: data window, opening, due days; and why, rule by rule.

Days only. Which instant a day begins or ends is a matter of the time zone, and of the services.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from forms.period import Period, Window
from forms.regime import Occasion, Opens, Regime, Roll
from forms.unit_kinds import kind_en, kind_vi
from forms.working_days import WorkingCalendar

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a day is what it is, in one sentence. `is_warning` marks what the decree did not want."""

    vi: str
    en: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Timetable:
    """The days of one period under one regime. `due` is by kind of unit."""

    window: Window
    opens: date
    due: Mapping[str, date]
    reasons: tuple[Reason, ...]


def timetable(regime: Regime, period: Period, calendar: WorkingCalendar) -> Timetable:
    """Work out the days of a period. Raises KeyError if the regime has no such period."""
    occasion = regime.occasion(period.code)
    if occasion is not None:
        return _occasional(occasion, _rolled(regime, occasion.due, calendar))
    if period.kind not in regime.periods:
        raise KeyError(f"{regime.code} has no period {period}")
    window = period.window(regime.window)
    opens = _opening(regime.opens, window)
    declared = {kind: rule.on(period) for kind, rule in regime.due.items()}
    due = {kind: _rolled(regime, day, calendar) for kind, day in declared.items()}
    reasons = [_why_window(regime, window), _why_opening(regime.opens, opens)]
    for day in sorted(set(declared.values())):
        kinds = [kind for kind, on in declared.items() if on == day]
        reasons += _why_due(kinds, day, _rolled(regime, day, calendar), window, calendar)
    return Timetable(window, opens, due, tuple(reasons))


def _occasional(occasion: Occasion, due: date) -> Timetable:
    """The days of an occasion, which its issuer sets freely and for every kind of unit alike."""
    reason = Reason(
        f"Đợt báo cáo do cơ quan ban hành ấn định: số liệu {_span(occasion.window)}, "
        f"hạn {due:%d/%m/%Y} (Điều 8(5)c Nghị định 09/2019/NĐ-CP).",
        f"The issuer sets this occasion: figures {_span(occasion.window)}, due {due}.",
    )
    return Timetable(occasion.window, occasion.opens, defaultdict(lambda: due), (reason,))


def _opening(rule: Opens, window: Window) -> date:
    if rule is Opens.WINDOW_FIRST:
        return window.first
    return window.last if rule is Opens.WINDOW_LAST else window.last + _ONE_DAY


def _rolled(regime: Regime, day: date, calendar: WorkingCalendar) -> date:
    return calendar.roll(day) if regime.roll is Roll.NEXT_WORKING_DAY else day


def _why_window(regime: Regime, window: Window) -> Reason:
    return Reason(
        f"Số liệu chốt {_span(window)} ({regime.source}).",
        f"Figures are taken {_span(window)} ({regime.source}).",
    )


def _why_opening(rule: Opens, opens: date) -> Reason:
    vi = {
        Opens.WINDOW_FIRST: "cùng ngày đầu của thời gian chốt số liệu",
        Opens.WINDOW_LAST: "vào ngày cuối của thời gian chốt số liệu",
        Opens.AFTER_WINDOW: "ngay sau thời gian chốt số liệu",
    }[rule]
    en = {
        Opens.WINDOW_FIRST: "with the data window",
        Opens.WINDOW_LAST: "on the last day of the data window",
        Opens.AFTER_WINDOW: "on the day after the data window",
    }[rule]
    return Reason(f"Mở nhận {opens:%d/%m/%Y}, {vi}.", f"Opens {opens}, {en}.")


def _why_due(
    kinds: list[str], declared: date, due: date, window: Window, calendar: WorkingCalendar
) -> list[Reason]:
    who_vi, who_en = "; ".join(map(kind_vi, kinds)), "; ".join(map(kind_en, kinds))
    reasons = [Reason(f"Hạn gửi {due:%d/%m/%Y}: {who_vi}.", f"Due {due}: {who_en}.")]
    if due != declared:
        name = calendar.name_of(declared) or "ngày nghỉ"
        reasons.append(
            Reason(
                f"Ngày {declared:%d/%m/%Y} là ngày nghỉ ({name}), chuyển sang ngày làm việc liền "
                f"kề {due:%d/%m/%Y}.",
                f"{declared} is not worked ({name}); rolled to the next working day, {due}.",
            )
        )
    if calendar.working_days_between(window.last, due) == 0:
        reasons.append(
            Reason(
                f"Giữa ngày chốt {window.last:%d/%m/%Y} và hạn gửi {due:%d/%m/%Y} không có ngày "
                "làm việc nào (Điều 8(5)b Nghị định 09/2019/NĐ-CP yêu cầu ít nhất một).",
                f"No working day lies between {window.last} and {due}; the decree wants one.",
                is_warning=True,
            )
        )
    return reasons


def _span(window: Window) -> str:
    return f"{window.first:%d/%m/%Y} - {window.last:%d/%m/%Y}"
