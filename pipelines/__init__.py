"""How each table is made: the only room that runs Spark."""
