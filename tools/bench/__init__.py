"""`make bench`: Daybreak beside a stock PostgreSQL in one run, and the checker's speed."""
