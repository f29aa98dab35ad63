"""Builds the parts from the settings, runs them and closes them."""
