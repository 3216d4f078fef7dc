"""A publication taken elsewhere whole: CSV files, a DuckDB file, PostgreSQL."""
