"""A module that draws random numbers when it is imported."""

import torch

NOISE = torch.randn(3)
