"""Measurements that no stage and no test needs: `python -m benchmarks.NAME`."""
