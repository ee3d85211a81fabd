"""The bug bank: bugs that a programmer might have made in Daybreak, to be planted one at a time and found."""
