"""The console script `reporting`: another door to the same services."""

from __future__ import annotations

import click

from reporting import __version__
from reporting.cli.accounts import accounts_group
from reporting.cli.audit import audit_group
from reporting.cli.calendar import calendar_group
from reporting.cli.clients import clients_group
from reporting.cli.database import db_group
from reporting.cli.editions import editions_group
from reporting.cli.forms import forms_group
from reporting.cli.indicators import indicators_group
from reporting.cli.keys import keys_group, receipts_group
from reporting.cli.mappings import mappings_group
from reporting.cli.messages import mail_group, persons_group
from reporting.cli.obligations import assign_file, obligations_group
from reporting.cli.periods import consolidate_form, periods_group
from reporting.cli.regimes import regimes_group
from reporting.cli.returns import check_files, receive_files
from reporting.cli.series import show_series
from reporting.cli.serving import serve
from reporting.cli.units import units_group
from reporting.cli.upkeep import repack_cells, show_settings


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Collect, check and consolidate periodic reports."""


for command in (
    receive_files,
    check_files,
    consolidate_form,
    editions_group,
    show_series,
    periods_group,
    obligations_group,
    regimes_group,
    mappings_group,
    assign_file,
    calendar_group,
    persons_group,
    mail_group,
    forms_group,
    indicators_group,
    units_group,
    accounts_group,
    clients_group,
    keys_group,
    receipts_group,
    audit_group,
    db_group,
    repack_cells,
    show_settings,
    serve,
):
    main.add_command(command)
