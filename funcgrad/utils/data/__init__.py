"""Datasets, how their examples are sampled, and how these are joined to batches."""

from funcgrad.utils.data.collate import default_collate as default_collate
from funcgrad.utils.data.collate import default_convert as default_convert
from funcgrad.utils.data.datasets import ChainDataset as ChainDataset
from funcgrad.utils.data.datasets import ConcatDataset as ConcatDataset
from funcgrad.utils.data.datasets import Dataset as Dataset
from funcgrad.utils.data.datasets import IterableDataset as IterableDataset
from funcgrad.utils.data.datasets import StackDataset as StackDataset
from funcgrad.utils.data.datasets import Subset as Subset
from funcgrad.utils.data.datasets import TensorDataset as TensorDataset
from funcgrad.utils.data.datasets import random_split as random_split
from funcgrad.utils.data.loader import DataLoader as DataLoader
from funcgrad.utils.data.samplers import BatchSampler as BatchSampler
from funcgrad.utils.data.samplers import RandomSampler as RandomSampler
from funcgrad.utils.data.samplers import Sampler as Sampler
from funcgrad.utils.data.samplers import SequentialSampler as SequentialSampler
from funcgrad.utils.data.samplers import SubsetRandomSampler as SubsetRandomSampler
from funcgrad.utils.data.samplers import WeightedRandomSampler as WeightedRandomSampler
