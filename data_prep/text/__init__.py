"""Text as it comes: documents, lines, words."""
