"""The embedded synthetic language: a seeded grammar that writes text, trees, tags, names and NLI pairs."""
