"""The loop: from frames to reports, with no concrete source, engine, task or output in it."""
