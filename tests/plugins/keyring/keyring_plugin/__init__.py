"""A source of credentials that reads one entry of a JSON file."""
