"""The REST interface: parse, ask who calls, run one command or one query, answer."""
