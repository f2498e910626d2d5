"""ADBench: four objectives of computer vision and machine learning that compare differentiation tools.

F. Srajer, Z. Kukelova, A. Fitzgibbon, "A benchmark of selected algorithmic differentiation tools on some problems in
computer vision and machine learning", Optimization Methods and Software, 2018, and the benchmark that grew out of it.
Data have the form and the sizes of theirs, but are random numbers from fixed seeds.
"""

from benchmarks.adbench import bundle, gmm, hand, lstm

WORKLOADS = (gmm.WORKLOAD, bundle.WORKLOAD, lstm.WORKLOAD, hand.SIMPLE, hand.COMPLICATED)
