"""The generated pages say what contracts and models say."""

from pathlib import Path

from expectations.dictionary import BEGIN, END, table_list_markdown
from expectations.tables import TABLES
from pipelines.documents import main, renewed, stale

HOUSE = Path(__file__).parents[2]


def test_the_generated_pages_are_fresh():
    assert list(stale(HOUSE)) == [], "run `make docs`"


def test_every_column_is_in_the_dictionary():
    page = renewed(HOUSE)[HOUSE / "docs" / "tables.md"]
    for table in TABLES.values():
        section = page.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        assert all(f"| `{name}` |" in section for name in table.columns)
        assert all(f"- {rule}" in section for rule in table.rules)


def test_a_table_list_stands_between_its_markers_in_the_readme(tmp_path, monkeypatch, capsys):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    monkeypatch.chdir(tmp_path)
    assert main(["--check"]) == 1
    assert main(["--write"]) == 0
    assert main(["--check"]) == 0
    listed = table_list_markdown(TABLES.values())
    assert readme.read_text() == f"before\n{BEGIN}\n{listed}\n{END}\nafter\n"
    assert len(listed.splitlines()) == 2 + len(TABLES)
    assert "README.md renewed" in capsys.readouterr().out
