"""Which devices there are. Loads torch only where another one than the CPU is asked for."""

from theorycheck.errors import DesignError


def cpu_alone(device: str) -> None:
    """Raise DesignError for every device but the CPU."""
    if device != "cpu":
        raise DesignError(
            f"asked for the device {device}, but this experiment runs on the CPU; use --device cpu"
        )


def cpu_or_cuda(device: str) -> None:
    """Raise DesignError where PyTorch lacks the device."""
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise DesignError("asked for the device cuda, but PyTorch finds no CUDA device; use --device cpu")
