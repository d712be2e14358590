"""From the results of runs to tables, correlations, figures and a report."""
