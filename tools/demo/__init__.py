"""A walkthrough of two regions and a witness for a terminal: `make demo-regions`."""
