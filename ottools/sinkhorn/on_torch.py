"""Entropic transport of torch tensors: on their device, and differentiable.

The algorithm is that of `ottools.sinkhorn`; only its kernel lives on the device.
Vectors of length n and m travel between device and host, matrices do not.
"""

from __future__ import annotations

from functools import partial
from reprlib import repr as brief

import numpy as np
import scipy.sparse as sp
import torch

from ottools.sinkhorn.divergence import assembled
from ottools.sinkhorn.kernels import FLOOR, Between, Work, top
from ottools.sinkhorn.points import point_gradients, transport

BLOCK = 1 << 26  # entries in a block of rows on the device
HELD = 1 << 28  # entries up to which the kernel is held: 2 GB
DTYPE = {np.float32: torch.float32, np.float64: torch.float64}

__all__ = ["divergence_loss", "transport_loss"]


def transport_loss(x, y, a=None, b=None, *, eps, tol=1e-6) -> torch.Tensor:
    """Return the value of `sinkhorn_points` as a tensor that can be differentiated.

    Shapes x (n, d), y (m, d), a (n,), b (m,). By the envelope theorem the gradients are
    those with the plan held fixed; weights are scaled to sum to 1, and their gradients
    are f - <a, f> and g - <b, g>.

    Raises ValueError and ConvergenceError as `sinkhorn_points`.

    Examples
    --------
    >>> x = torch.tensor([[0.0]], requires_grad=True)
    >>> transport_loss(x, torch.tensor([[3.0]]), eps=1.0).backward()
    >>> x.grad
    tensor([[-6.]])
    """
    return _Loss.apply(_transport, (eps, tol), x, y, a, b)


def divergence_loss(x, y, a=None, b=None, *, eps, tol=1e-6) -> torch.Tensor:
    """Return the value of `sinkhorn_divergence` as a differentiable tensor.

    Shapes x (n, d), y (m, d), a (n,), b (m,); raises as `transport_loss`.

    Examples
    --------
    >>> x = torch.tensor([[0.0], [1.0]], requires_grad=True)
    >>> divergence_loss(x, x.detach() + 3, eps=1.0).backward()
    >>> x.grad.round(decimals=4)
    tensor([[-3.],
            [-3.]])
    """
    return _Loss.apply(_divergence, (eps, tol), x, y, a, b)


class _Loss(torch.autograd.Function):
    """A value with known gradients at its four tensors."""

    @staticmethod
    def forward(ctx, solve, asked, *tensors):
        x, arrays = tensors[0], [_on_host(z) for z in tensors]
        value, gradients = solve(arrays, asked, partial(TorchKernel, device=x.device))
        ctx.save_for_backward(
            *(
                None if z is None else torch.as_tensor(grad).reshape(z.shape).to(z)
                for z, grad in zip(tensors, gradients, strict=True)
            )
        )
        return x.new_tensor(value)

    @staticmethod
    def backward(ctx, slope):
        return None, None, *(z if z is None else slope * z for z in ctx.saved_tensors)


def _on_host(z) -> np.ndarray | None:
    if z is None:
        return None
    if not isinstance(z, torch.Tensor):
        raise ValueError(f"x, y, a, b must be tensors or None; got {brief(z)}.")
    return z.detach().cpu().to(z.dtype if z.is_complex() else torch.float64).numpy()


def _transport(arrays, asked, Kernel):
    answer = transport(*arrays, asked, Kernel)
    a, b, f, g = answer.a, answer.b, answer.f, answer.g
    return answer.value, (*point_gradients(answer), f - a @ f, g - b @ g)


def _divergence(arrays, asked, Kernel):
    x, y, a, b = arrays
    solve = lambda *z: transport(*z, asked, Kernel)
    z = assembled(solve(x, y, a, b), solve(x, x, a, a), solve(y, y, b, b))
    centred = z.at_a - z.across.a @ z.at_a, z.at_b - z.across.b @ z.at_b
    return z.value, (z.at_x, z.at_y, *centred)


class TorchKernel:
    """The kernel of all pairs of points on a device; see `StreamedKernel`."""

    def __init__(self, cost, work: Work, device: torch.device):
        self.cost, self.work, self.shape = cost, work, cost.shape
        n, m = cost.shape
        step = max(1, BLOCK // m)
        self.blocks = [slice(i, min(i + step, n)) for i in range(0, n, step)]
        self.send = partial(torch.as_tensor, device=device)
        self.x, self.y = self.send(cost.x), self.send(cost.y)
        self.room, self.at, self.eps, self.held = n * m, None, None, {}

    def absorb(self, g: np.ndarray, eps: float, dtype: type = np.float64) -> np.ndarray:
        """Take up g and return f_i = -max_j (g_j - C_ij)."""
        if self.at != (key := (g.tobytes(), eps, dtype)):
            self.at, self.g, self.eps, self.f = key, g, eps, np.empty(self.shape[0])
            self.rate, self.dtype, self.floor = np.log2(np.e) / eps, dtype, FLOOR[dtype]
            self.from_y = self.send(g - self.cost.yy)
            self.held = {}
            self.work.exp_passes += 1
            for rows in self.blocks:
                K = self._rows(rows)
                if self.shape[0] * self.shape[1] <= HELD:
                    self.held[rows.start] = K
        return self.f

    def _rows(self, rows: slice) -> torch.Tensor:
        if (K := self.held.get(rows.start)) is not None:
            return K
        z = torch.addmm(self.from_y, self.x[rows], self.y.T, alpha=2)
        top = z.amax(dim=1, keepdim=True)
        self.f[rows] = self.cost.xx[rows] - top[:, 0].cpu().numpy()
        z = ((z - top) * self.rate).clamp_(min=self.floor)
        return z.to(DTYPE[self.dtype]).exp2_()

    def fold(self, y: np.ndarray, between: Between) -> tuple[np.ndarray, np.ndarray]:
        """Return s = K y and K^T z with z = between(s), in one pass over K."""
        s, w = np.empty(self.shape[0]), np.zeros(self.shape[1])
        y = self.send(y.astype(self.dtype))
        for rows in self.blocks:
            K = self._rows(rows)
            s[rows] = (K @ y).cpu().numpy()
            z = self.send(between(s[rows], rows).astype(self.dtype))
            w += (z @ K).cpu().numpy()
            self.work.exp_passes += 0 if self.held else 1
        self.work.products += 2
        return s, w

    def large(self, y: np.ndarray, level: np.ndarray) -> sp.csr_array:
        """Return the entries of K for which K_ij y_j > level_i."""
        found, y, level = [], self.send(y), self.send(level)
        for rows in self.blocks:
            K = self._rows(rows)
            i, j = torch.nonzero(K * y > level[rows, None], as_tuple=True)
            part = K[i, j].double(), i + rows.start, j
            found.append([z.cpu().numpy() for z in part])
        data, i, j = (np.concatenate(part) for part in zip(*found, strict=True))
        return sp.csr_array((data, (i, j)), shape=self.shape)

    def level(self, y: np.ndarray, scale: np.ndarray, count: int) -> float:
        """Return the level that scale_i K_ij y_j passes `count` times a row or less."""
        rows = self.blocks[len(self.blocks) // 2]
        some = slice(rows.start, min(rows.stop, rows.start + 256))
        P = self._rows(rows)[:256] * self.send(y) * self.send(scale[some, None])
        return top(P.cpu().numpy().ravel(), count * len(P))

    def density(self, level: float) -> float:
        """Return the share of entries above `level`, from one block of rows."""
        return float((self._rows(self.blocks[0]) > level).double().mean())
