"""What maintains the repository: generated pages, checks of the documents, measurements."""
