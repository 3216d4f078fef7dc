"""Files written by the tasks that compute the rows: by day, bounded, and told only when whole."""

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import part_files
from pipelines.part_files import writer

SCHEMA = pa.schema([("id", pa.int64()), ("day", pa.date32())])
MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)


def batch(*rows):
    ids, days = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays([pa.array(ids), pa.array(days, pa.date32())], schema=SCHEMA)


def write(folder, batches, column="day", finish=lambda rows: rows):
    told = list(writer(str(folder), SCHEMA, column, finish)(batches))
    return [path for part in told for path in part["path"].to_pylist()]


def ids_by_folder(folder, paths):
    return {path.rpartition("/")[0]: sorted(ids(folder / path)) for path in paths}


def ids(path):
    return pq.ParquetFile(path).read()["id"].to_pylist()


def test_a_task_writes_one_file_per_day_however_the_rows_are_mixed(tmp_path):
    paths = write(tmp_path, [batch((1, TUESDAY), (2, MONDAY), (3, TUESDAY)), batch((4, MONDAY))])
    assert ids_by_folder(tmp_path, paths) == {"day=2026-01-05": [2, 4], "day=2026-01-06": [1, 3]}
    assert len(paths) == 2


def test_the_day_is_in_the_path_and_not_in_the_file(tmp_path):
    [path] = write(tmp_path, [batch((1, MONDAY))])
    assert pq.read_schema(tmp_path / path).names == ["id"]


def test_rows_without_a_day_are_kept_for_the_audit_to_see(tmp_path):
    paths = write(tmp_path, [batch((1, None), (2, MONDAY))])
    assert ids_by_folder(tmp_path, paths)["day=__HIVE_DEFAULT_PARTITION__"] == [1]


def test_more_rows_than_a_task_may_hold_go_to_the_same_file(tmp_path, monkeypatch):
    monkeypatch.setattr(part_files, "HELD_ROWS", 2)
    paths = write(tmp_path, [batch((n, MONDAY)) for n in range(7)])
    assert ids_by_folder(tmp_path, paths) == {"day=2026-01-05": list(range(7))}
    assert pq.ParquetFile(tmp_path / paths[0]).num_row_groups == 4


def test_a_table_without_days_is_one_file_and_no_rows_are_none(tmp_path):
    [path] = write(tmp_path, [batch((1, MONDAY), (2, TUESDAY))], column=None)
    assert "/" not in path
    assert ids(tmp_path / path) == [1, 2]
    assert write(tmp_path / "none", [], column=None) == []


def test_a_task_that_fails_tells_of_no_file_and_the_next_try_uses_other_names(tmp_path):
    def broken(rows):
        yield from rows
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, [batch((1, MONDAY))], finish=broken)
    first, second = (write(tmp_path, [batch((1, MONDAY))]) for _ in range(2))
    assert set(first).isdisjoint(second)
