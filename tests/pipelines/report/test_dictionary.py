"""The dictionary holds every column of every contract, and loads nothing."""

from __future__ import annotations

import re
from html import escape

from expectations.measures import MEASURES
from expectations.star import STAR
from expectations.tables import TABLES
from pipelines.report.dictionary import write_dictionary


def test_every_table_column_rule_and_measure_is_told(tmp_path):
    text = write_dictionary(tmp_path / "dictionary.html").read_text()
    for table in (*TABLES.values(), *(view.table for view in STAR)):
        own = text.split(f'<section id="{table.name}"')[1].split("</section>")[0]
        for said in (table.about, *table.rules, *(c.about for c in table.columns.values())):
            assert str(escape(said)).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in own
        assert re.findall(r'<th scope="row"><code>(\w+)</code>', own) == list(table.columns)
    told = re.findall(r"<code>(\w+)</code>", text.split('<section id="measures"')[1])
    assert set(MEASURES) <= set(told)


def test_it_loads_nothing_and_every_link_leads_somewhere(tmp_path):
    text = write_dictionary(tmp_path / "dictionary.html").read_text()
    assert "default-src 'none'" in text
    assert not re.search(r"<(link|img|script|iframe)\b|url\(|@import", text)
    for target in re.findall(r'href="#([^"]+)"', text):
        assert f'id="{target}"' in text
