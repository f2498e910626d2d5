"""What programs need around a network: loading data."""

from funcgrad.utils import data as data
