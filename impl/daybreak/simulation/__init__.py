"""Whole clusters in virtual time, on generated key-value transactions."""
