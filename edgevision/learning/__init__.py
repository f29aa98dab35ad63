"""Heads for a user's own classes, from a few photos, on the device itself."""
