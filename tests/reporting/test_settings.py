"""Settings: one reading, every fault at once, no secret shown."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reporting.services.signing import ServerKey
from reporting.settings import MEBIBYTE, BadSettings, Environment, Settings

PEM = ServerKey.new().private_pem().decode().strip()
SECRET = "s" * 40


def test_a_laptop_needs_no_variable_at_all() -> None:
    """With an empty environment everything has a default and the secret is made up."""
    settings = Settings.from_env({})
    assert settings.database_url == "sqlite:///var/reporting.db"
    assert settings.max_body == 10 * MEBIBYTE
    assert settings.time_zone == ZoneInfo("Asia/Ho_Chi_Minh")
    assert settings.environment is Environment.LAPTOP
    assert settings.secret_key != Settings.from_env({}).secret_key


def test_every_variable_is_read(tmp_path: Path) -> None:
    """Each variable reaches its field."""
    (tmp_path / "more").mkdir()
    settings = Settings.from_env(
        {
            "REPORTING_DATABASE_URL": "postgresql+psycopg://u:p@db/reports",
            "REPORTING_FORMS": os.pathsep.join([str(tmp_path), str(tmp_path / "more")]),
            "REPORTING_MAX_BODY": "1",
            "REPORTING_MAX_UNPACKED": "2",
            "REPORTING_MAX_RATIO": "3",
            "REPORTING_MAX_ROWS": " 4 ",
            "REPORTING_TIME_ZONE": "UTC",
            "REPORTING_ENVIRONMENT": "production",
            "REPORTING_SECRET_KEY": SECRET,
            "REPORTING_SIGNING_KEY": PEM,
        }
    )
    assert settings.signing_key == PEM
    assert settings.forms == (tmp_path, tmp_path / "more")
    assert (settings.max_body, settings.max_unpacked) == (1, 2)
    assert (settings.max_ratio, settings.max_rows) == (3, 4)
    assert settings.time_zone == ZoneInfo("UTC")
    assert settings.secret_key == SECRET


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("REPORTING_DATABASE_URL", "no url"),
        ("REPORTING_DATABASE_URL", "mysql://localhost/reports"),
        ("REPORTING_FORMS", "/no/such/folder"),
        ("REPORTING_MAX_BODY", "10 MiB"),
        ("REPORTING_MAX_BODY", "0"),
        ("REPORTING_MAX_ROWS", "-5"),
        ("REPORTING_MAX_RATIO", "１２"),
        ("REPORTING_TIME_ZONE", "Hanoi"),
        ("REPORTING_TIME_ZONE", "../../etc/passwd"),
        ("REPORTING_ENVIRONMENT", "staging"),
        ("REPORTING_SECRET_KEY", "short"),
        ("REPORTING_SIGNING_KEY", "/no/such/file.pem"),
        ("REPORTING_SIGNING_KEY", "-----BEGIN PUBLIC KEY-----"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(variable: str, text: str) -> None:
    """The fault begins with the name of the variable."""
    with pytest.raises(BadSettings) as bad:
        Settings.from_env({variable: text})
    assert [fault.split(":")[0].split(" ")[0] for fault in bad.value.faults] == [variable]


def test_all_faults_are_told_at_once() -> None:
    """Nobody has to start the service three times to learn of three faults."""
    with pytest.raises(BadSettings) as bad:
        Settings.from_env(
            {
                "REPORTING_MAX_BODY": "x",
                "REPORTING_TIME_ZONE": "y",
                "REPORTING_ENVIRONMENT": "production",
            }
        )
    assert len(bad.value.faults) == 4


def test_production_never_makes_up_a_secret() -> None:
    """Without a secret key a production service does not start."""
    with pytest.raises(BadSettings, match="REPORTING_SECRET_KEY"):
        Settings.from_env({"REPORTING_ENVIRONMENT": "production", "REPORTING_SECRET_KEY": " "})


def test_a_refused_secret_is_not_repeated() -> None:
    """The fault of a secret, or of a URL with a password, does not print it."""
    with pytest.raises(BadSettings) as bad:
        Settings.from_env(
            {
                "REPORTING_SECRET_KEY": "hunter2",
                "REPORTING_DATABASE_URL": "mysql://me:hunter2@db/reports",
            }
        )
    assert "hunter2" not in str(bad.value)


def test_settings_are_shown_without_secrets() -> None:
    """The list for operators says where a value comes from, and hides passwords."""
    variables = {
        "REPORTING_DATABASE_URL": "postgresql+psycopg://me:hunter2@db/reports",
        "REPORTING_SECRET_KEY": SECRET,
    }
    settings = Settings.from_env(variables)
    lines = {line.variable: line for line in settings.describe(variables)}
    shown = repr(settings) + "".join(line.value for line in lines.values())
    assert "hunter2" not in shown
    assert SECRET not in shown
    assert lines["REPORTING_DATABASE_URL"].source == "set"
    assert lines["REPORTING_MAX_BODY"].source == "default"
