"""From raw files to prepared data sets.

A raw file is fetched, cleaned, split and encoded; `formats` has one module per raw format, and `prepared`
writes and reads the result.
"""
