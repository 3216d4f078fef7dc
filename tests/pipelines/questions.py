"""The statements of docs/questions.md, by number."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "questions.md"
QUESTION = re.compile(r"^## (\d+)\. .*?```sql\n(.*?)```", re.DOTALL | re.MULTILINE)
QUESTIONS = {int(number): sql for number, sql in QUESTION.findall(PAGE.read_text())}
