"""How fast the service is, and how little it keeps. `python -m benchmarks` prints one JSON document."""
