"""The worked example of docs/adding-a-form.md works."""

from __future__ import annotations

import re
from pathlib import Path

from forms.catalogue import load_forms
from forms.declaration_shape import ColumnShape, FormShape, RowsShape, SourceShape, TableShape

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-form.md"


def test_the_example_is_a_good_form(tmp_path: Path) -> None:
    """Whoever copies the example has a form that loads."""
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "v1.yaml").write_text(example, "utf-8")
    table = load_forms([tmp_path]).latest("PL.01/SYT").tables[0]
    assert [column.id for column in table.columns] == ["c3", "c4", "c5", "c6", "c7"]


def test_the_page_names_every_key() -> None:
    """What may be declared of forms, tables, columns and sources stands on the page."""
    page = PAGE.read_text("utf-8")
    hidden = {"notes", "table", "into", "mode", "most", "compulsory", "consolidate", "title"}
    for shape in (FormShape(), TableShape(), RowsShape(), ColumnShape(), SourceShape()):
        for name, field in shape.fields.items():
            key = field.data_key or name
            assert key in hidden or re.search(rf"\b{key}\b", page), key
