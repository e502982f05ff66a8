"""Evaluate trained models beside baselines and bounds: metrics, significance tests, tables and figures.

`baselines.fitting` does what no model changes, for stage `baseline`; `run.evaluate` does the rest for one data set.
Their parts, in the order in which they are used:

    splits        what is evaluated on which rows
    baselines     methods without a network, trained on the same rows, and bounds: all of stage `baseline`
    references    what that stage writes, and `evaluate` reads
    jobs          evaluate one model on each split, in a worker
    tasks         what each task has of all that follows: metrics, tables, figures
    metrics       what each metric is, and the functions that compute them
    results       what an evaluation returns, and what is read of it
    summary       the metrics in numbers, with intervals, the spread over seeds, and comparisons
    bootstrap     resamples of the test items, for intervals and differences
    significance  tests of the differences between models
    selection     which model is best
    tables        predictions and samples as CSV
    figures       the plots to make of the tables; `plots` and `series_plots` make them on a `canvas`
    about         what the results are, in words, for whoever reads them
    stored        the results, read again
"""
