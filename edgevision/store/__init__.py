"""The SQLite file that keeps events."""
