"""Distributions and statistics, with SciPy's signatures. What is not redefined is SciPy's own."""

from __future__ import annotations

import scipy.stats

from funcgrad.scipy.drop_in import names_of, rest_of
from funcgrad.scipy.stats.continuous import beta as beta
from funcgrad.scipy.stats.continuous import cauchy as cauchy
from funcgrad.scipy.stats.continuous import chi2 as chi2
from funcgrad.scipy.stats.continuous import expon as expon
from funcgrad.scipy.stats.continuous import f as f
from funcgrad.scipy.stats.continuous import gamma as gamma
from funcgrad.scipy.stats.continuous import gumbel_l as gumbel_l
from funcgrad.scipy.stats.continuous import gumbel_r as gumbel_r
from funcgrad.scipy.stats.continuous import halfnorm as halfnorm
from funcgrad.scipy.stats.continuous import invgamma as invgamma
from funcgrad.scipy.stats.continuous import invgauss as invgauss
from funcgrad.scipy.stats.continuous import laplace as laplace
from funcgrad.scipy.stats.continuous import logistic as logistic
from funcgrad.scipy.stats.continuous import lognorm as lognorm
from funcgrad.scipy.stats.continuous import norm as norm
from funcgrad.scipy.stats.continuous import pareto as pareto
from funcgrad.scipy.stats.continuous import rayleigh as rayleigh
from funcgrad.scipy.stats.continuous import skewnorm as skewnorm
from funcgrad.scipy.stats.continuous import t as t
from funcgrad.scipy.stats.continuous import truncnorm as truncnorm
from funcgrad.scipy.stats.continuous import uniform as uniform
from funcgrad.scipy.stats.continuous import vonmises as vonmises
from funcgrad.scipy.stats.continuous import weibull_min as weibull_min
from funcgrad.scipy.stats.descriptive import gmean as gmean
from funcgrad.scipy.stats.descriptive import hmean as hmean
from funcgrad.scipy.stats.descriptive import kurtosis as kurtosis
from funcgrad.scipy.stats.descriptive import sem as sem
from funcgrad.scipy.stats.descriptive import skew as skew
from funcgrad.scipy.stats.descriptive import zscore as zscore
from funcgrad.scipy.stats.discrete import bernoulli as bernoulli
from funcgrad.scipy.stats.discrete import betabinom as betabinom
from funcgrad.scipy.stats.discrete import binom as binom
from funcgrad.scipy.stats.discrete import geom as geom
from funcgrad.scipy.stats.discrete import nbinom as nbinom
from funcgrad.scipy.stats.discrete import poisson as poisson
from funcgrad.scipy.stats.multivariate import dirichlet as dirichlet
from funcgrad.scipy.stats.multivariate import multinomial as multinomial
from funcgrad.scipy.stats.multivariate import multivariate_normal as multivariate_normal
from funcgrad.scipy.stats.multivariate import multivariate_t as multivariate_t

__getattr__ = rest_of(scipy.stats)
__dir__ = names_of(scipy.stats, tuple(globals()))
