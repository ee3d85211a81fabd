"""Whether a history that clients saw is strong snapshot isolation, and which named anomaly it has if not.

Knows nothing of Daybreak: it reads what the clients of any database wrote down.
"""
