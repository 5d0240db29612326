"""A sink that keeps secrets in one JSON file, as a vault keeps them on a server."""
