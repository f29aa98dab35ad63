"""Settings: defaults, then a YAML file, then the environment, then flags."""
