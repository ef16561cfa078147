"""Files of units and of lineage over the API: looked over with what they touch, then taken."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.reporting.doors import Doors

UNITS = "code;kind;name_vi;parent;valid_from;valid_to\n"
LINEAGE = "predecessor;successor;on_date;kind\n"


def post(doors: Doors, path: str, text: str, *, who: str = "centre") -> TestResponse:
    """Send a CSV."""
    return doors.http.post(
        f"/api/v1{path}",
        data=text.encode(),
        headers=doors.token(who),
        content_type="text/csv",
    )


def test_a_merger_is_looked_over_and_then_taken(doors: Doors) -> None:
    """The dry run says who ends, who goes into whom and which open period it touches."""
    units = (
        UNITS
        + "X01840;commune;Phường Cũ;H55;2020-01-01;2026-09-30\n"
        + "N1;commune;Phường Mới;H55;2026-10-01;\n"
    )
    tried = post(doors, "/units/imports?dry_run=true", units)
    said = tried.get_json()
    assert (tried.status_code, said["created"], said["changed"]) == (200, 1, 1), said
    assert [(one["what"], one["unit"]) for one in said["effects"]] == [
        ("renamed", "X01840"),
        ("ended", "X01840"),
        ("new", "N1"),
    ]
    assert [(one["period"], one["missing"]) for one in said["periods"]] == [("2026-Q3", 1)]
    assert post(doors, "/units/imports", units).status_code == 201
    line = LINEAGE + "X01840;N1;2026-10-01;rename\n"
    told = post(doors, "/units/lineage/imports?dry_run=true", line).get_json()
    assert [(one["what"], one["unit"], one["restating"]) for one in told["effects"]] == [
        ("renamed", "X01840", "exact")
    ]
    assert post(doors, "/units/lineage/imports", line).get_json()["created"] == 1
    assert post(doors, "/units/lineage/imports", line).get_json()["unchanged"] == 1


def test_contradictions_are_told_with_their_lines(doors: Doors) -> None:
    """422 with a sentence for each; a file that is none is told so too."""
    refused = post(doors, "/units/lineage/imports", LINEAGE + "X1;X01840;2026-10-01;merge\n")
    assert refused.status_code == 422
    (fault,) = refused.get_json()["faults"]
    assert (fault["line"], fault["code"]) == (2, "unknown_unit")
    assert post(doors, "/units/lineage/imports", "a;b\n1;2\n").status_code == 422
    assert post(doors, "/units/imports", "a;b\n1;2\n").status_code == 422


def test_a_province_does_not_write_the_registry(doors: Doors) -> None:
    """Neither units nor lineage, whatever the file says."""
    for path in ("/units/imports", "/units/lineage/imports"):
        assert post(doors, path, "a;b\n", who="province").status_code == 403
