"""The process engine: bytes and values in, values out. Knows nothing of SQL or HTTP; the time is an argument."""
