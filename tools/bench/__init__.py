"""`make bench`: Daybreak beside a stock PostgreSQL, the checker's speed, the models' runner beside TLC itself."""
