"""Daybreak."""
