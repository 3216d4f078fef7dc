"""When: Airflow DAGs, thin, one call into pipelines per task."""
