"""Official documents, drawn from what the engine reads: HTML by Jinja2, PDF/A by typst. Pure: values in, bytes out."""
