"""Measurements that no stage and no test needs: `python -m benchmarks` makes them and writes docs/performance.md.

A module with a TITLE is a benchmark: ABOUT says what it measures, and `measure` does. The frame is `measured` (what is
found, and its file), `machine`, `page`, and `turns` (loops in processes of their own, one after the other).
"""
