"""Frozen values that travel through the pipeline; none knows a vendor, a thread or an output."""
